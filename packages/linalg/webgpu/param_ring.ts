import type { Kernel } from "./kernel.ts";

/** Bytes of one slot: what offsets of uniform bindings are multiples of everywhere. */
const SLOT_BYTES = 256;

/** The parameters of all dispatches of a batch, in one uniform buffer. */
export interface ParamRing {
  /** What a bind group binds; the slot is the dynamic offset. */
  readonly resource: GPUBufferBinding;
  /** Writes the parameters of one dispatch and returns the offset of its slot. */
  push(kernel: Kernel, starts: readonly number[], values: Readonly<Record<string, number>>): number;
  /** Sends all slots to the device, before their batch is submitted, and starts anew. */
  upload(): void;
  dispose(): void;
}

/**
 * Makes the uniform buffer of a command stream.
 *
 * One buffer serves all batches: the queue writes it after the batch before has run.
 *
 * @param slots How many dispatches a batch may have.
 */
export function createParamRing(device: GPUDevice, slots: number): ParamRing {
  const buffer = device.createBuffer({
    size: slots * SLOT_BYTES,
    usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  });
  const bytes = new ArrayBuffer(slots * SLOT_BYTES);
  const data = new DataView(bytes);
  let count = 0;
  return {
    resource: { buffer, size: SLOT_BYTES },
    push(kernel, starts, values) {
      const slot = SLOT_BYTES * count++;
      let at = slot;
      for (const start of starts) {
        data.setUint32(at, start, true);
        at += 4;
      }
      for (const [name, type] of Object.entries(kernel.params)) {
        if (type === "f32") data.setFloat32(at, values[name], true);
        // A negative number wraps around to the same bits.
        else data.setUint32(at, values[name], true);
        at += 4;
      }
      return slot;
    },
    upload() {
      if (count > 0) device.queue.writeBuffer(buffer, 0, bytes, 0, SLOT_BYTES * count);
      count = 0;
    },
    dispose: () => buffer.destroy(),
  };
}
