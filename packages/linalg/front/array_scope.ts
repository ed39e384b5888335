// Who owns which array: a device, or a scope of it, and the scopes made of that one.

import { ShapeError, sizeOf } from "@pare/tensor";
import type { DeviceArray, DeviceDtype } from "../device_array.ts";
import type { KernelName, Kernels } from "../kernels.ts";
import { checkDimensions, type Float, floatOf } from "./checks.ts";
import type { Context } from "./context.ts";
import { OwnedArray, type Owner } from "./owned_array.ts";

/** The arrays of a device, or of a scope, which are freed with it. */
export class ArrayScope<S> implements Context<S>, Disposable {
  readonly #parent: ArrayScope<S> | null;
  readonly #owner: Owner<S> = new Set();
  readonly #scopes: Set<ArrayScope<S>> = new Set();
  readonly kernels: Kernels<S>;
  #disposed = false;

  /** Kernels end with the scope that has no parent. */
  constructor(kernels: Kernels<S>, parent: ArrayScope<S> | null) {
    this.kernels = kernels;
    this.#parent = parent;
    if (parent) parent.#scopes.add(this);
  }

  make(action: string, dtype: DeviceDtype, shape: readonly number[]): DeviceArray {
    const { kernels } = this;
    if (this.#disposed) {
      throw new TypeError(
        `${action} as the device must be in use: current one, or its scope, is disposed`,
      );
    }
    if (!kernels.dtypes.includes(dtype)) {
      throw new TypeError(
        `${action} as the dtype must be one of ${kernels.dtypes.join(", ")} on ${kernels.name}: ` +
          `current dtype is ${dtype}`,
      );
    }
    checkDimensions(action, shape);
    const storage = kernels.allocate(dtype, sizeOf(shape));
    return new OwnedArray(kernels, dtype, shape, { storage, users: 0 }, this.#owner);
  }

  share(action: string, array: DeviceArray, shape: readonly number[]): DeviceArray {
    const shared = this.#owned(action, array).share(action, this.kernels);
    checkDimensions(action, shape);
    if (sizeOf(shape) !== sizeOf(array.shape)) throw new ShapeError(action, shape, array.shape);
    return new OwnedArray(this.kernels, array.dtype, shape, shared, this.#owner);
  }

  open(action: string, array: DeviceArray): S {
    return this.#owned(action, array).share(action, this.kernels).storage;
  }

  float(action: string, x: DeviceArray, name: KernelName): Float {
    const dtype = floatOf(action, x);
    if (dtype === "f64" && !this.kernels.doubles.has(name)) {
      throw new TypeError(
        `${action} as the dtype must be f32 on ${this.kernels.name}: current dtype is f64`,
      );
    }
    return dtype;
  }

  /** Hands an array of this scope to the one it was made of. */
  keep(array: DeviceArray): void {
    const action = "Cannot keep";
    const owned = this.#owned(action, array);
    owned.share(action, this.kernels);
    if (this.#parent && this.#owner.has(owned)) owned.moveTo(this.#parent.#owner);
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#parent) this.#parent.#scopes.delete(this);
    for (const scope of [...this.#scopes]) scope[Symbol.dispose]();
    for (const array of [...this.#owner]) array[Symbol.dispose]();
    if (!this.#parent) this.kernels.dispose();
  }

  #owned(action: string, array: DeviceArray): OwnedArray<S> {
    if (!(array instanceof OwnedArray)) {
      throw new TypeError(`${action} as every array must be made by a device: current one is not`);
    }
    return array;
  }
}
