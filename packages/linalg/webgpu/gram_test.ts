import { assert, assertEquals } from "@std/assert";
import { randomNormal } from "@pare/tensor";
import { downloadF64 } from "../device.ts";
import { deviceTest } from "./testing/gpu_test_device.ts";

/** An f32 that is at least 2^-100 away from zero, or zero, as an integer multiple of 2^-124. */
function fixed(value: number): bigint {
  return BigInt(value * 2 ** 124);
}

/** Σ_t x[t, i] · x[t, j], exactly rounded, and Σ_t |x[t, i] · x[t, j]|. */
function exactSum(x: Float32Array, cols: number, i: number, j: number): [number, number] {
  let sum = 0n;
  let magnitude = 0;
  for (let start = 0; start < x.length; start += cols) {
    sum += fixed(x[start + i]) * fixed(x[start + j]);
    magnitude += Math.abs(x[start + i] * x[start + j]);
  }
  return [Number(sum) * 2 ** -248, magnitude];
}

// What tells f32, f64 and pairs of f32 apart: rows, columns, and how a number is made of a normal
// one and its place.
const MATRICES: readonly [
  name: string,
  tokens: number,
  cols: number,
  make: (normal: number, row: number, col: number) => number,
][] = [
  ["one token", 1, 3, (normal) => normal],
  ["normal numbers", 1000, 5, (normal) => normal],
  // Terms of 1e8 cancel to about 1: nothing of an f32 sum is right.
  ["sums that cancel", 512, 4, (normal, row, col) => 1e4 * (col ? (-1) ** row : 1) + normal],
  ["numbers from 1e-8 to 1e8", 600, 3, (normal, row) => normal * 10 ** (row % 17 - 8)],
];

for (const [name, tokens, cols, make] of MATRICES) {
  deviceTest(`gram() of ${name} keeps to its bound`, async (device) => {
    const x = randomNormal([tokens, cols], { seed: 3 }).data
      .map((normal, i) => make(normal, Math.floor(i / cols), i % cols));
    using array = device.upload({ dtype: "f32", shape: [tokens, cols], data: x });
    using sum = device.zeros([cols, cols], "f64");
    device.gram(array, sum);
    const { data } = await downloadF64(device, sum);
    for (let at = 0; at < data.length; at++) {
      const [exact, magnitude] = exactSum(x, cols, Math.floor(at / cols), at % cols);
      // The bound of the kernel's header; 2^-60 for the rounding of the exact sum.
      const bound = 6 * tokens * 2 ** -48 * magnitude;
      assert(Math.abs(data[at] - exact) <= bound, `${at}: ${data[at]} must be ${exact}`);
    }
  });
}

deviceTest(
  "gram() adds on to both triangles of what is not symmetric, call after call",
  async (device) => {
    const n = 70;
    const before = Float64Array.from({ length: n * n }, (_, i) => i + 2 ** -20);
    const data = Float32Array.from({ length: 3 * n }, (_, i) => i % 11 - 5);
    using x = device.upload({ dtype: "f32", shape: [3, n], data });
    using sum = device.upload({ dtype: "f64", shape: [n, n], data: before });
    device.gram(x, sum);
    device.gram(x, sum);
    const expected = before.map((value, at) => {
      const [exact] = exactSum(data, n, Math.floor(at / n), at % n);
      return value + 2 * exact;
    });
    assertEquals((await downloadF64(device, sum)).data, expected);
  },
);

deviceTest("gram() hands on infinities and NaN to what they touch", async (device) => {
  const data = Float32Array.of(1, 2, Infinity, 3, 4, NaN, 1, 0.5).subarray(0, 8);
  using x = device.upload({ dtype: "f32", shape: [2, 4], data });
  using sum = device.zeros([4, 4], "f64");
  device.gram(x, sum);
  device.gram(x, sum);
  const row0 = [1 + 16, NaN, Infinity, 3 + 2];
  const row2 = [Infinity, NaN, Infinity, Infinity];
  const row3 = [3 + 2, NaN, Infinity, 9.25];
  const nan = [NaN, NaN, NaN, NaN];
  const once = [row0, nan, row2, row3].flat();
  assertEquals([...(await downloadF64(device, sum)).data], once.map((value) => 2 * value));
});

deviceTest("cast() to f64 and back keeps f32, and rounds pairs", async (device) => {
  const pairs = Float64Array.of(1 + 2 ** -30, -3, 1e39, NaN, 0);
  using double = device.upload({ dtype: "f64", shape: [5], data: pairs });
  using single = device.cast(double, "f32");
  assertEquals((await device.download(single)).data, Float32Array.of(1, -3, Infinity, NaN, 0));
  using again = device.cast(single, "f64");
  assertEquals((await downloadF64(device, again)).data, Float64Array.of(1, -3, Infinity, NaN, 0));
});
