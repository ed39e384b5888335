import { type Operator, toDense } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import type { QuantizerWith } from "../quantizer_with.ts";
import type { Layer } from "./layer.ts";
import { splitRows, stackRows } from "./stack.ts";

/** The backbone as it is stored. */
export interface Backbone {
  /** Q, for each of the weights. */
  readonly operators: readonly Operator[];
  /** The same, f32 `[m, n]`. */
  readonly restored: Tensor;
}

/**
 * Quantizes what the backbone is to be, each weight by itself: errors in one of its rows do not change
 * what those in another one cost.
 *
 * @param layer The rows of the weights, and where it is computed.
 * @param quantizer How.
 * @param a A, f32 `[m, n]`.
 * @param gram What errors are weighed by, f64 `[n, n]`; the Gram matrix of the inputs by default.
 */
export async function quantizeBackbone(
  layer: Layer,
  quantizer: QuantizerWith,
  a: Tensor,
  gram: Tensor<"f64"> = layer.gram,
): Promise<Backbone> {
  const { device, blocks } = layer;
  const seen = quantizer.needsGram ? gram : null;
  const operators: Operator[] = [];
  for (const target of splitRows(a, blocks)) {
    operators.push(await quantizer.quantize(target, seen, device));
  }
  return { operators, restored: stackRows(operators.map(toDense), blocks) };
}
