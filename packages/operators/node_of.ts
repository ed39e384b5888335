import { FORMS } from "./forms.ts";
import type { OperatorNode } from "./node.ts";
import type { Operator } from "./operator.ts";

/** How deep operators may stand in one another, the outermost counted. */
export const MAX_DEPTH = 8;

/**
 * Describes an operator without its numbers.
 *
 * @example A sum of two matrices
 * ```ts
 * import { dense, nodeOf, type OperatorNode, sum } from "@pare/operators";
 * import { randomNormal } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const matrix = dense(randomNormal([2, 3]));
 * const node: OperatorNode = { form: "dense", shape: [2, 3], dtype: "f32" };
 * assertEquals(nodeOf(sum(matrix, matrix)), { form: "sum", terms: [node, node] });
 * ```
 *
 * @param operator The operator.
 * @returns Plain data, fit for JSON.
 * @throws {RangeError} If operators stand in one another more than 8 deep.
 */
export function nodeOf(operator: Operator): OperatorNode {
  return describe(operator, 1);
}

function describe(operator: Operator, depth: number): OperatorNode {
  if (depth > MAX_DEPTH) {
    throw new RangeError(
      `Cannot describe an operator as it must be nested at most ${MAX_DEPTH} deep: current depth ` +
        `is ${depth} or more`,
    );
  }
  return FORMS[operator.form].nodeOf(operator, (inner) => describe(inner, depth + 1));
}
