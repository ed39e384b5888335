import type { DeviceArray, DeviceDtype } from "../device_array.ts";
import type { Kernels } from "../kernels.ts";

/** A storage and the number of arrays that look at it. */
export interface Shared<S> {
  readonly storage: S;
  users: number;
}

/** The arrays of one scope. */
export type Owner<S> = Set<OwnedArray<S>>;

/** An array of one device, freed with its owner; the last to look at a storage gives it back. */
export class OwnedArray<S> implements DeviceArray {
  readonly #kernels: Kernels<S>;
  readonly #shared: Shared<S>;
  readonly dtype: DeviceDtype;
  readonly shape: readonly number[];
  #owner: Owner<S>;
  #freed = false;

  constructor(
    kernels: Kernels<S>,
    dtype: DeviceDtype,
    shape: readonly number[],
    shared: Shared<S>,
    owner: Owner<S>,
  ) {
    this.#kernels = kernels;
    this.#shared = shared;
    this.dtype = dtype;
    this.shape = shape;
    this.#owner = owner;
    shared.users++;
    owner.add(this);
  }

  /** What the array looks at, for the device of these kernels alone. */
  share(action: string, kernels: Kernels<S>): Shared<S> {
    if (this.#freed) {
      throw new TypeError(`${action} as every array must still be held: current array is freed`);
    }
    if (this.#kernels !== kernels) {
      throw new TypeError(
        `${action} as every array must be on ${kernels.name}: current array is on another device`,
      );
    }
    return this.#shared;
  }

  /** Takes the array out of the scope that frees it and puts it into another one. */
  moveTo(owner: Owner<S>): void {
    this.#owner.delete(this);
    this.#owner = owner;
    owner.add(this);
  }

  [Symbol.dispose](): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#owner.delete(this);
    if (--this.#shared.users === 0) this.#kernels.free(this.#shared.storage);
  }
}
