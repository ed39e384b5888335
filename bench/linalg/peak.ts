// The peak that a kernel can be measured against: a loop of relaxed multiply-adds in registers, on
// as many threads as the kernel has, compiled when the bench runs.

import asc from "assemblyscript";
import { Worker } from "node:worker_threads";
import type { Run } from "./measure.ts";
import { loopOf, type PeakDtype } from "./peak_loop.ts";
import type { Contender } from "./row.ts";

/** The operations of one run of one thread, whole calls of the loop; some 20 ms. */
const FLOPS: number = 960e6;

async function compile(): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([
    "peak.ts",
    ...["--outFile", "peak.wasm"],
    ...["--runtime", "stub"],
    ...["--optimizeLevel", "2", "--noAssert"],
    ...["--enable", "simd,relaxed-simd"],
  ], {
    readFile: (path: string) => {
      try {
        return Deno.readTextFileSync(new URL(`assembly/${path}`, import.meta.url));
      } catch {
        return null;
      }
    },
    writeFile: (path: string, contents: Uint8Array | string) => {
      if (path === "peak.wasm" && typeof contents !== "string") bytes = new Uint8Array(contents);
    },
    listFiles: () => [],
  });
  if (error || !bytes) throw new Error(`Cannot compile the loop:\n${stderr}`);
  return bytes;
}

/** A thread that runs its share when it is told to, and answers when it is done. */
async function startThread(
  module: WebAssembly.Module,
  dtype: PeakDtype,
  resources: AsyncDisposableStack,
): Promise<() => Promise<void>> {
  const worker = new Worker(new URL("peak_worker.ts", import.meta.url), {
    workerData: { module, dtype },
  });
  resources.defer(async () => void await worker.terminate());
  let done = () => {};
  let fail = (_error: Error) => {};
  worker.on("message", () => done());
  worker.on("error", (error: Error) => fail(error));
  const answer = () =>
    new Promise<void>((resolve, reject) => {
      done = resolve;
      fail = reject;
    });
  await answer();
  return () => {
    worker.postMessage(FLOPS);
    return answer();
  };
}

/** The loop as a contender of a row, on `threads` threads at once. */
export function peak(dtype: PeakDtype, threads: number): Contender<unknown> {
  return {
    name: `${dtype} peak`,
    flops: FLOPS * threads,
    prepare: async (_operands, resources): Promise<Run> => {
      const module = await WebAssembly.compile(await compile());
      const loop = loopOf(module, dtype);
      const others = await Promise.all(
        Array.from({ length: threads - 1 }, () => startThread(module, dtype, resources)),
      );
      return async () => {
        const done = others.map((run) => run());
        loop(FLOPS);
        await Promise.all(done);
      };
    },
  };
}
