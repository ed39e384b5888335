// What a GPU reaches: products in f32 and with weights in f16, products with integer codes, Gram
// matrices, attention, Hadamard transforms, and a streaming pass as the reference for bandwidth.
//
//   deno run --no-prompt --allow-env=XDG_RUNTIME_DIR bench/linalg/webgpu_speed.ts [flags]
//
//   --size=4096,8192       the sides of square products, and of the Gram matrix
//   --weight=4096x4096,11008x4096   rows × columns of weights in codes
//   --bits=2,3,4,8         bits of a code
//   --tokens=1,256         rows that codes are multiplied with
//   --context=2048         keys of attention; as many queries, and one
//   --only=matmul,codes    which of: stream, matmul, codes, gram, attention, hadamard
//   --repeats=10           how many times each is timed; the minimum counts
//   --seconds=0.2          how long one timing should take, so that what waiting costs is little
//   --json                 print JSON instead of a table
//
// Each timing queues an operation as often as fills the time and waits once. Where the adapter has
// timestamps, what counts is the time that its compute passes take, else the clock on the wall.

import { parseArgs } from "@std/cli/parse-args";
import {
  type AffineArrays,
  createWebgpuDevice,
  type Device,
  type DeviceArray,
  downloadF32,
} from "@pare/linalg";
import { randomNormal, randomUniform, tensor } from "@pare/tensor";
import { createPassTimer, type PassTimer } from "./pass_timer.ts";

/** One line of the table. */
interface Result {
  readonly name: string;
  /** Of one operation. */
  readonly durationMs: number;
  readonly rate: number;
  readonly unit: "GFLOP/s" | "GB/s";
}

/** What is timed: an operation and the work it does. */
interface Work {
  readonly name: string;
  readonly run: () => DeviceArray;
  readonly amount: number;
  readonly unit: "GFLOP/s" | "GB/s";
}

interface Flags extends
  Readonly<
    Record<
      "size" | "weight" | "bits" | "tokens" | "context" | "only" | "repeats" | "seconds",
      string
    >
  > {
  readonly json: boolean;
}

const flags = parseArgs(Deno.args, {
  string: ["size", "weight", "bits", "tokens", "context", "only", "repeats", "seconds"],
  boolean: ["json"],
  default: {
    size: "4096,8192",
    weight: "4096x4096,11008x4096",
    bits: "2,3,4,8",
    tokens: "1,256",
    context: "2048",
    only: "stream,matmul,codes,gram,attention,hadamard",
    repeats: "10",
    seconds: "0.2",
  },
}) as unknown as Flags;

const numbersOf = (list: string) => list.split(",").map(Number);

/** A matrix of normal numbers, made of one block of them on the device. */
function randomMatrix(device: Device, rows: number, cols: number, seed: number): DeviceArray {
  const height = Math.min(rows, 256);
  using block = device.upload(randomNormal([height, cols], { seed }));
  const matrix = device.zeros([rows, cols]);
  for (let row = 0; row + height <= rows; row += height) device.write(matrix, block, row, 0);
  return matrix;
}

/** Waits for all that is queued. */
async function settle(device: Device, array: DeviceArray): Promise<void> {
  using flat = device.reshape(array, [1, array.shape.reduce((a, b) => a * b, 1)]);
  using one = device.slice(flat, { cols: 1 });
  await downloadF32(device, one);
}

/** The least time of one operation, in milliseconds. */
async function time(
  device: Device,
  run: () => DeviceArray,
  timer: PassTimer | null,
): Promise<number> {
  const timed = async (count: number): Promise<number> => {
    timer?.start();
    const start = performance.now();
    let last: DeviceArray | undefined;
    for (let i = 0; i < count; i++) {
      last?.[Symbol.dispose]();
      last = run();
    }
    if (last) await settle(device, last);
    const durationMs = performance.now() - start;
    last?.[Symbol.dispose]();
    return (await timer?.stop() ?? durationMs) / count;
  };
  // The first run compiles, the second tells how many fill the time.
  await timed(1);
  const once = await timed(1);
  const count = Math.max(1, Math.min(200, Math.round(Number(flags.seconds) * 1000 / once)));
  let least = Infinity;
  for (let i = 0; i < Number(flags.repeats); i++) least = Math.min(least, await timed(count));
  return least;
}

function* streamWork(device: Device): Generator<Work> {
  const x = randomMatrix(device, 4096, 4096, 1);
  const amount = 2 * 4 * 4096 ** 2;
  yield { name: "stream 64 MiB", run: () => device.scale(x, 2), amount, unit: "GB/s" };
}

function* matmulWork(device: Device): Generator<Work> {
  for (const n of numbersOf(flags.size)) {
    const [a, b] = [1, 2].map((seed) => randomMatrix(device, n, n, seed));
    const amount = 2 * n ** 3;
    const unit = "GFLOP/s";
    const name = `matmul ${n}³`;
    yield { name: `${name} f32`, run: () => device.matmul(a, b), amount, unit };
    const options = { transposeB: true };
    yield {
      name: `${name} f32, b transposed`,
      run: () => device.matmul(a, b, options),
      amount,
      unit,
    };
    const half = device.cast(b, "f16");
    yield { name: `${name} f32 by f16`, run: () => device.matmul(a, half), amount, unit };
  }
}

