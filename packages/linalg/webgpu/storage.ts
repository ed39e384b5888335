/** The buffer of one array; it may be longer than the array. */
export interface GpuStorage {
  /** Tells it apart from all others of its device. */
  readonly id: number;
  readonly buffer: GPUBuffer;
  readonly byteLength: number;
  /** The last batch of commands that has one for the buffer. */
  batch: number;
}

/** A run of elements of a storage, counted in the element type of the kernel that gets it. */
export interface View {
  readonly storage: GpuStorage;
  readonly first: number;
  readonly count: number;
}

/** Views the elements `first` to `first + count - 1`. */
export function view(storage: GpuStorage, first: number, count: number): View {
  return { storage, first, count };
}
