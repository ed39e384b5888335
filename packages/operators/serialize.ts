import type { AnyTensor } from "@pare/tensor";
import { flatten } from "./flatten.ts";
import { FORMS } from "./forms.ts";
import type { OperatorNode } from "./node.ts";
import { nodeOf } from "./node_of.ts";
import type { Operator } from "./operator.ts";

/** An operator as it is stored. */
export interface SerializedOperator {
  /** All but the numbers, fit for JSON. */
  readonly node: OperatorNode;
  /** The numbers: the names and the order of `tensorSpecsOf(node)`. */
  readonly tensors: Map<string, AnyTensor>;
}

/**
 * Takes an operator apart into a description and named tensors, which it shares.
 *
 * @example There and back
 * ```ts
 * import { dense, parse, serialize } from "@pare/operators";
 * import { randomNormal } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const operator = dense(randomNormal([2, 3]));
 * const { node, tensors } = serialize(operator);
 * assertEquals([...tensors.keys()], ["weight"]);
 * assertEquals(parse(node, tensors, "up_proj"), operator);
 * ```
 *
 * @param operator The operator.
 * @returns What {@linkcode parse} makes the same operator of.
 * @throws {RangeError} If operators stand in one another more than 8 deep.
 */
export function serialize(operator: Operator): SerializedOperator {
  const node = nodeOf(operator);
  const tensors = flatten<AnyTensor, Operator>(
    operator,
    (operator) => FORMS[operator.form].parts(operator),
  );
  return { node, tensors };
}
