import type { HostArray, Kernels } from "../kernels.ts";

/** Orthonormal fast Walsh–Hadamard transform of each run of `block` elements. */
export function hadamard(p: Parameters<Kernels<HostArray>["hadamard"]>[0]): void {
  const { x, out, length, block } = p;
  const norm = 1 / Math.sqrt(block);
  const run = new Float64Array(block);
  for (let start = 0; start < length; start += block) {
    run.set(x.subarray(start, start + block));
    for (let stride = 1; stride < block; stride *= 2) {
      for (let i = 0; i < block / 2; i++) {
        const low = 2 * i - (i & (stride - 1));
        const a = run[low];
        const b = run[low + stride];
        run[low] = a + b;
        run[low + stride] = a - b;
      }
    }
    for (let i = 0; i < block; i++) out[start + i] = run[i] * norm;
  }
}
