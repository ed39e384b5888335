// The command stream of one GPUDevice: what the kernels' hosts are written against.
//
// Commands are gathered in one encoder and submitted a batch at a time; the queue runs them in the
// order they were given, so a buffer may be used again as soon as it is free. Two things go around
// the encoder and need care: `queue.writeBuffer` (flushes first if the batch touches the buffer) and
// `buffer.destroy` (waits for the batch that touches the buffer).

import { type BufferPool, createBufferPool } from "./buffer_pool.ts";
import { createParamRing, SLOTS } from "./param_ring.ts";
import { createPipelines } from "./pipelines.ts";
import { ELEMENTS, type ElementType, type Kernel } from "./kernel.ts";

/** The buffer of one array; it may be longer than the array. */
export interface GpuStorage {
  readonly buffer: GPUBuffer;
  readonly byteLength: number;
  /** The last batch with a command that touches the buffer. */
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

/** What the kernels' hosts need of a GPU. Nothing but `read` waits. */
export interface Gpu {
  /** How many 32-bit words every kernel may see of one array. */
  readonly maxWords: number;
  /** Makes a storage of at least `byteLength` bytes; its contents are undefined. */
  allocate(byteLength: number): GpuStorage;
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
  /** Sets the first bytes to zero. */
  clear(storage: GpuStorage, byteLength: number): void;
  /** Copies bytes in, a multiple of 4. */
  write(storage: GpuStorage, byteOffset: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** Copies the first bytes, a multiple of 4, out. */
  read(storage: GpuStorage, byteLength: number): Promise<ArrayBuffer>;
  dispose(): void;
}

/** Settings of {@linkcode createGpu}. */
export interface GpuSettings {
  /** What one binding may take; the limit of the device by default. Smaller ones are for tests. */
  maxBindingBytes?: number;
  /** What idle buffers may take together. @default {268435456} */
  maxIdleBytes?: number;
}

/**
 * Makes the command stream of a device.
 *
 * @param device The device; `dispose` frees its buffers, but does not destroy it.
 */
export function createGpu(device: GPUDevice, settings: GpuSettings = {}): Gpu {
  const { limits, queue } = device;
  const alignment = limits.minStorageBufferOffsetAlignment;
  const maxBindingBytes = settings.maxBindingBytes ?? limits.maxStorageBufferBindingSize;
  const maxBufferBytes = Math.floor(limits.maxBufferSize / 4) * 4;
  const maxIdleBytes = settings.maxIdleBytes ?? 2 ** 28;

  let batch = 1;
  let encoder: GPUCommandEncoder | undefined;
  let pass: GPUComputePassEncoder | undefined;
  let doomed: GPUBuffer[] = [];
  let writtenBytes = 0;
  let failure: { problem: string; cause?: unknown } | undefined;

  const params = createParamRing(device);
  const pipelines = createPipelines(device);
  const arrays = poolOf(GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST);
  const staging = poolOf(GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);

  device.addEventListener("uncapturederror", onError);
  device.lost.then(({ reason, message }) => {
    failure ??= { problem: `the device must not be lost: current reason is ${reason}, ${message}` };
  });

  function onError(event: Event): void {
    const { error } = event as GPUUncapturedErrorEvent;
    event.preventDefault();
    failure ??= {
      problem: `every command must be valid: current error is ${error.message}`,
      cause: error,
    };
  }

  function check(): void {
    if (failure) {
      throw new Error(`Cannot compute on webgpu as ${failure.problem}`, { cause: failure.cause });
    }
  }

  function poolOf(usage: number): BufferPool {
    return createBufferPool(
      (size) => ({ buffer: device.createBuffer({ size, usage }), byteLength: size, batch: 0 }),
      (storage) => {
        if (storage.batch === batch) doomed.push(storage.buffer);
        else storage.buffer.destroy();
      },
      { maxIdleBytes, maxBufferBytes },
    );
  }

  function commands(): GPUCommandEncoder {
    return encoder ??= device.createCommandEncoder();
  }

  /** The encoder outside of a compute pass, for copies. */
  function copies(): GPUCommandEncoder {
    pass?.end();
    pass = undefined;
    return commands();
  }

  function flush(): void {
    const buffers = encoder ? [copies().finish()] : [];
    encoder = undefined;
    if (buffers.length > 0 || writtenBytes > 0) {
      params.upload();
      queue.submit(buffers);
    }
    writtenBytes = 0;
    for (const buffer of doomed) buffer.destroy();
    doomed = [];
    batch++;
  }

  /** A binding that starts where the device allows it to, and where the view starts in it. */
  function bind(name: string, { storage, first, count }: View, words: number) {
    const start = first * words * 4;
    const offset = Math.floor(start / alignment) * alignment;
    const size = (first + count) * words * 4 - offset;
    if (size > maxBindingBytes) {
      throw new RangeError(
        `Cannot compute ${name} on webgpu as one run of it must take at most ${maxBindingBytes} ` +
          `bytes of an array: current length is ${size}`,
      );
    }
    storage.batch = batch;
    return {
      at: (start - offset) / (words * 4),
      resource: { buffer: storage.buffer, offset, size },
    };
  }

  function allocate(byteLength: number): GpuStorage {
    check();
    if (byteLength > maxBufferBytes) {
      throw new RangeError(
        `Cannot make an array on webgpu as it must take at most ${maxBufferBytes} bytes: ` +
          `current length is ${byteLength}`,
      );
    }
    return arrays.take(byteLength);
  }

  function copy(
    source: GpuStorage,
    sourceOffset: number,
    target: GpuStorage,
    targetOffset: number,
    byteLength: number,
  ): void {
    check();
    copies().copyBufferToBuffer(
      source.buffer,
      sourceOffset,
      target.buffer,
      targetOffset,
      byteLength,
    );
    source.batch = target.batch = batch;
  }

  return {
    maxWords: Math.floor((maxBindingBytes - alignment) / 4),
    allocate,
    free: (storage) => arrays.give(storage),
    copy,
    dispatch(kernel: Kernel, given: Readonly<Record<string, View>>, values, groups) {
      check();
      const written = new Set(Object.keys(kernel.writes).map((name) => given[name].storage));
      const pipeline = pipelines.get(kernel);
      const bindings: GPUBindGroupEntry[] = [];
      const starts: number[] = [];
      const temporaries: GpuStorage[] = [];
      const add = (name: string, type: ElementType, isRead: boolean) => {
        const { words } = ELEMENTS[type];
        let array: View = given[name];
        if (isRead && written.has(array.storage)) {
          const bytes = array.count * words * 4;
          const storage = allocate(bytes);
          temporaries.push(storage);
          copy(array.storage, array.first * words * 4, storage, 0, bytes);
          array = view(storage, 0, array.count);
        }
        const { at, resource } = bind(kernel.name, array, words);
        starts.push(at);
        bindings.push({ binding: bindings.length + 1, resource });
      };
      for (const name in kernel.reads) add(name, kernel.reads[name], true);
      for (const name in kernel.writes) add(name, kernel.writes[name], false);
      const slot = params.push(kernel, starts, values);
      const group = device.createBindGroup({
        layout: pipeline.layout,
        entries: [{ binding: 0, resource: params.resource }, ...bindings],
      });
      pass ??= commands().beginComputePass();
      pass.setPipeline(pipeline.pipeline);
      pass.setBindGroup(0, group, [slot]);
      const lines = Math.ceil(groups / limits.maxComputeWorkgroupsPerDimension);
      pass.dispatchWorkgroups(Math.ceil(groups / lines), lines);
      for (const storage of temporaries) arrays.give(storage);
      if (params.count() === SLOTS) flush();
    },
    clear(storage, byteLength) {
      check();
      copies().clearBuffer(storage.buffer, 0, byteLength);
      storage.batch = batch;
    },
    write(storage, byteOffset, bytes) {
      check();
      if (storage.batch === batch) flush();
      for (let start = 0; start < bytes.length; start += MAX_WRITTEN_BYTES) {
        const part = bytes.subarray(start, start + MAX_WRITTEN_BYTES);
        queue.writeBuffer(storage.buffer, byteOffset + start, part);
        writtenBytes += part.length;
        if (writtenBytes >= MAX_WRITTEN_BYTES) flush();
      }
    },
    async read(storage, byteLength) {
      check();
      const target = staging.take(byteLength);
      copy(storage, 0, target, 0, byteLength);
      flush();
      try {
        await target.buffer.mapAsync(GPUMapMode.READ, 0, byteLength);
        check();
        const bytes = target.buffer.getMappedRange(0, byteLength).slice(0);
        target.buffer.unmap();
        staging.give(target);
        return bytes;
      } catch (cause) {
        target.buffer.destroy();
        failure ??= { problem: "its buffers must be readable: current one is not", cause };
        check();
        throw cause;
      }
    },
    dispose() {
      if (failure?.problem === DISPOSED) return;
      pass?.end();
      encoder = pass = undefined;
      batch++;
      for (const pool of [arrays, staging]) pool.clear();
      for (const buffer of doomed) buffer.destroy();
      params.dispose();
      device.removeEventListener("uncapturederror", onError);
      failure = { problem: DISPOSED };
    },
  };
}

/** What is written is held twice until it is submitted, so no more than this waits. */
const MAX_WRITTEN_BYTES = 2 ** 25;

const DISPOSED = "the device must still be held: current device is disposed";
