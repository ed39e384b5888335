import { assert, assertEquals, assertThrows } from "@std/assert";
import { bidiagonalQr } from "./bidiagonal_qr.ts";

const ignored = () => {};

function singularValuesOf(diagonal: readonly number[], beside: readonly number[]): Float64Array {
  const d = Float64Array.from(diagonal);
  const e = Float64Array.from(beside);
  bidiagonalQr("Cannot test", d, e, ignored, ignored);
  assertEquals(e.map(Math.abs), new Float64Array(e.length));
  return d.map(Math.abs).sort().reverse();
}

Deno.test("bidiagonalQr() finds known singular values", () => {
  for (const n of [1, 2, 3, 10, 101]) {
    const found = singularValuesOf(Array(n).fill(1), Array(n - 1).fill(1));
    for (const [i, value] of found.entries()) {
      // B Bᵀ is 2 and 1 but for its last element: values 2 cos(iπ/(2n + 1)), from i = 1.
      const wanted = 2 * Math.cos((i + 1) * Math.PI / (2 * n + 1));
      // Relative to each value: 8 units of tolerance and some rounding for each of n.
      assert(Math.abs(value / wanted - 1) <= 8 * n * 2 ** -52, `value ${i} of ${n}: ${value}`);
    }
  }
});

Deno.test("bidiagonalQr() keeps all digits of small values, graded either way", () => {
  // The product of the values is that of the diagonal.
  const d = Array.from({ length: 12 }, (_, i) => 10 ** (-8 * i));
  for (const diagonal of [d, d.toReversed()]) {
    for (const factor of [0.5, 3]) {
      const e = Array.from(
        { length: 11 },
        (_, i) => factor * Math.min(diagonal[i], diagonal[i + 1]),
      );
      const found = singularValuesOf(diagonal, e);
      const product = found.reduce((sum, value) => sum + Math.log10(value), 0);
      assert(Math.abs(product + 8 * 66) <= 1e-12, `10^${product}`);
      for (const [i, value] of found.entries()) {
        assert(Math.abs(Math.log10(value) + 8 * i) <= 1, `value ${i}: ${value}`);
      }
    }
  }
});

Deno.test("bidiagonalQr() takes less than a sweep a value for graded matrices, either way", () => {
  const n = 40;
  const d = Array.from({ length: n }, (_, i) => 2 ** -i);
  const e = Array.from({ length: n - 1 }, (_, i) => d[i + 1] / 2);
  const countSweeps = (diagonal: readonly number[], beside: readonly number[]) => {
    let count = 0;
    const sweeps = () => void count++;
    const ends = [Float64Array.from(diagonal), Float64Array.from(beside)] as const;
    bidiagonalQr("Cannot test", ...ends, sweeps, ignored);
    return count;
  };
  // From the small end it takes more than 60.
  assert(countSweeps(d, e) <= n, `${countSweeps(d, e)}`);
  assert(countSweeps(d.toReversed(), e.toReversed()) <= n);
});

Deno.test("bidiagonalQr() finds the smallest value of Kahan's example", () => {
  // Demmel and Kahan, 1990, section 1: [1, x; 0, 1] chains whose smallest value is near x^(1-n).
  const n = 12;
  const found = singularValuesOf(Array(n).fill(1), Array(n - 1).fill(10));
  // B⁻¹ has elements (-10)^(j-i), whose largest singular value is known from its geometric sums.
  const rows = Array.from(
    { length: n },
    (_, i) => Array.from({ length: n }, (_, j) => j < i ? 0 : (-10) ** (j - i)),
  );
  let vector = Array(n).fill(1);
  let largest = 0;
  for (let iteration = 0; iteration < 30; iteration++) {
    const image = rows.map((row) => row.reduce((sum, value, j) => sum + value * vector[j], 0));
    const back = rows.map((_, j) => image.reduce((sum, value, i) => sum + value * rows[i][j], 0));
    largest = Math.sqrt(Math.hypot(...back) / Math.hypot(...vector));
    vector = back.map((value) => value / Math.hypot(...back));
  }
  assert(Math.abs(found[n - 1] * largest - 1) <= 1e-13, `${found[n - 1]}, not ${1 / largest}`);
});

Deno.test("bidiagonalQr() ends zeros on the diagonal without a NaN", () => {
  const near = (found: Float64Array, wanted: readonly number[]) => {
    for (const [i, value] of wanted.entries()) {
      assert(Math.abs(found[i] - value) <= 1e-15 * wanted[0], `value ${i}: ${found[i]}`);
    }
  };
  near(singularValuesOf([0, 0, 0], [0, 0]), [0, 0, 0]);
  near(singularValuesOf([0, 0], [3]), [3, 0]);
  near(singularValuesOf([1, 0, 1], [1, 1]), [Math.SQRT2, Math.SQRT2, 0]);
  near(singularValuesOf([0, 1, 2], [0, 0]), [2, 1, 0]);
  near(singularValuesOf([2, 0], [0]), [2, 0]);
  near(singularValuesOf([3, 0], [4]), [5, 0]);
  near(singularValuesOf([0, 3], [4]), [5, 0]);
  near(singularValuesOf([-2, 1], [0]), [2, 1]);
});

Deno.test("bidiagonalQr() ends with an error where it cannot converge", () => {
  const d = Float64Array.of(1, NaN, 1);
  const e = Float64Array.of(1, 1);
  assertThrows(
    () => bidiagonalQr("Cannot test", d, e, ignored, ignored),
    RangeError,
    "Cannot test as the QR iteration must converge in 40 sweeps",
  );
});
