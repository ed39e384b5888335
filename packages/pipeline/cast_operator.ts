import { dense, type Operator, type OperatorNode, toDense } from "@pare/operators";
import { castTo, toF32 } from "@pare/tensor";

/**
 * Stores a layer that no method compresses as its plan says.
 *
 * @param operator The layer as it was read.
 * @param node How it is to be stored.
 * @returns The operator itself, or its dense matrix in the dtype wanted.
 */
export function castOperator(operator: Operator, node: OperatorNode): Operator {
  if (node.form !== "dense") return operator;
  if (operator.form === "dense") {
    return operator.weight.dtype === node.dtype
      ? operator
      : dense(castTo(toF32(operator.weight), node.dtype));
  }
  return dense(castTo(toDense(operator), node.dtype));
}
