// Measures one low-rank method on one matrix, in a process of its own, so that its peak memory is
// its own. Started by run.ts; writes a line of JSON.

import { asvd, nsvd, svd } from "@pare/decomposers";
import { createWasmDevice, type Device } from "@pare/linalg";
import type { Statistics } from "@pare/operators";
import { randomNormal, type Tensor } from "@pare/tensor";
import process from "node:process";
import { timeOperations } from "../devices/time_operations.ts";
import { correlatedInputs } from "./correlated_inputs.ts";

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
  /**
   * The peak of resident memory in bytes, without the runtime, the matrix in f32 and the Gram matrix;
   * of a process with several methods, that of all so far.
   */
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

async function measure(request: LayerRequest): Promise<void> {
  const { methods, rows, cols, keep, threads } = request;
  const atStart = Deno.memoryUsage().rss;
  const weight = randomNormal([rows, cols], { seed: 1 });
  const seen = correlatedInputs(cols);
  // What is not the method's.
  const given = atStart + weight.data.byteLength + seen.gram.data.byteLength;
  for (const method of methods) {
    using device = await createWasmDevice({ threads });
    const timed = timeOperations(device);
    (globalThis as { gc?: () => void }).gc?.();
    const started = performance.now();
    await METHODS[method](weight, seen, { keep, device: timed.device });
    const ms = performance.now() - started;
    const peakBytes = 1024 * process.resourceUsage().maxRSS - given;
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
