import { DTYPES, sizeOf } from "@pare/tensor";
import { FORMS } from "./forms.ts";
import type { OperatorNode } from "./node.ts";
import { nodeOf } from "./node_of.ts";
import type { Operator } from "./operator.ts";
import { shapeOfNode } from "./shape_of_node.ts";
import { ownTensorSpecsOf, type SharedParts } from "./shared_parts.ts";

/**
 * Counts the bytes of all the tensors an operator is stored in: codes, scales, zero points,
 * orders, signs, masks.
 *
 * @example Four bits a weight and 16 for each group of 32
 * ```ts
 * import { bitsPerWeight, byteLengthOf, type OperatorNode } from "@pare/operators";
 * import { assertEquals } from "@std/assert";
 *
 * const node: OperatorNode = {
 *   form: "affine",
 *   shape: [64, 64],
 *   bits: 4,
 *   groupSize: 32,
 *   scaleDtype: "f16",
 *   zeroPointDtype: null,
 * };
 * assertEquals(byteLengthOf(node), 64 * 32 + 64 * 2 * 2);
 * assertEquals(bitsPerWeight(node), 4.5);
 * ```
 *
 * @param value An operator, or what a manifest says of one.
 * @param shared What is stored with another layer, and not counted here.
 * @returns The bytes on disk, without the names and the manifest.
 */
export function byteLengthOf(
  value: Operator | OperatorNode,
  shared: SharedParts | null = null,
): number {
  let byteLength = 0;
  for (const { dtype, shape } of ownTensorSpecsOf(toNode(value), shared).values()) {
    byteLength += sizeOf(shape) * DTYPES[dtype].byteLength;
  }
  return byteLength;
}

/**
 * Divides the stored bits by the number of weights.
 *
 * @param value An operator, or what a manifest says of one.
 * @returns The bits per weight, scales and all else included.
 */
export function bitsPerWeight(value: Operator | OperatorNode): number {
  const node = toNode(value);
  return 8 * byteLengthOf(node) / sizeOf(shapeOfNode(node));
}

function toNode(value: Operator | OperatorNode): OperatorNode {
  return isOperator(value) ? nodeOf(value) : value;
}

function isOperator(value: Operator | OperatorNode): value is Operator {
  return FORMS[value.form].isOperator(value);
}