/** Weights in codes, and the bytes they take. */
function randomCodes(
  device: Device,
  rows: number,
  cols: number,
  bits: number,
): { weight: AffineArrays; byteLength: number } {
  const rowBytes = cols * bits / 8;
  const groups = cols / 128;
  const bytes = randomUniform([rows * rowBytes], { seed: bits }).data;
  const codes = tensor(Uint8Array.from(bytes, (x) => 256 * x), [rows, rowBytes], "u8");
  const weight = {
    codes: device.upload(codes),
    scales: device.upload(randomUniform([rows, groups], { seed: 2 })),
    zeroPoints: device.upload(randomUniform([rows, groups], { seed: 3 })),
    bits,
    groupSize: 128,
    rows,
    cols,
  };
  return { weight, byteLength: rows * (rowBytes + 8 * groups) };
}

function* codesWork(device: Device): Generator<Work> {
  for (const [rows, cols] of flags.weight.split(",").map((size) => size.split("x").map(Number))) {
    for (const bits of numbersOf(flags.bits)) {
      const { weight, byteLength } = randomCodes(device, rows, cols, bits);
      for (const tokens of numbersOf(flags.tokens)) {
        const x = device.upload(randomNormal([tokens, cols], { seed: 1 }));
        const few = tokens <= 16;
        yield {
          name: `codes of ${bits} bits, ${rows}×${cols}, ${tokens} tokens`,
          run: () => device.affineMatmul(x, weight),
          amount: few ? byteLength : 2 * tokens * rows * cols,
          unit: few ? "GB/s" : "GFLOP/s",
        };
      }
    }
  }
}

function* gramWork(device: Device): Generator<Work> {
  const n = numbersOf(flags.size)[0];
  const x = randomMatrix(device, 2048, n, 1);
  const into = device.zeros([n, n], "f64");
  const one = device.zeros([1, 1]);
  yield {
    name: `gram of 2048×${n}, compensated`,
    run: () => {
      device.gram(x, into);
      return device.reshape(one, [1]);
    },
    // As a product of the same matrices would count.
    amount: 2 * 2048 * n ** 2,
    unit: "GFLOP/s",
  };
}

function* attentionWork(device: Device): Generator<Work> {
  const [heads, kvHeads, headSize] = [32, 8, 128];
  for (const keys of numbersOf(flags.context)) {
    const [k, v] = [1, 2].map((seed) => randomMatrix(device, keys, kvHeads * headSize, seed));
    for (const queries of [keys, 1]) {
      const q = randomMatrix(device, queries, heads * headSize, 3);
      const isOne = queries === 1;
      yield {
        name: `attention, ${queries} queries, ${keys} keys, 32 heads on 8`,
        run: () => device.attention(q, k, v, { heads, kvHeads }),
        // Half of the keys are seen; a multiplication and an addition for each of Q Kᵀ and P V.
        amount: isOne ? 2 * 4 * keys * kvHeads * headSize : 2 * queries * keys * heads * headSize,
        unit: isOne ? "GB/s" : "GFLOP/s",
      };
    }
  }
}

function* hadamardWork(device: Device): Generator<Work> {
  const x = randomMatrix(device, 4096, 4096, 1);
  for (const block of [128, 4096, 2 ** 20]) {
    const flat = device.reshape(x, [2 ** 24 / Math.max(block, 4096), Math.max(block, 4096)]);
    yield {
      name: `hadamard of ${block}, 64 MiB`,
      run: () => device.hadamard(flat, block),
      amount: 2 * 4 * 2 ** 24,
      unit: "GB/s",
    };
  }
}

const WORK: Readonly<Record<string, (device: Device) => Iterable<Work>>> = {
  stream: streamWork,
  matmul: matmulWork,
  codes: codesWork,
  gram: gramWork,
  attention: attentionWork,
  hadamard: hadamardWork,
};

const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
if (!adapter) throw new Error("Cannot measure as a GPU adapter must be there: it is missing");
const hasTimestamps = adapter.features.has("timestamp-query");
const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
const gpu = await adapter.requestDevice({
  requiredFeatures: hasTimestamps ? ["timestamp-query"] : [],
  requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
});
const timer = hasTimestamps ? createPassTimer(gpu) : null;
using device = await createWebgpuDevice({ device: gpu });

const results: Result[] = [];
for (const kind of flags.only.split(",")) {
  using scope = device.scope();
  for (const { name, run, amount, unit } of WORK[kind](scope)) {
    const durationMs = await time(scope, run, timer);
    const rate = amount / durationMs / 1e6;
    results.push({ name, durationMs, rate, unit });
    if (!flags.json) {
      console.log(
        `${name.padEnd(56)} ${durationMs.toFixed(3).padStart(10)} ms ` +
          `${rate.toFixed(1).padStart(10)} ${unit}`,
      );
    }
  }
}
if (flags.json) {
  const clock = hasTimestamps ? "timestamps" : "wall";
  console.log(JSON.stringify({ device: device.description, clock, results }, null, 2));
}
