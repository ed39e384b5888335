// Hands out runs of a growing WebAssembly memory: the smallest free run that fits, split; freed
// neighbours are joined. The records live on the host, so that nothing in the memory can spoil them.

/** The bytes of a page, the unit that a memory grows by. */
const PAGE: number = 65536;

/** Addresses and sizes are multiples of this, a line of the cache. */
const ALIGNMENT: number = 64;

/** What is kept free at the end, so that a kernel may load a whole vector from the last element. */
const MARGIN: number = 64;

/** Runs of bytes in a memory. */
export interface Allocator {
  /** The bytes handed out at the moment. */
  readonly usedBytes: number;
  /** Hands out a run and returns its address, a multiple of 64. */
  allocate(byteLength: number): number;
  /** Takes a run back. */
  free(address: number): void;
}

/**
 * Makes an allocator over a memory that it alone grows.
 *
 * @param memory The memory.
 * @param start The first byte that may be handed out, a multiple of 64.
 * @param limit The bytes that the memory may grow to.
 * @returns The allocator, with everything from `start` on free.
 */
export function createAllocator(
  memory: WebAssembly.Memory,
  start: number,
  limit: number,
): Allocator {
  /** The sizes of the runs handed out, by address. */
  const used = new Map<number, number>();
  /** The free runs in order of address, no two of them neighbours. */
  const free: { address: number; size: number }[] = [];
  let end = start;
  let usedBytes = 0;

  function release(address: number, size: number): void {
    let low = 0;
    for (let high = free.length; low < high;) {
      const middle = (low + high) >> 1;
      if (free[middle].address < address) low = middle + 1;
      else high = middle;
    }
    const before = free[low - 1];
    const after = free[low];
    const joinsAfter = after !== undefined && address + size === after.address;
    if (before !== undefined && before.address + before.size === address) {
      before.size += size;
      if (joinsAfter) {
        before.size += after.size;
        free.splice(low, 1);
      }
    } else if (joinsAfter) {
      after.address = address;
      after.size += size;
    } else free.splice(low, 0, { address, size });
  }

  /** The index of the smallest free run of at least `size` bytes, -1 if there is none. */
  function bestFit(size: number): number {
    let best = -1;
    for (let i = 0; i < free.length; i++) {
      if (free[i].size >= size && (best < 0 || free[i].size < free[best].size)) best = i;
    }
    return best;
  }

  /** Grows the memory until its last free run has `size` bytes; tells whether that worked. */
  function grow(size: number): boolean {
    const last = free.at(-1);
    const tail = last !== undefined && last.address + last.size === end ? last.size : 0;
    const wanted = end - tail + size + MARGIN;
    if (wanted > limit) return false;
    const pages = Math.ceil(wanted / PAGE) - memory.buffer.byteLength / PAGE;
    try {
      if (pages > 0) memory.grow(pages);
    } catch {
      return false;
    }
    const grown = memory.buffer.byteLength - MARGIN;
    if (grown > end) release(end, grown - end);
    end = grown;
    return true;
  }

  return {
    get usedBytes() {
      return usedBytes;
    },
    allocate(byteLength) {
      const size = Math.max(1, Math.ceil(byteLength / ALIGNMENT)) * ALIGNMENT;
      let index = bestFit(size);
      if (index < 0 && grow(size)) index = bestFit(size);
      if (index < 0) {
        throw new RangeError(
          `Cannot allocate ${byteLength} bytes as all arrays must fit in ${limit} bytes: ` +
            `current arrays take ${usedBytes} bytes`,
        );
      }
      const run = free[index];
      const { address } = run;
      if (run.size === size) free.splice(index, 1);
      else {
        run.address += size;
        run.size -= size;
      }
      used.set(address, size);
      usedBytes += size;
      return address;
    },
    free(address) {
      const size = used.get(address);
      if (size === undefined) return;
      used.delete(address);
      usedBytes -= size;
      release(address, size);
    },
  };
}
