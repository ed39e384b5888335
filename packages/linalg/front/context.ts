import type { DeviceArray, DeviceDtype } from "../device_array.ts";
import type { KernelName, Kernels } from "../kernels.ts";
import type { Float } from "./checks.ts";

/**
 * What an operation needs of the device, or scope, that it is called on.
 *
 * Every `action` is how the message begins if it throws: `Cannot slice`.
 */
export interface Context<S> {
  /** What computes. */
  readonly kernels: Kernels<S>;
  /** Makes an array whose contents are undefined. */
  make(action: string, dtype: DeviceDtype, shape: readonly number[]): DeviceArray;
  /** Makes an array that shares the elements of another one. */
  share(action: string, array: DeviceArray, shape: readonly number[]): DeviceArray;
  /** The storage of an array, which must be held and on this device. */
  open(action: string, array: DeviceArray): S;
  /** The dtype of `x`, in which the device must be able to do the operation. */
  float(action: string, x: DeviceArray, name: KernelName): Float;
}
