// Memory: 200 products must take no more of it than one, and what was taken must be given back.
//
// The memory of WebAssembly only ever grows, while its device lives; so its size at the end is its
// peak. The resident memory of the process is told beside, before, at most, and when the device is
// gone: its pages go back to the system when the garbage collector finds them.

import { createDevice } from "../../packages/linalg/create_device.ts";
import { createEngine } from "../../packages/linalg/wasm/engine.ts";
import { createWasmKernels } from "../../packages/linalg/wasm/wasm_kernels.ts";
import { randomNormal } from "@pare/tensor";
import { formatBytes } from "../../packages/cli/table.ts";
import { OURS } from "./contenders.ts";
import type { RowResult } from "./result.ts";
import type { MeasuredRow } from "./row.ts";
import type { Setup } from "./setup.ts";

const PRODUCTS = 200;

/** Resident memory when garbage is gone, where the process may ask for that. */
function settledRss(): number {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  return Deno.memoryUsage().rss;
}

async function multiply(threads: number, n: number) {
  const engine = await createEngine({ threads });
  using device = createDevice(createWasmKernels(engine));
  using a = device.upload(randomNormal([n, n], { seed: 1 }));
  using b = device.upload(randomNormal([n, n], { seed: 2 }));
  const sizes: number[] = [];
  let peakRss = 0;
  for (let i = 0; i < PRODUCTS; i++) {
    using _product = device.matmul(a, b);
    sizes.push(engine.memory.buffer.byteLength);
    peakRss = Math.max(peakRss, Deno.memoryUsage().rss);
  }
  return { first: sizes[0], last: sizes[PRODUCTS - 1], peakRss };
}

async function measure(
  threads: number,
  n: number,
): Promise<Omit<RowResult, "section" | "name" | "threads">> {
  const before = settledRss();
  const { first, last, peakRss } = await multiply(threads, n);
  // The collector finds the memory a turn after the device is gone.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const after = settledRss();
  return {
    contenders: [],
    ratios: [{
      of: OURS,
      against: "memory after the first",
      ofMinima: first / last,
      ofMedians: first / last,
      goal: 1,
    }],
    notes: [
      `wasm memory: ${formatBytes(first)} after the first, ${formatBytes(last)} after the last`,
      `resident: ${formatBytes(before)} before, ${formatBytes(peakRss)} at most, ${
        formatBytes(after)
      } after`,
    ],
  };
}

/** The row of memory. */
export function scaleRows({ threads, quick }: Setup): MeasuredRow[] {
  const n = quick ? 512 : 1024;
  return [{
    name: `${PRODUCTS} products f32 ${n}×${n}×${n}`,
    measure: () => measure(threads, n),
  }];
}
