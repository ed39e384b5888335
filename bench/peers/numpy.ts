// numpy with OpenBLAS and LAPACK as a peer: a process that stays alive and is told line by line what
// to do, so that its runs take turns with ours. It measures itself, so that the pipe costs nothing.
//
// There is no test of it beside, as tests may start nothing but Deno; it is asked for a factor that
// is known when it starts.

import { bytesOf, type Tensor } from "@pare/tensor";

const PYTHON = "/usr/bin/python3";

/** What installs it. */
export const INSTALL_NUMPY: string =
  "apt-get install -y --no-install-recommends python3-numpy libopenblas0-pthread";

/** A running numpy. */
export interface Numpy extends AsyncDisposable {
  readonly version: string;
  /** Gives a tensor a name in later expressions. */
  load(name: string, tensor: Tensor<"f32"> | Tensor<"f64">): Promise<void>;
  /** Evaluates an expression of Python, such as `np.linalg.eigh(a)`; returns the ms it took. */
  time(expression: string): Promise<number>;
  /** Evaluates an expression and hands its numbers out in f64. */
  get(expression: string): Promise<Float64Array>;
}

/** Reads lines and counts of bytes from a stream. */
function createReader(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const reader = stream.getReader();
  let held = new Uint8Array(0);
  /** Waits for more; tells whether there was any. */
  async function more(): Promise<boolean> {
    const { value } = await reader.read();
    if (!value) return false;
    const both = new Uint8Array(held.length + value.length);
    both.set(held);
    both.set(value, held.length);
    held = both;
    return true;
  }
  async function take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    while (held.length < length) {
      if (!await more()) throw new Error("Cannot hear from numpy as it ended");
    }
    const taken = held.slice(0, length);
    held = held.slice(length);
    return taken;
  }
  return {
    take,
    async line(): Promise<string | null> {
      let end;
      while ((end = held.indexOf(10)) < 0) if (!await more()) return null;
      return new TextDecoder().decode(await take(end + 1));
    },
  };
}

/**
 * Starts numpy.
 *
 * @param threads How many threads OpenBLAS may use.
 * @returns It, or undefined if it is not installed.
 */
export async function startNumpy(threads: number): Promise<Numpy | undefined> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(PYTHON, {
      args: [new URL("numpy_driver.py", import.meta.url).pathname],
      // Cleared: a variable such as OPENBLAS_CORETYPE would hold it below what the machine can do.
      clearEnv: true,
      env: { OPENBLAS_NUM_THREADS: String(threads) },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const writer = child.stdin.getWriter();
  const reader = createReader(child.stdout);
  const greeting = await reader.line();
  if (greeting === null) {
    await writer.close().catch(() => {});
    await child.status;
    return undefined;
  }
  async function ask(request: object, data?: Uint8Array<ArrayBuffer>) {
    await writer.write(new TextEncoder().encode(JSON.stringify(request) + "\n"));
    if (data) await writer.write(data);
    const answer = await reader.line();
    if (answer === null) throw new Error(`Cannot do in numpy: ${JSON.stringify(request)}`);
    return JSON.parse(answer);
  }
  const numpy: Numpy = {
    version: JSON.parse(greeting).version,
    async load(name, tensor) {
      const data = bytesOf(tensor);
      const dtype = tensor.dtype === "f32" ? "<f4" : "<f8";
      await ask({ load: name, dtype, shape: tensor.shape, bytes: data.length }, data);
    },
    time: async (expression) => (await ask({ time: expression })).ms,
    async get(expression) {
      const { bytes } = await ask({ get: expression });
      return new Float64Array((await reader.take(bytes)).buffer);
    },
    async [Symbol.asyncDispose]() {
      await writer.close();
      await child.status;
    },
  };
  await check(numpy);
  return numpy;
}

/** Throws if the factor of [[4, 2], [2, 5]] is not [[2, 0], [1, 2]]: all numbers are exact. */
async function check(numpy: Numpy): Promise<void> {
  await numpy.load("a", { dtype: "f64", shape: [2, 2], data: Float64Array.of(4, 2, 2, 5) });
  const factor = await numpy.get("np.linalg.cholesky(a)");
  if (String(factor) !== "2,0,1,2") {
    throw new Error(`Cannot use numpy as the factor must be 2,0,1,2: current factor is ${factor}`);
  }
}
