// The compiled kernels, their memory and their threads.

import { type Allocator, createAllocator } from "./allocator.ts";
import { loadKernelModule } from "./kernel_module.ts";
import { startWorker, type WorkerKind, workerKinds } from "./workers.ts";

/** How an engine is made; what is left out is what the runtime offers. */
export interface EngineOptions {
  /** The threads, the calling one included. */
  readonly threads: number;
  /** Whether memory may be shared. */
  readonly shared?: boolean;
  /** Whether relaxed instructions may be used. */
  readonly relaxed?: boolean;
  /** Which workers to take. */
  readonly workers?: WorkerKind;
}

/** Compiled kernels over a memory. */
export interface Engine {
  /** What of the engine decides the last bit. */
  readonly description: string;
  /** The threads at work, the calling one included. */
  readonly threads: number;
  readonly memory: WebAssembly.Memory;
  readonly allocator: Allocator;
  /**
   * Runs an operation to its end.
   *
   * @param operation Its number.
   * @param words Its addresses and counts, in the order that the kernel reads them.
   * @param numbers Its other parameters.
   * @param alone Whether it is too small to wake the other threads.
   */
  run(
    operation: number,
    words: readonly number[],
    numbers?: readonly number[],
    alone?: boolean,
  ): void;
  /** Ends the threads. */
  dispose(): void;
}

/** What the compiled kernels export. */
interface Exports {
  scratchBytes(): number;
  start(thread: number, scratch: number): void;
  isFused(a: number, c: number): number;
  run(operation: number, helpers: number, mayWait: boolean): void;
}

// The control block, as assembly/memory.ts lays it out.
const SIGNAL: number = 64;
const STOP: number = 256;
const WORDS: number = 320;
const NUMBERS: number = 512;
const CONTROL_BYTES: number = 1024;

/** The sizes of memory to try, in pages of 64 KiB: a browser may refuse to reserve the largest. */
const MAXIMUM_PAGES: readonly number[] = [65536, 32768, 16384, 4096];

/**
 * Compiles the kernels, makes their memory and starts the threads.
 *
 * @param options How many threads, and what to leave unused.
 * @returns The engine; with one thread if there is no shared memory or no worker will start.
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const kinds = options.workers ? [options.workers] : workerKinds();
  const shared = options.threads > 1 && kinds.length > 0 && (options.shared ?? canShare());
  const { module, relaxed } = await loadKernelModule(shared, options.relaxed ?? true);
  const { memory, limit } = createMemory(shared);
  const allocator = createAllocator(memory, CONTROL_BYTES, limit);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const exports = instance.exports as unknown as Exports;
  const scratch = exports.scratchBytes();
  exports.start(0, allocator.allocate(scratch));
  const starts = Array.from({ length: shared ? options.threads - 1 : 0 }, (_, i) => {
    return { module, memory, thread: i + 1, scratch: allocator.allocate(scratch) };
  });
  const ends = await Promise.all(starts.map((start) => startWorker(kinds[0], start)))
    .catch(() => []);
  const mayWait = shared && canWait(memory);
  let words = new Uint32Array(memory.buffer, WORDS, (NUMBERS - WORDS) / 4);
  let numbers = new Float64Array(memory.buffer, NUMBERS, (CONTROL_BYTES - NUMBERS) / 8);
  return {
    description: describe(relaxed, exports),
    threads: ends.length + 1,
    memory,
    allocator,
    run(operation, operands, factors = [], alone = false) {
      // A memory that is not shared leaves its views empty when it grows.
      if (words.length === 0) {
        words = new Uint32Array(memory.buffer, WORDS, (NUMBERS - WORDS) / 4);
        numbers = new Float64Array(memory.buffer, NUMBERS, (CONTROL_BYTES - NUMBERS) / 8);
      }
      words.set(operands);
      numbers.set(factors);
      exports.run(operation, alone ? 0 : ends.length, mayWait);
    },
    dispose() {
      const control = new Int32Array(memory.buffer, 0, CONTROL_BYTES / 4);
      Atomics.store(control, STOP / 4, 1);
      Atomics.add(control, SIGNAL / 4, 1);
      Atomics.notify(control, SIGNAL / 4);
      for (const end of ends) end();
    },
  };
}

/** Whether memory can be shared with workers; browsers demand isolation for it. */
function canShare(): boolean {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer === "function" && crossOriginIsolated !== false;
}

function createMemory(shared: boolean): { memory: WebAssembly.Memory; limit: number } {
  for (const maximum of MAXIMUM_PAGES) {
    try {
      const memory = new WebAssembly.Memory({ initial: 1, maximum, shared });
      return { memory, limit: maximum * 65536 };
    } catch (error) {
      if (maximum === MAXIMUM_PAGES.at(-1)) throw error;
    }
  }
  throw new RangeError("Cannot make a memory");
}

/** Whether this thread may sleep; the main thread of a page may not. */
function canWait(memory: WebAssembly.Memory): boolean {
  try {
    // The value is not the one that is waited on, so that this returns at once.
    Atomics.wait(new Int32Array(memory.buffer, 0, 1), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

function describe(relaxed: boolean, exports: Exports): string {
  if (!relaxed) return "wasm simd128";
  const fused = exports.isFused(1 + 2 ** -12, -(1 + 2 ** -11)) !== 0;
  return `wasm simd128 relaxed-madd ${fused ? "fused" : "unfused"}`;
}
