// pare/no-platform-api: library packages run in browsers and in Node as they do in Deno.

import { visitImports } from "./imports.ts";
import { isTest, locate } from "./location.ts";

const PLATFORM_GLOBALS: ReadonlySet<string> = new Set(["Deno", "process", "console", "Buffer"]);

/** Refuses what only one runtime has, and printing, in the sources of all packages but `cli`. */
export const noPlatformApi: Deno.lint.Rule = {
  create(context) {
    const location = locate(context.filename);
    if (location === null || location.package === "cli" || isTest(context.filename)) return {};
    const report = (node: Deno.lint.Node, what: string): void =>
      context.report({
        node,
        message: `Library package "${location.package}" uses ${what}`,
        hint: "Take what is needed as an argument; return warnings or pass them to a callback",
      });
    const check = (node: Deno.lint.Node, object: Deno.lint.Node, property: string | null): void => {
      if (object.type !== "Identifier") return;
      const name = object.name === "globalThis" ? property : object.name;
      if (name !== null && PLATFORM_GLOBALS.has(name)) report(node, `\`${name}\``);
    };
    return {
      ...visitImports((specifier, node) => {
        if (specifier.startsWith("node:")) report(node, `"${specifier}"`);
      }),
      MemberExpression: (node) =>
        check(
          node,
          node.object,
          node.property.type === "Identifier" ? node.property.name : null,
        ),
      TSQualifiedName: (node) => check(node, node.left, null),
    };
  },
};
