import { FORMS } from "./forms.ts";
import type { OperatorNode } from "./node.ts";
import type { MatrixShape } from "./operator.ts";

/**
 * Tells the shape of the matrix that a node describes.
 *
 * @param node What a manifest says of an operator.
 * @returns Rows, then columns.
 */
export function shapeOfNode(node: OperatorNode): MatrixShape {
  return FORMS[node.form].shapeOf(node, shapeOfNode);
}
