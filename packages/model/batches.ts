import { type Device, type DeviceArray, downloadF32 } from "@pare/linalg";
import { type Checks, integer, sizeOf, type Tensor, tensor } from "@pare/tensor";
import { abortSignal, callback } from "./checks.ts";

/** How far a run has come, counting every token once for every block. */
export interface Progress {
  /** What has been done. */
  readonly done: number;
  /** What there is to do in all. */
  readonly total: number;
}

/** Options of everything that runs windows in batches. */
export interface BatchOptions {
  /**
   * How many tokens to run at once, unless one window has more: it bounds the memory on the device.
   *
   * @default {2048}
   */
  batchTokens?: number;
  /** Stops the work between two batches. */
  signal?: AbortSignal;
  /** Called after every batch. */
  onProgress?: (progress: Progress) => void;
}

/** One rule per option of {@linkcode BatchOptions}. */
export const BATCH_CHECKS: Checks<BatchOptions> = {
  batchTokens: integer(1),
  signal: abortSignal(),
  onProgress: callback(),
};

/** Puts windows of one length together, in order, as many as `batchTokens` allow. */
export function batchesOf(hidden: readonly Tensor[], batchTokens = 2048): number[][] {
  const byLength = new Map<number, number[]>();
  hidden.forEach(({ shape: [tokens] }, window) => {
    const alike = byLength.get(tokens);
    if (alike) alike.push(window);
    else byLength.set(tokens, [window]);
  });
  return [...byLength].flatMap(([tokens, windows]) => {
    const size = Math.max(1, Math.floor(batchTokens / tokens));
    const count = Math.ceil(windows.length / size);
    return Array.from({ length: count }, (_, i) => windows.slice(i * size, (i + 1) * size));
  });
}

/** Counts the tokens of all windows. */
export function tokenCount(hidden: readonly Tensor[]): number {
  return hidden.reduce((total, { shape }) => total + shape[0], 0);
}

/** Uploads windows of one length as `[batch, tokens, width]`. */
export function uploadBatch(device: Device, windows: readonly Tensor[]): DeviceArray {
  const [{ shape }] = windows;
  const size = sizeOf(shape);
  const data = new Float32Array(windows.length * size);
  windows.forEach((window, i) => data.set(window.data, i * size));
  return device.upload(tensor(data, [windows.length, ...shape]));
}

/** Downloads `[batch, tokens, width]` as one tensor per window. */
export async function downloadBatch(device: Device, batch: DeviceArray): Promise<Tensor[]> {
  const { shape: [count, ...shape], data } = await downloadF32(device, batch);
  const size = sizeOf(shape);
  return Array.from(
    { length: count },
    (_, i) => tensor(data.subarray(i * size, (i + 1) * size), shape),
  );
}
