import { toF32 } from "@pare/tensor";
import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { toSixBits } from "./six_bits.ts";

const ACTION = "Cannot round";

Deno.test("toSixBits() divides the largest of eight by 63, in f16, and rounds by that", () => {
  const exact = Float64Array.of(63, 31.4, 0, 1, 2, 3, 4, 5, 0.7, 0.1, 0, 0, 0, 0, 0, 0);
  const { integers, factors, values } = toSixBits(ACTION, exact, null, [1, 16]);
  assertEquals([integers.shape, factors.shape], [[1, 16], [1, 2]]);
  assertEquals(integers.data.subarray(0, 8), Uint8Array.of(63, 31, 0, 1, 2, 3, 4, 5));
  const [first, second] = toF32(factors).data;
  assertEquals([first, values[1]], [1, 31]);
  assertLessOrEqual(Math.abs(second * 63 / 0.7 - 1), 2 ** -11);
  assertEquals(values[8], second * integers.data[8]);
});

Deno.test("toSixBits() keeps what is smaller than 63 of the least numbers", () => {
  const exact = Float64Array.from({ length: 8 }, (_, i) => i * 2 ** -24);
  const { values } = toSixBits(ACTION, exact, null, [1, 8]);
  assertEquals(values, exact);
  const zeros = toSixBits(ACTION, new Float64Array(8), null, [1, 8]);
  assertEquals([zeros.values, toF32(zeros.factors).data[0]], [new Float64Array(8), 0]);
});

Deno.test("toSixBits() searches where errors count, and loses nothing", () => {
  const exact = Float64Array.of(1, 0.51, 0.34, 0.13, 0.77, 0.62, 0.05, 0.91);
  const weights = Float64Array.of(0.01, 1, 3, 1, 5, 1, 2, 1);
  const errorOf = (values: Float64Array) =>
    exact.reduce((sum, value, i) => sum + weights[i] * (value - values[i]) ** 2, 0);
  const plain = errorOf(toSixBits(ACTION, exact, null, [1, 8]).values);
  const searched = errorOf(toSixBits(ACTION, exact, weights, [1, 8]).values);
  assert(searched < 0.9 * plain, `${searched} of ${plain}`);
});

Deno.test("toSixBits() refuses factors too large for f16", () => {
  const exact = new Float64Array(8).fill(1e7);
  assertThrows(() => toSixBits(ACTION, exact, null, [1, 8]), RangeError, "finite in f16");
});
