import type { HostArray, Kernels } from "../kernels.ts";

type HadamardParams = Parameters<Kernels<HostArray>["hadamard"]>[0];

/** Orthonormal Hadamard transform of each run of `block` elements: fast along powers of two. */
export function hadamard(p: HadamardParams): void {
  const { x, out, length, block, order } = p;
  const norm = 1 / Math.sqrt(block);
  const power = block / order;
  const run = new Float64Array(block);
  for (let start = 0; start < length; start += block) {
    run.set(x.subarray(start, start + block));
    for (let stride = 1; stride < power; stride *= 2) {
      for (let i = 0; i < block / 2; i++) {
        const low = 2 * i - (i & (stride - 1));
        const a = run[low];
        const b = run[low + stride];
        run[low] = a + b;
        run[low + stride] = a - b;
      }
    }
    const mixed = p.signs ? multiplyFactor(p.signs, order, run, power) : run;
    for (let i = 0; i < block; i++) out[start + i] = mixed[i] * norm;
  }
}

/** G · x for the factor of these signs, x `[order, power]`. */
function multiplyFactor(
  signs: HostArray,
  order: number,
  x: Float64Array,
  power: number,
): Float64Array {
  const words = Math.ceil(order / 32);
  const product = new Float64Array(x.length);
  for (let i = 0; i < order; i++) {
    for (let k = 0; k < order; k++) {
      const isNegative = (signs[i * words + (k >> 5)] >>> (k & 31) & 1) === 1;
      for (let j = 0; j < power; j++) {
        const term = x[k * power + j];
        product[i * power + j] += isNegative ? -term : term;
      }
    }
  }
  return product;
}
