import type { GpuStorage } from "./storage.ts";

/** Buffers that wait to be used again. */
export interface BufferPool {
  /** Takes an idle buffer of the size class of `byteLength`, or makes one. */
  take(byteLength: number): GpuStorage;
  /** Gives a buffer back; the one idle longest is destroyed when too many are. */
  give(storage: GpuStorage): void;
  /** Destroys all idle buffers. */
  clear(): void;
}

/**
 * Rounds up to a size class: four classes per doubling, so that at most a fifth of a buffer is idle.
 */
export function sizeClass(byteLength: number): number {
  if (byteLength <= 256) return 256;
  const step = 2 ** (Math.floor(Math.log2(byteLength - 1)) - 2);
  return Math.ceil(byteLength / step) * step;
}

/**
 * Makes a pool.
 *
 * A loop whose steps allocate alike is served from what its last step freed, and so holds its peak.
 *
 * @param create Makes a buffer of a size class.
 * @param destroy Ends a buffer.
 * @param limits What idle buffers may take together, and what one buffer may.
 */
export function createBufferPool(
  create: (byteLength: number) => GpuStorage,
  destroy: (storage: GpuStorage) => void,
  limits: { readonly maxIdleBytes: number; readonly maxBufferBytes: number },
): BufferPool {
  // In the order they were given back.
  const idle = new Set<GpuStorage>();
  const classes = new Map<number, GpuStorage[]>();
  let idleBytes = 0;

  function evict(storage: GpuStorage): void {
    const sameSize = classes.get(storage.byteLength) ?? [];
    sameSize.splice(sameSize.indexOf(storage), 1);
    idle.delete(storage);
    idleBytes -= storage.byteLength;
    destroy(storage);
  }

  return {
    take(byteLength) {
      const size = Math.min(sizeClass(byteLength), limits.maxBufferBytes);
      const storage = classes.get(size)?.pop();
      if (!storage) return create(size);
      idle.delete(storage);
      idleBytes -= size;
      return storage;
    },
    give(storage) {
      const sameSize = classes.get(storage.byteLength);
      if (sameSize) sameSize.push(storage);
      else classes.set(storage.byteLength, [storage]);
      idle.add(storage);
      idleBytes += storage.byteLength;
      for (const oldest of idle) {
        if (idleBytes <= limits.maxIdleBytes) break;
        evict(oldest);
      }
    },
    clear() {
      for (const storage of [...idle]) evict(storage);
    },
  };
}
