import type { Device, DeviceArray } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import type { RowBlock } from "./stack.ts";

/** What the steps of CALDERA know of a layer, or of several of one input, in the basis that they work in. */
export interface Layer {
  /** W, f32 `[m, n]`: the weights one below the other. */
  readonly weight: DeviceArray;
  /** Which rows are those of which weight. */
  readonly blocks: readonly RowBlock[];
  /** H, the Gram matrix scaled and damped, f32 `[n, n]`. */
  readonly hessian: DeviceArray;
  /** H, f64 `[n, n]`. */
  readonly damped: Tensor<"f64">;
  /** The Gram matrix of the inputs, f64 `[n, n]`: the same object always. */
  readonly gram: Tensor<"f64">;
  /** Where products are computed, in f32. */
  readonly device: Device;
  /** Where f64 is computed. */
  readonly exact: Device;
}
