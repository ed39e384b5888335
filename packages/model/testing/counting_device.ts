import { createDevice, createReferenceKernels, type Device } from "@pare/linalg";

/** A reference device that knows how much it holds. */
export interface CountingDevice extends Disposable {
  /** The device. */
  readonly device: Device;
  /** The bytes held now. */
  readonly held: number;
  /** The most bytes held since the last call of `restart`. */
  readonly peak: number;
  /** Begins to look for the peak anew. */
  restart(): void;
}

/** Makes a reference device that counts the bytes it holds. */
export function createCountingDevice(): CountingDevice {
  const kernels = createReferenceKernels();
  let held = 0;
  let peak = 0;
  const device = createDevice({
    ...kernels,
    allocate: (dtype, length) => {
      const storage = kernels.allocate(dtype, length);
      held += storage.byteLength;
      peak = Math.max(peak, held);
      return storage;
    },
    free: (storage) => {
      held -= storage.byteLength;
      kernels.free(storage);
    },
  });
  return {
    device,
    get held() {
      return held;
    },
    get peak() {
      return peak;
    },
    restart: () => {
      peak = held;
    },
    [Symbol.dispose]: () => device[Symbol.dispose](),
  };
}
