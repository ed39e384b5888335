import { assert, assertEquals, assertThrows } from "@std/assert";
import { randomValues } from "../testing/device_case.ts";
import { tridiagonalQr } from "./tridiagonal_qr.ts";

const ignored = () => {};

function eigenvaluesOf(diagonal: readonly number[], beside: readonly number[]): Float64Array {
  const d = Float64Array.from(diagonal);
  const e = Float64Array.from(beside);
  tridiagonalQr("Cannot test", d, e, ignored);
  assertEquals(e, new Float64Array(e.length));
  return d.sort();
}

Deno.test("tridiagonalQr() finds known eigenvalues", () => {
  for (const n of [1, 2, 3, 10, 101]) {
    const found = eigenvaluesOf(Array(n).fill(0), Array(n - 1).fill(1));
    for (const [i, value] of found.entries()) {
      const wanted = -2 * Math.cos((i + 1) * Math.PI / (n + 1));
      // A few units of the norm, which is 2, for each of about two sweeps a value.
      assert(Math.abs(value - wanted) <= 4 * n * 2 ** -53, `value ${i} of ${n}: ${value}`);
    }
  }
});

Deno.test("tridiagonalQr() keeps trace and norm", () => {
  for (const seed of [1, 2, 3]) {
    const n = 60;
    const d = [...randomValues([n], seed, "f64").data];
    const e = [...randomValues([n - 1], seed + 10, "f64").data];
    const found = eigenvaluesOf(d, e);
    const sum = (values: Iterable<number>) =>
      [...values].reduce((total, value) => total + value, 0);
    const squares = (values: Iterable<number>) => sum([...values].map((value) => value ** 2));
    assert(Math.abs(sum(found) - sum(d)) <= 1e-13);
    assert(Math.abs(squares(found) - squares(d) - 2 * squares(e)) <= 1e-12);
  }
});

Deno.test("tridiagonalQr() keeps the digits of small values, graded either way", () => {
  // D_i = 10^-4i beside elements a hundredth of the geometric mean: to first order the values are
  // D_i (1 ± 1e-4); both directions must agree to the last digits of each.
  const d = Array.from({ length: 6 }, (_, i) => 10 ** (-4 * i));
  const e = Array.from({ length: 5 }, (_, i) => 0.01 * Math.sqrt(d[i] * d[i + 1]));
  const down = eigenvaluesOf(d, e);
  const up = eigenvaluesOf(d.toReversed(), e.toReversed());
  for (const [i, value] of down.entries()) {
    assert(Math.abs(value / d[5 - i] - 1) <= 3e-4, `value ${i}: ${value}`);
    assert(Math.abs(up[i] / value - 1) <= 1e-13, `value ${i}: ${up[i]}, not ${value}`);
  }
});

Deno.test("tridiagonalQr() takes about a sweep a value for graded matrices, either way", () => {
  const n = 20;
  const d = Array.from({ length: n }, (_, i) => 10 ** (-2 * i));
  const e = Array.from({ length: n - 1 }, (_, i) => 0.5 * Math.sqrt(d[i] * d[i + 1]));
  const countSweeps = (diagonal: readonly number[], beside: readonly number[]) => {
    let count = 0;
    const counted = () => void count++;
    tridiagonalQr("Cannot test", Float64Array.from(diagonal), Float64Array.from(beside), counted);
    return count;
  };
  // From the small end it takes 38 here.
  assert(countSweeps(d, e) <= 1.25 * n);
  assertEquals(countSweeps(d.toReversed(), e.toReversed()), countSweeps(d, e));
});

Deno.test("tridiagonalQr() falls apart where elements are zero or negligible", () => {
  assertEquals(eigenvaluesOf([3, 1, 2], [0, 0]), Float64Array.of(1, 2, 3));
  assertEquals(eigenvaluesOf([3, 1, 2], [1e-30, 1e-30]), Float64Array.of(1, 2, 3));
  assertEquals(eigenvaluesOf([0, 0, 0], [0, 0]), Float64Array.of(0, 0, 0));
  const found = eigenvaluesOf([0, 0, 5, 0, 0], [1, 0, 0, 2]);
  for (const [i, wanted] of [-2, -1, 1, 2, 5].entries()) {
    assert(Math.abs(found[i] - wanted) <= 1e-15);
  }
});

Deno.test("tridiagonalQr() ends with an error where it cannot converge", () => {
  const d = Float64Array.of(1, NaN, 1);
  const e = Float64Array.of(1, 1);
  assertThrows(
    () => tridiagonalQr("Cannot test", d, e, ignored),
    RangeError,
    "Cannot test as the QR iteration must converge in 30 sweeps",
  );
});
