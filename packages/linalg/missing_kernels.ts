// Kernels of training that a backend does not have yet: their entries throw, f64 is refused, and the
// conformance suite leaves their cases out.

import type { KernelName } from "./kernels.ts";

/** A kernel, or the statistics of `attention`. */
export type MissingName = KernelName | "logSumExp";

/** What is missing, by backend. */
export const MISSING: Readonly<Record<"wasm" | "webgpu", ReadonlySet<MissingName>>> = {
  wasm: new Set<MissingName>(),
  webgpu: new Set<MissingName>(),
};

/** The entry of a kernel that is missing. */
export function missing(name: MissingName): () => never {
  return () => {
    throw new Error(`Cannot compute ${name} as the kernel must be there: current one is missing`);
  };
}
