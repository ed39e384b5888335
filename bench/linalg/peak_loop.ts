// The compiled loop as each thread has it.

/** The element types that the loop comes in. */
export type PeakDtype = "f32" | "f64";

interface Exports {
  peakF32(iterations: number, x: number, y: number): number;
  peakF64(iterations: number, x: number, y: number): number;
}

/** The operations of one iteration, as assembly/peak.ts has them. */
const FLOPS_PER_ITERATION = { f32: 96, f64: 48 };

/** Iterations of one call. A call that has begun stays as it was compiled, so it must be short. */
const ITERATIONS: number = 100_000;

/**
 * Makes the loop of a thread, warmed up.
 *
 * @param module What assembly/peak.ts compiles to.
 * @param dtype The element type.
 * @returns A function that does as many operations as it is told, in whole calls of 9.6 million.
 */
export function loopOf(module: WebAssembly.Module, dtype: PeakDtype): (flops: number) => void {
  const exports = new WebAssembly.Instance(module).exports as unknown as Exports;
  const call = dtype === "f32" ? exports.peakF32 : exports.peakF64;
  const loop = (flops: number) => {
    const calls = Math.round(flops / (ITERATIONS * FLOPS_PER_ITERATION[dtype]));
    // Small enough that the sums stay far from infinity.
    for (let i = 0; i < calls; i++) call(ITERATIONS, 2 ** -10, 2 ** -10);
  };
  loop(960e6);
  return loop;
}
