import { dense, type Operator, type OperatorNode, toDense } from "@pare/operators";
import { castFinite, toF32 } from "@pare/tensor";

const ACTION = "Cannot store the layer";

/**
 * Stores a layer that no method compresses as its plan says.
 *
 * @param operator The layer as it was read.
 * @param node How it is to be stored.
 * @returns The operator itself, or its dense matrix in the dtype wanted.
 * @throws {RangeError} If a weight is too large for the dtype.
 */
export function castOperator(operator: Operator, node: OperatorNode): Operator {
  if (node.form !== "dense") return operator;
  if (operator.form === "dense") {
    return operator.weight.dtype === node.dtype
      ? operator
      : dense(castFinite(ACTION, toF32(operator.weight), node.dtype));
  }
  return dense(castFinite(ACTION, toDense(operator), node.dtype));
}
