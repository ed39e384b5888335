import { nodeOf, toDense } from "@pare/operators";
import { randomNormal, type Tensor, tensor } from "@pare/tensor";
import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { planQ4k, q4k, type Q4kOptions } from "./q4_k.ts";

const COLS = 512;

/** A Gram matrix of inputs of which some channels are a hundred times as large as others. */
function gramOf(sizeOf: (channel: number) => number): Tensor<"f64"> {
  const data = new Float64Array(COLS * COLS);
  for (let i = 0; i < COLS; i++) data[i * (COLS + 1)] = sizeOf(i);
  return tensor(data, [COLS, COLS]);
}
const GRAM = gramOf((i) => i % 7 === 0 ? 100 : 1);

/** tr(E diag(G) Eᵀ) / tr(W diag(G) Wᵀ). */
function errorOf(weight: Tensor, restored: Float32Array, gram: Tensor<"f64">): number {
  let [error, total] = [0, 0];
  weight.data.forEach((value, i) => {
    const factor = gram.data[i % COLS * (COLS + 1)];
    error += factor * (value - restored[i]) ** 2;
    total += factor * value ** 2;
  });
  return error / total;
}

Deno.test("q4k() returns what planQ4k() says", () => {
  const weight = randomNormal([3, COLS], { seed: 1 });
  for (const options of [{}, { importance: true }]) {
    assertEquals(nodeOf(q4k(weight, GRAM, options)), planQ4k([3, COLS], options));
  }
});

Deno.test("q4k() makes the codes with the scales and minima that are stored", () => {
  const weight = randomNormal([2, COLS], { seed: 2 });
  const restored = toDense(q4k(weight, null)).data;
  for (let block = 0; block < 2 * COLS / 32; block++) {
    const [start, end] = [32 * block, 32 * block + 32];
    // With 32 weights and 16 levels, two neighbours among the restored are a step apart.
    const levels = [...new Set(restored.slice(start, end))].sort((a, b) => a - b);
    const step = Math.min(...levels.slice(1).map((level, i) => level - levels[i]));
    for (let i = start; i < end; i++) {
      const inside = weight.data[i] >= levels[0] && weight.data[i] <= levels[levels.length - 1];
      const error = Math.abs(weight.data[i] - restored[i]);
      if (inside) assertLessOrEqual(error, step / 2 * (1 + 2 ** -18));
    }
  }
});

Deno.test("q4k() lowers the error of what counts where that is known, and needs it to be", () => {
  const weight = randomNormal([16, COLS], { seed: 3 });
  const plain = errorOf(weight, toDense(q4k(weight, GRAM)).data, GRAM);
  const weighed = errorOf(weight, toDense(q4k(weight, GRAM, { importance: true })).data, GRAM);
  assert(weighed < 0.8 * plain, `${weighed} of ${plain}`);
  assertEquals(q4k(weight, GRAM), q4k(weight, null));
  assertThrows(
    () => q4k(weight, null, { importance: true }),
    TypeError,
    "gram must be known for importance: current value is null",
  );
  const small = tensor(new Float64Array(4), [2, 2]);
  assertThrows(() => q4k(weight, small, { importance: true }), RangeError, "[512, 512]");
});

Deno.test("q4k() takes channels that were never anything but zero", () => {
  const weight = randomNormal([2, COLS], { seed: 4 });
  for (const gram of [gramOf(() => 0), gramOf((i) => i < 256 ? 0 : 1)]) {
    const restored = toDense(q4k(weight, gram, { importance: true })).data;
    assertLessOrEqual(errorOf(weight, restored, gramOf(() => 1)), 0.02);
  }
});

Deno.test("q4k() restores zero rows, constant rows, outliers and small numbers", () => {
  const rowsOf = (value: (i: number) => number) =>
    tensor(Float32Array.from({ length: 2 * COLS }, (_, i) => value(i)), [2, COLS]);
  const zeros = rowsOf(() => 0);
  assertEquals(toDense(q4k(zeros, null)), zeros);
  for (const value of [0.3, -0.3, 100, -2e4]) {
    const { data } = toDense(q4k(rowsOf(() => value), null));
    for (const restored of data) assertLessOrEqual(Math.abs(restored / value - 1), 2 ** -10);
  }
  const normal = randomNormal([2, COLS], { seed: 5 });
  const outlier = rowsOf((i) => i === 40 ? 5e4 : normal.data[i]);
  const restored = toDense(q4k(outlier, null)).data;
  assertLessOrEqual(Math.abs(restored[40] / 5e4 - 1), 0.05);
  // Other super-blocks are as good as without it.
  assertEquals(restored.slice(256), toDense(q4k(normal, null)).data.slice(256));
  // Scales of six bits begin at 2^-24: a step of a tenth of these weights.
  const small = rowsOf((i) => 1e-6 * normal.data[i]);
  assertLessOrEqual(errorOf(small, toDense(q4k(small, null)).data, gramOf(() => 1)), 0.02);
  const tiny = rowsOf((i) => 2 ** -140 * normal.data[i]);
  assertEquals(toDense(q4k(tiny, null)), zeros);
});

Deno.test("q4k() refuses what it cannot quantize", () => {
  const refused = (
    weight: Tensor,
    Kind: typeof RangeError | typeof TypeError,
    message: string,
    options: Q4kOptions = {},
  ) => assertThrows(() => q4k(weight, null, options), Kind, message);
  refused(randomNormal([2, 255]), RangeError, "must be a multiple of 256: current value is 255");
  refused(tensor(new Float32Array(256), [256]), RangeError, "shape");
  const weight = randomNormal([1, 256], { seed: 6 });
  refused(weight, TypeError, `option "bits" is unknown`, { bits: 4 } as Q4kOptions);
  weight.data[7] = NaN;
  refused(weight, RangeError, "finite: current value is NaN");
  weight.data[7] = 1e9;
  refused(weight, RangeError, "finite in f16");
});

Deno.test("q4k() repeats itself and leaves its input be", () => {
  const weight = randomNormal([3, COLS], { seed: 7 });
  const copy = weight.data.slice();
  assertEquals(q4k(weight, GRAM, { importance: true }), q4k(weight, GRAM, { importance: true }));
  assertEquals(weight.data, copy);
});
