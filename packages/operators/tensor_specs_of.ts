import type { TensorSpec } from "@pare/tensor";
import { flatten } from "./flatten.ts";
import { FORMS } from "./forms.ts";
import type { OperatorNode } from "./node.ts";
import { shapeOfNode } from "./shape_of_node.ts";

/**
 * Tells which tensors an operator is stored in, before it exists.
 *
 * @example Codes of 3 bits, each row filled up to a byte
 * ```ts
 * import { tensorSpecsOf } from "@pare/operators";
 * import { assertEquals } from "@std/assert";
 *
 * const specs = tensorSpecsOf({
 *   form: "affine",
 *   shape: [4, 5],
 *   bits: 3,
 *   groupSize: 5,
 *   scaleDtype: "f16",
 *   zeroPointDtype: null,
 * });
 * assertEquals(specs.get("codes"), { dtype: "u8", shape: [4, 2] });
 * assertEquals(specs.get("scales"), { dtype: "f16", shape: [4, 1] });
 * ```
 *
 * @param node What a manifest says of an operator.
 * @returns Each tensor's dtype and shape by its name within the operator (`weight`, `left.codes`,
 * `terms.0.scales`), in the order of storage.
 */
export function tensorSpecsOf(node: OperatorNode): ReadonlyMap<string, TensorSpec> {
  return flatten<TensorSpec, OperatorNode>(
    node,
    (node) => FORMS[node.form].specs(node, shapeOfNode(node)),
  );
}
