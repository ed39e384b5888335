// The peaks that a kernel can be measured against: a loop of relaxed multiply-adds in registers, and a
// loop that reads memory, on as many threads as the kernel has, compiled when the bench runs.

import asc from "assemblyscript";
import { Worker } from "node:worker_threads";
import type { Run } from "./measure.ts";
import { type Loop, loopOf } from "./peak_loop.ts";
import type { Contender } from "./row.ts";

/** The operations of one run of one thread, whole calls of the loop; some 20 ms. */
const FLOPS: number = 960e6;

async function compile(name: string): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([
    `${name}.ts`,
    ...["--outFile", `${name}.wasm`],
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
      if (path === `${name}.wasm` && typeof contents !== "string") bytes = new Uint8Array(contents);
    },
    listFiles: () => [],
  });
  if (error || !bytes) throw new Error(`Cannot compile the loop:\n${stderr}`);
  return bytes;
}

/** A thread that runs its share when it is told to, and answers when it is done. */
async function startThread(
  module: WebAssembly.Module,
  loop: Loop,
  amount: number,
  resources: AsyncDisposableStack,
): Promise<() => Promise<void>> {
  const worker = new Worker(new URL("peak_worker.ts", import.meta.url), {
    workerData: { module, loop, amount },
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
    worker.postMessage(null);
    return answer();
  };
}

/** A loop on all threads at once, each of which does `amount`. */
async function prepareLoop(
  file: string,
  name: Loop,
  amount: number,
  threads: number,
  resources: AsyncDisposableStack,
): Promise<Run> {
  const module = await WebAssembly.compile(await compile(file));
  const loop = loopOf(module, name, amount);
  const others = await Promise.all(
    Array.from({ length: threads - 1 }, () => startThread(module, name, amount, resources)),
  );
  return async () => {
    const done = others.map((run) => run());
    loop();
    await Promise.all(done);
  };
}

/** Operations in registers as a contender of a row, on `threads` threads at once. */
export function peak(dtype: "f32" | "f64", threads: number): Contender<unknown> {
  return {
    name: `${dtype} peak`,
    flops: FLOPS * threads,
    prepare: (_operands, resources) => prepareLoop("peak", dtype, FLOPS, threads, resources),
  };
}

/** Reading so many bytes of memory, a share for each thread, as a contender of a row. */
export function reading(byteLength: number, threads: number): Contender<unknown> {
  const share = Math.ceil(byteLength / threads / 64) * 64;
  return {
    name: READING,
    prepare: (_operands, resources) => prepareLoop("read", "read", share, threads, resources),
  };
}

/** What {@linkcode reading} is called. */
export const READING = "reading the weight";
