// Measures one low-rank method on one matrix, in a process of its own, so that its peak memory is
// its own. Started by run.ts; writes a line of JSON.

import { asvd, nsvd, svd } from "@pare/decomposers";
import { createWasmDevice, type Device, downloadF64 } from "@pare/linalg";
import type { Statistics } from "@pare/operators";
import { randomNormal, type Tensor, tensor } from "@pare/tensor";
import process from "node:process";
import { timeOperations } from "../devices/time_operations.ts";

/** What is asked for, in the process's one argument. */
export interface LayerRequest {
  readonly methods: readonly MethodName[];
  readonly rows: number;
  readonly cols: number;
  /** The share of the matrix's numbers that the factors may have. */
  readonly keep: number;
  readonly threads: number;
}

/** What was measured of one method. */
export interface LayerResult extends Omit<LayerRequest, "methods"> {
  readonly method: MethodName;
  readonly seconds: number;
  /** The share of each operation of the device in that time, largest first. */
  readonly shares: Readonly<Record<string, number>>;
  /** The share of what grows as products of matrices do: matmul and gram, and the steps of them. */
  readonly productShare: number;
  /** The peak of resident memory beyond what matrix and statistics took, in bytes. */
  readonly peakBytes: number;
  /** The same as a multiple of the matrix in f64. */
  readonly peakInMatrices: number;
}

type Method = (
  weight: Tensor,
  seen: Statistics,
  options: { readonly keep: number; readonly device: Device },
) => Promise<unknown>;

/** The name of a method that can be measured. */
export type MethodName = "svd" | "asvd" | "nsvd";

/** The methods that can be measured. */
export const METHODS: Readonly<Record<MethodName, Method>> = {
  svd: (weight, _seen, options) => svd(weight, options),
  asvd,
  nsvd,
};

/** The operations that are products of matrices. */
const PRODUCTS = ["matmul", "gram"];

/** Statistics of inputs whose channels are correlated and of very different size. */
async function statisticsOf(n: number, device: Device): Promise<Statistics> {
  using scope = device.scope();
  const tokens = 2 * n;
  const x = randomNormal([tokens, n], { seed: 2 });
  for (let t = 0; t < tokens; t++) {
    // Neighbours share a part, and every hundredth channel is an outlier.
    for (let j = 1; j < n; j++) x.data[t * n + j] += 0.5 * x.data[t * n + j - 1];
    for (let j = 50; j < n; j += 100) x.data[t * n + j] *= 20;
  }
  const sum = scope.zeros([n, n], "f64");
  scope.gram(scope.upload(x), sum);
  const ones = tensor(new Float64Array(n).fill(1), [n]);
  return { tokens, gram: await downloadF64(scope, sum), meanAbs: ones, maxAbs: ones };
}

async function measure(request: LayerRequest): Promise<void> {
  const { methods, rows, cols, keep, threads } = request;
  const weight = randomNormal([rows, cols], { seed: 1 });
  let seen: Statistics;
  {
    using device = await createWasmDevice({ threads });
    seen = await statisticsOf(cols, device);
  }
  for (const method of methods) {
    using device = await createWasmDevice({ threads });
    const timed = timeOperations(device);
    (globalThis as { gc?: () => void }).gc?.();
    const before = Deno.memoryUsage().rss;
    const started = performance.now();
    await METHODS[method](weight, seen, { keep, device: timed.device });
    const ms = performance.now() - started;
    const peakBytes = 1024 * process.resourceUsage().maxRSS - before;
    const shares = [...timed.spentMs].map(([name, spent]) => [name, spent / ms] as const)
      .sort(([, a], [, b]) => b - a);
    const productShare = shares.reduce(
      (sum, [name, share]) => PRODUCTS.includes(name) ? sum + share : sum,
      0,
    );
    const result: LayerResult = {
      method,
      rows,
      cols,
      keep,
      threads,
      seconds: ms / 1000,
      shares: Object.fromEntries(shares.filter(([, share]) => share >= 0.005)),
      productShare,
      peakBytes,
      peakInMatrices: peakBytes / (8 * rows * cols),
    };
    console.log(JSON.stringify(result));
  }
}

if (import.meta.main) await measure(JSON.parse(Deno.args[0]));
