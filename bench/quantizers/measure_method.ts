// Measures one method on one matrix, in a process of its own, so that its peak memory is its own.
// Started by run.ts; writes a line of JSON.

import { createWasmDevice, createWebgpuDevice, type Device } from "@pare/linalg";
import { parseRecipe, runMethod } from "@pare/pipeline";
import { randomNormal } from "@pare/tensor";
import process from "node:process";
import { REGISTRY } from "../../packages/cli/registry.ts";
import { correlatedInputs } from "../decomposers/correlated_inputs.ts";
import { timeOperations } from "../devices/time_operations.ts";
import { METHODS } from "./methods.ts";

/** Where methods are measured. */
export type DeviceName = "wasm" | "webgpu";

/** What is asked for, in the process's one argument. */
export interface MethodRequest {
  /** A key of `METHODS`. */
  readonly name: string;
  /** The matrix is n × n. */
  readonly size: number;
  readonly device: DeviceName;
  readonly threads: number;
}

/** What was measured of a method. */
export interface MethodResult extends MethodRequest {
  readonly seconds: number;
  /** How often each operation of the device was called. */
  readonly calls: Readonly<Record<string, number>>;
  /** On wasm, which computes before it returns, the share of each operation in the time. */
  readonly shares: Readonly<Record<string, number>> | null;
  /** On wasm, the share of the operations that are products of matrices. */
  readonly productShare: number | null;
  /** The peak of resident memory in bytes, without the runtime, the matrix and the Gram matrix. */
  readonly peakBytes: number;
}

/** The operations that are products of matrices. */
const PRODUCTS = ["matmul", "gram"];

/** Shares below this are not told. */
const LEAST_SHARE = 0.005;

const DEVICES: Readonly<Record<DeviceName, (threads: number) => Promise<Device>>> = {
  wasm: (threads) => createWasmDevice({ threads }),
  webgpu: () => createWebgpuDevice(),
};

async function measure(request: MethodRequest): Promise<MethodResult> {
  const { name, size, threads } = request;
  const { steps: [{ method, options }] } = parseRecipe(
    { version: 1, steps: [METHODS[name]] },
    REGISTRY,
  );
  const atStart = Deno.memoryUsage().rss;
  const weight = randomNormal([size, size], { seed: 1 });
  const statistics = correlatedInputs(size);
  // What is not the method's.
  const given = atStart + weight.data.byteLength + statistics.gram.data.byteLength;
  using device = await DEVICES[request.device](threads);
  const timed = timeOperations(device);
  const started = performance.now();
  await runMethod(REGISTRY[method], { weight, statistics, options, device: timed.device });
  const ms = performance.now() - started;
  const isTimed = request.device === "wasm";
  const shares = [...timed.spentMs].map(([operation, spent]) => [operation, spent / ms] as const)
    .sort(([, a], [, b]) => b - a);
  return {
    ...request,
    seconds: ms / 1000,
    calls: Object.fromEntries(timed.calls),
    shares: isTimed ? Object.fromEntries(shares.filter(([, share]) => share >= LEAST_SHARE)) : null,
    productShare: isTimed
      ? shares.reduce((sum, [of, share]) => PRODUCTS.includes(of) ? sum + share : sum, 0)
      : null,
    peakBytes: 1024 * process.resourceUsage().maxRSS - given,
  };
}

if (import.meta.main) console.log(JSON.stringify(await measure(JSON.parse(Deno.args[0]))));
