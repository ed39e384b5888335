import type { TensorSpec } from "@pare/tensor";
import { joinPath } from "./field.ts";
import type { OperatorNode } from "./node.ts";
import { tensorSpecsOf } from "./tensor_specs_of.ts";

/** Parts of a layer's operator that are stored with another layer, which has the same ones. */
export interface SharedParts {
  /** The layer that they are stored with. */
  readonly layer: string;
  /** Their names, as `terms.1.right`: the same within both operators. */
  readonly parts: readonly string[];
}

/**
 * Tells which tensors a layer is stored in by itself: those of its operator, without what is stored
 * with another layer.
 *
 * @example Half of a product
 * ```ts
 * import { type OperatorNode, ownTensorSpecsOf } from "@pare/operators";
 * import { assertEquals } from "@std/assert";
 *
 * const node: OperatorNode = {
 *   form: "product",
 *   left: { form: "dense", shape: [64, 4], dtype: "f16" },
 *   right: { form: "dense", shape: [4, 64], dtype: "f16" },
 * };
 * const shared = { layer: "q_proj", parts: ["right"] };
 * assertEquals([...ownTensorSpecsOf(node, shared).keys()], ["left.weight"]);
 * ```
 *
 * @param node What a manifest says of the operator.
 * @param shared What is stored with another layer, or `null`.
 * @returns Each tensor's dtype and shape by its name within the operator, in the order of storage.
 */
export function ownTensorSpecsOf(
  node: OperatorNode,
  shared: SharedParts | null,
): ReadonlyMap<string, TensorSpec> {
  const specs = tensorSpecsOf(node);
  return shared ? new Map([...specs].filter(([name]) => !isInParts(name, shared.parts))) : specs;
}

/**
 * Names a tensor of a layer in full, as it is on disk.
 *
 * @example A right factor that is stored with another layer
 * ```ts
 * import { storedName } from "@pare/operators";
 * import { assertEquals } from "@std/assert";
 *
 * const shared = { layer: "q_proj", parts: ["right"] };
 * assertEquals(storedName("k_proj", "left.weight", shared), "k_proj.left.weight");
 * assertEquals(storedName("k_proj", "right.weight", shared), "q_proj.right.weight");
 * ```
 *
 * @param layer The layer's name.
 * @param tensor The tensor's name within the operator.
 * @param shared What is stored with another layer, or `null`.
 * @returns The layer that it is stored with, and its name there.
 */
export function storedName(layer: string, tensor: string, shared: SharedParts | null): string {
  const isElsewhere = shared !== null && isInParts(tensor, shared.parts);
  return joinPath(isElsewhere ? shared.layer : layer, tensor);
}

/**
 * Tells whether a tensor belongs to one of some parts of an operator.
 *
 * @param tensor The tensor's name within the operator.
 * @param parts The names of the parts.
 * @returns Whether a part is the tensor itself or holds it.
 */
export function isInParts(tensor: string, parts: readonly string[]): boolean {
  return parts.some((part) => tensor === part || tensor.startsWith(`${part}.`));
}
