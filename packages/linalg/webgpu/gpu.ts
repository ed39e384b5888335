import { createBufferPool } from "./buffer_pool.ts";
import { createCommandQueue } from "./command_queue.ts";
import { watchFailures } from "./failures.ts";
import { ELEMENTS, type ElementType, type Kernel } from "./kernel.ts";
import { createPipelines } from "./pipelines.ts";
import { type GpuStorage, type View, view } from "./storage.ts";

/**
 * What the hosts of the kernels need of a GPU.
 *
 * Commands run in the order they are given. Nothing but `read` waits; what the device refuses is
 * thrown by whatever is called next.
 */
export interface Gpu {
  /** How many 32-bit words every kernel may see of one array. */
  readonly maxWords: number;
  /** How many workgroups keep all of its processors busy. */
  readonly fullGroups: number;
  /** Makes a storage of at least `byteLength` bytes; its contents are undefined. */
  allocate(byteLength: number): GpuStorage;
  /** Frees a storage; commands given before still find it. */
  free(storage: GpuStorage): void;
  /**
   * Runs a kernel in `groups` workgroups.
   *
   * An array that is both read and written is read from a copy.
   */
  dispatch<R extends string, W extends string, P extends string>(
    kernel: Kernel<R, W, P>,
    arrays: Readonly<Record<R | W, View>>,
    params: Readonly<Record<P, number>>,
    groups: number,
  ): void;
  /** Copies bytes, all counts multiples of 4, between two storages. */
  copy(
    source: GpuStorage,
    sourceOffset: number,
    target: GpuStorage,
    targetOffset: number,
    byteLength: number,
  ): void;
  /** Sets the first bytes, a multiple of 4, to zero. */
  clear(storage: GpuStorage, byteLength: number): void;
  /** Copies bytes in, a multiple of 4. */
  write(storage: GpuStorage, byteOffset: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** Copies the first bytes, a multiple of 4, out. */
  read(storage: GpuStorage, byteLength: number): Promise<ArrayBuffer>;
  /** Frees all idle buffers and refuses everything from now on. */
  dispose(): void;
}

/** Settings of {@linkcode createGpu}. */
export interface GpuSettings {
  /** What one binding may take; the limit of the device by default. Smaller ones are for tests. */
  maxBindingBytes?: number;
  /** What idle buffers may take together. @default {268435456} */
  maxIdleBytes?: number;
  /**
   * How many workgroups fill the machine, which WebGPU does not tell: by default two for each of the
   * 132 processors of a large card, rounded down. A smaller one runs them in turns.
   *
   * @default {256}
   */
  fullGroups?: number;
}

/** What idle buffers for downloads may take together. */
const MAX_IDLE_STAGING_BYTES = 2 ** 26;

/**
 * Makes a device usable by kernels.
 *
 * @param device The device; `dispose` frees its buffers, but does not destroy it.
 */
export function createGpu(device: GPUDevice, settings: GpuSettings = {}): Gpu {
  const { limits } = device;
  const alignment = limits.minStorageBufferOffsetAlignment;
  const { maxBindingBytes = limits.maxStorageBufferBindingSize, maxIdleBytes = 2 ** 28 } = settings;
  const { fullGroups = 256 } = settings;
  const maxBufferBytes = Math.floor(limits.maxBufferSize / 4) * 4;

  const failures = watchFailures(device);
  const queue = createCommandQueue(device);
  const pipelines = createPipelines(device);
  let nextId = 0;
  const poolOf = (usage: number, maxIdleBytes: number) =>
    createBufferPool(
      (size) => ({
        id: nextId++,
        buffer: device.createBuffer({ size, usage }),
        byteLength: size,
        batch: 0,
      }),
      queue.destroy,
      { maxIdleBytes, maxBufferBytes },
    );
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const arrays = poolOf(STORAGE | COPY_SRC | COPY_DST, maxIdleBytes);
  const staging = poolOf(MAP_READ | COPY_DST, MAX_IDLE_STAGING_BYTES);

  function allocate(byteLength: number): GpuStorage {
    failures.check();
    if (byteLength > maxBufferBytes) {
      throw new RangeError(
        `Cannot make an array on webgpu as it must take at most ${maxBufferBytes} bytes: ` +
          `current length is ${byteLength}`,
      );
    }
    return arrays.take(byteLength);
  }

  /** A binding that starts where the device allows it to, and where the view starts in it. */
  function bind(
    name: string,
    { storage, first, count }: View,
    words: number,
  ): { binding: GPUBufferBinding; start: number } {
    const firstByte = first * words * 4;
    const offset = Math.floor(firstByte / alignment) * alignment;
    const size = (first + count) * words * 4 - offset;
    if (size > maxBindingBytes) {
      throw new RangeError(
        `Cannot compute ${name} on webgpu as one run of it must take at most ${maxBindingBytes} ` +
          `bytes of an array: current length is ${size}`,
      );
    }
    const binding = { buffer: storage.buffer, offset, size };
    return { binding, start: (firstByte - offset) / (words * 4) };
  }

  /** The same elements in a storage of their own. */
  function copied({ storage, first, count }: View, words: number): View {
    const bytes = count * words * 4;
    const copy = allocate(bytes);
    queue.copy(storage, first * words * 4, copy, 0, bytes);
    return view(copy, 0, count);
  }

  function dispatch(
    kernel: Kernel,
    given: Readonly<Record<string, View>>,
    params: Readonly<Record<string, number>>,
    groups: number,
  ): void {
    failures.check();
    const written = new Set(Object.keys(kernel.writes).map((name) => given[name].storage));
    const copies: View[] = [];
    const views = [...Object.entries(kernel.reads), ...Object.entries(kernel.writes)]
      .map(([name, type]: [string, ElementType]) => {
        const { words } = ELEMENTS[type];
        if (name in kernel.writes || !written.has(given[name].storage)) {
          return { array: given[name], words };
        }
        const array = copied(given[name], words);
        copies.push(array);
        return { array, words };
      });
    try {
      const bound = views.map(({ array, words }) => bind(kernel.name, array, words));
      let key = kernel.name;
      for (const [i, { array: { storage } }] of views.entries()) {
        queue.touch(storage);
        const { offset, size } = bound[i].binding;
        key += ` ${storage.id},${offset},${size}`;
      }
      queue.dispatch({
        kernel,
        pipeline: pipelines.get(kernel),
        key,
        bindings: bound.map(({ binding }) => binding),
        starts: bound.map(({ start }) => start),
        params,
        groups,
      });
    } finally {
      for (const { storage } of copies) arrays.give(storage);
    }
  }

  return {
    maxWords: Math.floor((maxBindingBytes - alignment) / 4),
    fullGroups,
    allocate,
    free: arrays.give,
    dispatch,
    copy(...range) {
      failures.check();
      queue.copy(...range);
    },
    clear(storage, byteLength) {
      failures.check();
      queue.clear(storage, byteLength);
    },
    write(storage, byteOffset, bytes) {
      failures.check();
      queue.write(storage, byteOffset, bytes);
    },
    async read(storage, byteLength) {
      failures.check();
      const target = staging.take(byteLength);
      queue.copy(storage, 0, target, 0, byteLength);
      queue.flush();
      try {
        await target.buffer.mapAsync(GPUMapMode.READ, 0, byteLength);
        failures.check();
        const bytes = target.buffer.getMappedRange(0, byteLength).slice(0);
        target.buffer.unmap();
        staging.give(target);
        return bytes;
      } catch (cause) {
        target.buffer.destroy();
        await failures.settle();
        failures.keep("its buffers must be readable: current one is not", cause);
        failures.check();
        throw cause;
      }
    },
    dispose() {
      failures.dispose();
      arrays.clear();
      staging.clear();
      queue.dispose();
    },
  };
}
