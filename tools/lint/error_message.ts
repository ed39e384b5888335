// pare/error-message: how an error reads.
//
//   Cannot <do what> as <thing> must <be wanted>: current <thing> is <found>
//
// What is found may be put in other words ("it is empty", the parser's own message), but stands
// after a colon.

import { isTest } from "./location.ts";

/** What stands for a part that is only known at run time. */
const UNKNOWN = "\u0000";

/** The texts an expression can have; parts only known at run time are `UNKNOWN`. */
function textsOf(node: Deno.lint.Node): string[] {
  switch (node.type) {
    case "Literal":
      return [typeof node.value === "string" ? node.value : UNKNOWN];
    case "TemplateLiteral":
      return [node.quasis.map((quasi) => quasi.cooked).join(UNKNOWN)];
    case "BinaryExpression": {
      if (node.operator !== "+") return [UNKNOWN];
      const rights = textsOf(node.right);
      return textsOf(node.left).flatMap((left) => rights.map((right) => left + right));
    }
    case "ConditionalExpression":
      return [...textsOf(node.consequent), ...textsOf(node.alternate)];
    default:
      return [UNKNOWN];
  }
}

/** Tells what is wrong with a message; `null` if nothing is. */
function problem(text: string, isFirst: boolean): string | null {
  if (isFirst && !new RegExp(`^[\\p{Lu}${UNKNOWN}]`, "u").test(text)) {
    return "Error message does not start with a capital";
  }
  if (/[.!…]$/u.test(text)) return "Error message ends in a full stop or an exclamation mark";
  if (/\bmust\b/.test(text) && !/\bmust\b.*: ./s.test(text)) {
    return "Error message says what must be, but not, after a colon, what is";
  }
  return null;
}

/** Refuses messages that read otherwise than all others do. */
export const errorMessage: Deno.lint.Rule = {
  create(context) {
    if (isTest(context.filename)) return {};
    const check = (args: readonly Deno.lint.Node[]): void => {
      for (const [i, node] of args.entries()) {
        for (const text of textsOf(node)) {
          const message = problem(text, i === 0);
          if (message === null) continue;
          context.report({
            node,
            message,
            hint: "Write: Cannot <do> as <thing> must <be wanted>: current <thing> is <found>",
          });
        }
      }
    };
    return {
      NewExpression: (node) => {
        const { callee } = node;
        if (callee.type === "Identifier" && callee.name.endsWith("Error")) check(node.arguments);
      },
      CallExpression: (node) => {
        if (node.callee.type !== "Super") return;
        const owner = context.sourceCode.getAncestors(node)
          .find((ancestor) => ancestor.type === "ClassDeclaration");
        if (owner?.type === "ClassDeclaration" && owner.id?.name.endsWith("Error")) {
          check(node.arguments);
        }
      },
    };
  },
};
