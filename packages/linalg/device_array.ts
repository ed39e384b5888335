/**
 * The element types that arrays on a device can have.
 *
 * f16 is for storage: weights in half the memory. It can be uploaded, downloaded, cast, reshaped,
 * copied and gathered, and be an operand of `matmul`, which computes in f32.
 */
export type DeviceDtype = "f32" | "f64" | "f16" | "u32" | "u8";

/**
 * An array that lives on a device.
 *
 * It is freed by `using`, by its scope, or by an explicit `array[Symbol.dispose]()`; freeing twice
 * is harmless, using it afterwards is an error.
 */
export interface DeviceArray extends Disposable {
  /** The type of one element. */
  readonly dtype: DeviceDtype;
  /** The length of each dimension; row-major, contiguous. */
  readonly shape: readonly number[];
}
