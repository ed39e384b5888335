// The compiled loops as each thread has them.

/** The loops: operations of a dtype in registers, or reading memory. */
export type Loop = "f32" | "f64" | "read";

interface Exports {
  peakF32(iterations: number, x: number, y: number): number;
  peakF64(iterations: number, x: number, y: number): number;
  reserve(byteLength: number): void;
  read(byteLength: number): number;
}

/** The operations of one iteration, as assembly/peak.ts has them. */
const FLOPS_PER_ITERATION = { f32: 96, f64: 48 };

/** Iterations of one call. A call that has begun stays as it was compiled, so it must be short. */
const ITERATIONS: number = 100_000;

/**
 * Makes the loop of a thread, warmed up.
 *
 * @param module What assembly/peak.ts, or assembly/read.ts, compiles to.
 * @param name Which loop.
 * @param amount How much one run is to be: operations, rounded to whole calls of 9.6 million, or bytes,
 * a multiple of 64.
 * @returns The run.
 */
export function loopOf(module: WebAssembly.Module, name: Loop, amount: number): () => void {
  const exports = new WebAssembly.Instance(module).exports as unknown as Exports;
  const run = name === "read" ? reading(exports, amount) : counting(exports, name, amount);
  run();
  return run;
}

function reading(exports: Exports, byteLength: number): () => void {
  exports.reserve(byteLength);
  return () => void exports.read(byteLength);
}

function counting(exports: Exports, dtype: "f32" | "f64", flops: number): () => void {
  const call = dtype === "f32" ? exports.peakF32 : exports.peakF64;
  const calls = Math.round(flops / (ITERATIONS * FLOPS_PER_ITERATION[dtype]));
  return () => {
    // Small enough that the sums stay far from infinity.
    for (let i = 0; i < calls; i++) call(ITERATIONS, 2 ** -10, 2 ** -10);
  };
}
