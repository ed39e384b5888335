// Threads over one shared memory. Their source is part of this file, so that it needs no file or
// address of its own. Where the runtime has the workers of Node (Node, Deno, Bun) those are taken:
// they can be told not to keep the process alive; elsewhere the workers of the web.

/** What a thread is started with. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Which thread it is, 1 for the first. */
  readonly thread: number;
  /** The address of its own memory. */
  readonly scratch: number;
}

/** The kinds of workers. */
export type WorkerKind = "node" | "web";

/** What of the workers of Node is used here. */
interface NodeThreads {
  readonly Worker: new (source: string, options: object) => {
    once(event: string, listener: (value: unknown) => void): void;
    unref(): void;
    terminate(): unknown;
  };
}

const SERVE = `function serve({ module, memory, thread, scratch }, ready) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  exports.start(thread, scratch);
  ready();
  exports.serve();
}
`;

const NODE_SOURCE = `${SERVE}
const { parentPort, workerData } = process.getBuiltinModule("node:worker_threads");
serve(workerData, () => parentPort.postMessage("ready"));`;

const WEB_SOURCE = `${SERVE}
onmessage = ({ data }) => {
  serve(data, () => postMessage("ready"));
  close();
};`;

function nodeThreads(): NodeThreads | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): NodeThreads };
  };
  // deno-lint-ignore pare/no-platform-api -- found where it exists, done without where it does not
  return process?.getBuiltinModule?.("node:worker_threads");
}

/** Which workers can be had here, the preferred ones first. */
export function workerKinds(): WorkerKind[] {
  const kinds: WorkerKind[] = [];
  if (nodeThreads()) kinds.push("node");
  if (typeof Worker === "function" && typeof Blob === "function") kinds.push("web");
  return kinds;
}

/**
 * Starts a thread that serves until it is told to stop through the memory.
 *
 * @param kind Which workers to take.
 * @param start What the thread is started with.
 * @returns What ends the worker, once it is ready.
 */
export async function startWorker(kind: WorkerKind, start: WorkerStart): Promise<() => void> {
  return await (kind === "node" ? startNodeWorker(start) : startWebWorker(start));
}

function startNodeWorker(start: WorkerStart): Promise<() => void> {
  const threads = nodeThreads();
  if (!threads) return Promise.reject(new TypeError("Cannot start a worker of Node"));
  const worker = new threads.Worker(NODE_SOURCE, { eval: true, workerData: start });
  return new Promise((resolve, reject) => {
    worker.once("message", () => {
      worker.unref();
      resolve(() => worker.terminate());
    });
    worker.once("error", reject);
  });
}

function startWebWorker(start: WorkerStart): Promise<() => void> {
  const url = URL.createObjectURL(new Blob([WEB_SOURCE], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  return new Promise<() => void>((resolve, reject) => {
    worker.onmessage = () => resolve(() => worker.terminate());
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(start);
  }).finally(() => URL.revokeObjectURL(url));
}
