import { type Device, type DeviceArray, downloadF32 } from "@pare/linalg";
import { type Operator, toDense } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import type { QuantizerWith } from "../quantizer_with.ts";

/** The backbone as it is stored. */
export interface Backbone {
  /** Q. */
  readonly operator: Operator;
  /** The same, f32 `[m, n]`. */
  readonly restored: Tensor;
}

/**
 * Quantizes what the backbone is to be.
 *
 * @param quantizer How.
 * @param a A, f32 `[m, n]`.
 * @param gram What errors are weighed by, f64 `[n, n]`.
 * @param device Where A is.
 */
export async function quantizeBackbone(
  quantizer: QuantizerWith,
  a: DeviceArray,
  gram: Tensor<"f64">,
  device: Device,
): Promise<Backbone> {
  const seen = quantizer.needsGram ? gram : null;
  const operator = await quantizer.quantize(await downloadF32(device, a), seen, device);
  return { operator, restored: toDense(operator) };
}
