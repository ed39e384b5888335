// Commands are gathered in one encoder and submitted a batch at a time; the device runs them in the
// order they were given, so a buffer may serve again as soon as it is free. Two things go around the
// encoder and need care: `queue.writeBuffer` (flushes first if the batch touches the buffer) and
// `buffer.destroy` (waits until the batch that touches the buffer is submitted).

import type { GpuStorage } from "./storage.ts";
import type { Kernel } from "./kernel.ts";
import { createParamRing } from "./param_ring.ts";
import type { Pipeline } from "./pipelines.ts";

/** How many commands go into one batch. */
const BATCH = 64;

/**
 * How many bindings of kernels to buffers are kept: a loop finds those of its last step again, as the
 * pool hands it the same buffers; making one was a fifth of the host's time in a profile of such a loop.
 */
const MOST_GROUPS = 1024;

/** What is written is held twice until it is submitted, so no more than this waits. */
const MAX_WRITTEN_BYTES = 2 ** 25;

/** One run of a kernel, as the device takes it. */
export interface Dispatch {
  readonly kernel: Kernel;
  readonly pipeline: Pipeline;
  /** Tells the kernel and its bindings apart from all others. */
  readonly key: string;
  /** The arrays, in the kernel's order. */
  readonly bindings: readonly GPUBufferBinding[];
  /** Where the first element of each lies in its binding. */
  readonly starts: readonly number[];
  readonly params: Readonly<Record<string, number>>;
  readonly groups: number;
}

/** The commands of one device, in order. */
export interface CommandQueue {
  /** Notes that the batch has a command for a storage. */
  touch(storage: GpuStorage): void;
  /** Runs a kernel; its storages must have been touched. */
  dispatch(dispatch: Dispatch): void;
  copy(
    source: GpuStorage,
    sourceOffset: number,
    target: GpuStorage,
    targetOffset: number,
    byteLength: number,
  ): void;
  clear(storage: GpuStorage, byteLength: number): void;
  write(storage: GpuStorage, byteOffset: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** Submits what was gathered. */
  flush(): void;
  /** Destroys a buffer once nothing waits for it. */
  destroy(storage: GpuStorage): void;
  /** Drops what was not submitted. */
  dispose(): void;
}

/** Makes the command queue of a device. */
export function createCommandQueue(device: GPUDevice): CommandQueue {
  const { queue } = device;
  const params = createParamRing(device, BATCH);
  const maxGroups = device.limits.maxComputeWorkgroupsPerDimension;
  let batch = 1;
  let gathered = 0;
  let writtenBytes = 0;
  let encoder: GPUCommandEncoder | undefined;
  let pass: GPUComputePassEncoder | undefined;
  let doomed: GPUBuffer[] = [];
  const groups = new Map<string, GPUBindGroup>();

  function groupOf({ key, pipeline, bindings }: Dispatch): GPUBindGroup {
    let group = groups.get(key);
    if (!group) {
      // Those of buffers that are gone go with the rest.
      if (groups.size === MOST_GROUPS) groups.clear();
      const resources = [params.resource, ...bindings];
      group = device.createBindGroup({
        layout: pipeline.layout,
        entries: resources.map((resource, binding) => ({ binding, resource })),
      });
      groups.set(key, group);
    }
    return group;
  }

  function encoding(): GPUCommandEncoder {
    return encoder ??= device.createCommandEncoder();
  }

  /** The encoder outside of a compute pass. */
  function copying(): GPUCommandEncoder {
    pass?.end();
    pass = undefined;
    return encoding();
  }

  function touch(storage: GpuStorage): void {
    storage.batch = batch;
  }

  function flush(): void {
    if (gathered > 0 || writtenBytes > 0) {
      const buffers = gathered > 0 ? [copying().finish()] : [];
      params.upload();
      queue.submit(buffers);
    }
    encoder = undefined;
    gathered = 0;
    writtenBytes = 0;
    for (const buffer of doomed) buffer.destroy();
    doomed = [];
    batch++;
  }

  function count(): void {
    if (++gathered === BATCH) flush();
  }

  return {
    touch,
    flush,
    dispatch(dispatch) {
      const { kernel, pipeline, starts } = dispatch;
      const slot = params.push(kernel, starts, dispatch.params);
      const group = groupOf(dispatch);
      pass ??= encoding().beginComputePass();
      pass.setPipeline(pipeline.pipeline);
      pass.setBindGroup(0, group, [slot]);
      const lines = Math.ceil(dispatch.groups / maxGroups);
      pass.dispatchWorkgroups(Math.ceil(dispatch.groups / lines), lines);
      count();
    },
    copy(source, sourceOffset, target, targetOffset, byteLength) {
      copying().copyBufferToBuffer(
        source.buffer,
        sourceOffset,
        target.buffer,
        targetOffset,
        byteLength,
      );
      touch(source);
      touch(target);
      count();
    },
    clear(storage, byteLength) {
      copying().clearBuffer(storage.buffer, 0, byteLength);
      touch(storage);
      count();
    },
    write(storage, byteOffset, bytes) {
      if (storage.batch === batch) flush();
      for (let start = 0; start < bytes.length; start += MAX_WRITTEN_BYTES) {
        const part = bytes.subarray(start, start + MAX_WRITTEN_BYTES);
        queue.writeBuffer(storage.buffer, byteOffset + start, part);
        writtenBytes += part.length;
        if (writtenBytes >= MAX_WRITTEN_BYTES) flush();
      }
    },
    destroy(storage) {
      if (storage.batch === batch) doomed.push(storage.buffer);
      else storage.buffer.destroy();
    },
    dispose() {
      pass?.end();
      encoder = pass = undefined;
      gathered = 0;
      for (const buffer of doomed) buffer.destroy();
      doomed = [];
      groups.clear();
      params.dispose();
    },
  };
}
