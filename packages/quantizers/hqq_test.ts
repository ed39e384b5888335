import { bitsPerWeight, nodeOf, toDense } from "@pare/operators";
import { castTo, randomNormal, type Tensor, tensor, toF32 } from "@pare/tensor";
import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { hqq, type HqqOptions, planHqq } from "./hqq.ts";

const SETTINGS: readonly HqqOptions[] = [
  {},
  { bits: 2, groupSize: 16 },
  { bits: 3, groupSize: 24, partialGroups: true },
  { bits: 8, groupSize: 1000, partialGroups: true, scaleDtype: "f32" },
  { bits: 1, groupSize: 8, p: 1, beta: 1 },
];

/** Σ |w − ŵ|. */
function errorOf(weight: Tensor, options: HqqOptions): number {
  const restored = toDense(hqq(weight, options)).data;
  return weight.data.reduce((sum, value, i) => sum + Math.abs(value - restored[i]), 0);
}

Deno.test("hqq() returns what planHqq() says", () => {
  const weight = randomNormal([3, 64], { seed: 1 });
  for (const options of SETTINGS) {
    assertEquals(nodeOf(hqq(weight, options)), planHqq([3, 64], options));
  }
});

Deno.test("hqq() stores a scale and a zero point of 16 bits a group", () => {
  assertEquals(bitsPerWeight(hqq(randomNormal([2, 128]), { bits: 3, groupSize: 32 })), 4);
});

Deno.test("hqq() has no larger mean error than its first zero points", () => {
  for (let seed = 0; seed < 20; seed++) {
    const weight = randomNormal([4, 64], { seed });
    for (const [i, value] of weight.data.entries()) if (i % 37 === 0) weight.data[i] = 8 * value;
    for (const options of SETTINGS) {
      const first = errorOf(weight, { ...options, iterations: 0 });
      // Restored weights are rounded to f32 once.
      assertLessOrEqual(errorOf(weight, options), first * (1 + 2 ** -20));
    }
  }
});

Deno.test("hqq() begins with grids from the least to the greatest weight", () => {
  const weight = randomNormal([5, 96], { seed: 2 });
  const operator = hqq(weight, { bits: 3, groupSize: 32, iterations: 0, scaleDtype: "f32" });
  const restored = toDense(operator).data;
  for (const [i, value] of weight.data.entries()) {
    // Half a scale; the scale and the zero point are f32, each rounded once.
    const bound = operator.scales.data[Math.floor(i / 32)] * (0.5 + 8 * 2 ** -23);
    assert(Math.abs(value - restored[i]) <= bound, `weight ${i}`);
  }
});

Deno.test("hqq() makes its codes with the scale as it is stored", () => {
  // 1 / 3 is rounded down in f16: the scale's codes lie on its own grid, not on that of 1 / 3.
  const scale = toF32(castTo(tensor(Float32Array.of(1 / 3), [1]), "f16")).data[0];
  const weight = tensor(Float32Array.from({ length: 16 }, (_, i) => i * scale), [1, 16]);
  const operator = hqq(weight, { groupSize: 16 });
  assertEquals(toF32(operator.scales).data, Float32Array.of(scale));
  assertEquals(toDense(operator).data, weight.data);
});

Deno.test("hqq() restores groups that are all alike as well as their dtype allows", () => {
  for (const value of [0, 1, -0.25, 300, 1e-3, -1e-6, 2 ** -30, -1.1]) {
    for (const scaleDtype of ["f16", "f32"] as const) {
      const weight = tensor(new Float32Array(32).fill(value), [2, 16]);
      const restored = toDense(hqq(weight, { groupSize: 8, scaleDtype })).data;
      const exact = Math.fround(value);
      const stored = toF32(castTo(tensor(Float32Array.of(exact), [1]), scaleDtype)).data[0];
      for (const number of restored) {
        assertLessOrEqual(Math.abs(number - exact), Math.abs(stored - exact));
      }
    }
  }
});

Deno.test("hqq() keeps small weights apart, and those far from zero", () => {
  const normal = randomNormal([2, 64], { seed: 3 }).data;
  for (const [size, middle] of [[1e-6, 0], [1, 0], [1e3, 0], [1, 50], [1e-3, -1]]) {
    const weight = tensor(normal.map((value) => middle + size * value), [2, 64]);
    const restored = toDense(hqq(weight, { bits: 8, scaleDtype: "f32" })).data;
    weight.data.forEach((value, i) => {
      // Three standard deviations on both sides make 255 steps; f32 has 2^-24 of the middle.
      const bound = 6 * size / 255 + 2 ** -22 * Math.abs(middle);
      assert(Math.abs(value - restored[i]) <= bound, `${size} around ${middle}`);
    });
  }
});

Deno.test("hqq() lets an outlier spoil no group but its own", () => {
  const weight = randomNormal([1, 128], { seed: 4 });
  weight.data[70] = 6e4;
  const restored = toDense(hqq(weight)).data;
  for (let i = 0; i < 64; i++) assert(Math.abs(weight.data[i] - restored[i]) < 0.4);
  assert(restored.every(Number.isFinite));
  assert(Math.abs(restored[70] / 6e4 - 1) < 0.04);
});

Deno.test("hqq() goes on where one zero point is at the end of its dtype", () => {
  // The zero points of the first group would be 61,440 and more; those of the second can be better.
  const weight = tensor(Float32Array.of(-4096, -4095.999, -4095.5, -4095, 0, 1, 1.2, 5), [1, 8]);
  const operator = hqq(weight, { groupSize: 4 });
  assert(toDense(operator).data.every(Number.isFinite));
  const first = errorOf(weight, { groupSize: 4, iterations: 0 });
  assertLessOrEqual(errorOf(weight, { groupSize: 4 }), first);
});

Deno.test("hqq() handles one weight and one column", () => {
  const one = hqq(tensor(Float32Array.of(3), [1, 1]), { groupSize: 1 });
  assertEquals(toDense(one).data, Float32Array.of(3));
  assertEquals(hqq(randomNormal([5, 1]), { groupSize: 1 }).scales.shape, [5, 1]);
});

Deno.test("hqq() refuses what it cannot quantize", () => {
  const weight = randomNormal([2, 10], { seed: 6 });
  const refused = (
    weight: Tensor,
    options: HqqOptions,
    Kind: typeof RangeError | typeof TypeError,
    message: string,
  ) => assertThrows(() => hqq(weight, options), Kind, message);
  refused(weight, { groupSize: 4 }, RangeError, "groupSize must divide the 10 columns");
  refused(weight, { bits: 9 }, RangeError, "bits must be an integer from 1 to 8");
  refused(weight, { p: 2 }, RangeError, "p must be a number from 0 to 1");
  refused(weight, { beta: 0 }, RangeError, "beta must be a number above 0");
  refused(weight, { q: 5 } as HqqOptions, TypeError, `option "q" is unknown`);
  const options = { groupSize: 2 };
  refused(tensor(Float32Array.of(1, NaN), [1, 2]), options, RangeError, "finite");
  refused(tensor(Float32Array.of(1e9, 1e9), [1, 2]), options, RangeError, "scaleDtype is f16");
  refused(tensor(Float32Array.of(1e9, 0), [1, 2]), options, RangeError, "scaleDtype is f16");
  refused(tensor(Float32Array.of(1), [1]), {}, RangeError, "shape");
});

Deno.test("hqq() repeats itself and leaves its input be", () => {
  const weight = randomNormal([3, 64], { seed: 7 });
  const copy = weight.data.slice();
  assertEquals(hqq(weight), hqq(weight));
  assertEquals(weight.data, copy);
});
