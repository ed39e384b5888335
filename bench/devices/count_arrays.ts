import {
  createDevice,
  createReferenceKernels,
  type Device,
  type DeviceDtype,
  type Kernels,
} from "@pare/linalg";
import { aroundOperations } from "./around_operations.ts";

/** What is held at one time. */
export interface Held {
  readonly bytes: number;
  /** The arrays' bytes by who asked for them: the operation, and what was told of it. */
  readonly byOrigin: ReadonlyMap<string, number>;
}

/** A device that computes nothing, and what it would hold. */
export interface CountingDevice {
  readonly device: Device;
  /** Begins a phase, whose name is put before those of operations from here on. */
  begin(phase: string): void;
  /** What was held when that was the most. */
  peak(): Held;
}

/** Bytes of an element. */
const WIDTHS: Readonly<Record<DeviceDtype, number>> = { f64: 8, f32: 4, f16: 2, u32: 4, u8: 1 };

/** A storage without numbers. */
interface Counted {
  readonly bytes: number;
  readonly origin: string;
}

/**
 * Makes a device that checks, allocates and frees as any does, but holds no numbers: downloads are zeros.
 * It tells what memory an algorithm needs of a device, apart from how that keeps house.
 */
export function createCountingDevice(): CountingDevice {
  const held = new Set<Counted>();
  let [phase, operation, bytes] = ["", "", 0];
  let peak: Held = { bytes: 0, byOrigin: new Map() };
  const idle = Object.entries(createReferenceKernels()).map(([name, member]) => {
    return [name, typeof member === "function" ? () => {} : member];
  });
  const kernels: Kernels<Counted> = {
    ...Object.fromEntries(idle),
    allocate: (dtype, length) => {
      const storage = { bytes: length * WIDTHS[dtype], origin: `${phase}${operation}` };
      held.add(storage);
      bytes += storage.bytes;
      if (bytes > peak.bytes) peak = { bytes, byOrigin: byOrigin(held) };
      return storage;
    },
    download: (_storage, dtype, length) =>
      Promise.resolve(dtype === "f64" ? new Float64Array(length) : new Float32Array(length)),
    free: (storage) => {
      if (held.delete(storage)) bytes -= storage.bytes;
    },
  };
  const device = aroundOperations(createDevice(kernels), (name, run) => {
    operation = name;
    return run();
  });
  return { device, begin: (name) => phase = `${name}: `, peak: () => peak };
}

function byOrigin(held: Iterable<Counted>): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { origin, bytes } of held) sums.set(origin, (sums.get(origin) ?? 0) + bytes);
  return sums;
}
