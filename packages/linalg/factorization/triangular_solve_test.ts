import { assert, assertEquals, assertRejects } from "@std/assert";
import { ShapeError, tensor } from "@pare/tensor";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { type Float, randomValues, UNIT, type Values } from "../testing/device_case.ts";
import {
  assertRefusesBadMatrices,
  assertRepeats,
  asTensor,
  valuesOf,
} from "../testing/factorization_cases.ts";
import { roundedTo, times } from "../testing/matrices.ts";
import { transposed } from "../testing/oracle.ts";
import { triangularSolve } from "./triangular_solve.ts";

/** The triangle that is meant: one half of a matrix, ones on the diagonal if so wanted. */
function triangleOf({ shape, data }: Values, lower: boolean, unitDiagonal: boolean): Values {
  const [n] = shape;
  const kept = data.map((value, i) => {
    const [row, col] = [Math.floor(i / n), i % n];
    if (row === col) return unitDiagonal ? 1 : value;
    return lower === (col < row) ? value : 0;
  });
  return { shape, data: kept };
}

/** Random numbers, small beside the diagonal so that the system is well conditioned. */
function randomTriangle(n: number, seed: number): Values {
  const { shape, data } = randomValues([n, n], seed, "f64");
  return { shape, data: data.map((value, i) => i % (n + 1) === 0 ? 1.5 + value : value / n) };
}

/** What is left of the sides, element by element, and the product of magnitudes it is held against. */
function assertSolves(left: Values, right: Values, sides: Values, n: number, dtype: Float): void {
  const absolute = ({ shape, data }: Values) => ({ shape, data: data.map(Math.abs) });
  const restored = times(left, right);
  const magnitudes = times(absolute(left), absolute(right));
  for (const [i, wanted] of sides.data.entries()) {
    // (T + ΔT) x = b with |ΔT| <= n eps |T|, and the residual is a sum itself.
    const bound = 2 * (n + 4) * UNIT[dtype] * magnitudes.data[i];
    const error = Math.abs(restored.data[i] - wanted);
    assert(error <= bound, `element ${i}: ${error} > ${bound}`);
  }
}

for (const side of ["left", "right"] as const) {
  for (const lower of [true, false]) {
    for (const transpose of [false, true]) {
      const which = `${lower ? "lower" : "upper"}${transpose ? ", transposed" : ""}, ${side}`;
      Deno.test(`triangularSolve() solves with a triangle that is ${which}`, async () => {
        using device = createReferenceDevice();
        for (const dtype of ["f64", "f32"] as const) {
          for (const [n, count] of [[1, 1], [3, 5], [128, 1], [129, 7], [300, 33]]) {
            for (const unitDiagonal of [false, true]) {
              const whole = roundedTo(randomTriangle(n, 1), dtype);
              const shape = side === "left" ? [n, count] : [count, n];
              const sides = roundedTo(randomValues(shape, 2, "f64"), dtype);
              const x = await triangularSolve(asTensor(whole, dtype), asTensor(sides, dtype), {
                device,
                side,
                lower,
                transpose,
                unitDiagonal,
              });
              assertEquals([x.dtype, x.shape], [dtype, shape]);
              const half = triangleOf(whole, lower, unitDiagonal);
              const t = transpose ? transposed(half) : half;
              if (side === "left") assertSolves(t, valuesOf(x), sides, n, dtype);
              else assertSolves(valuesOf(x), t, sides, n, dtype);
            }
          }
        }
      });
    }
  }
}

Deno.test("triangularSolve() solves small integers exactly, and zeros to zeros", async () => {
  using device = createReferenceDevice();
  const triangle = tensor(Float64Array.of(2, 9, 9, -1, 1, 9, 4, 3, 8), [3, 3]);
  const sides = tensor(Float64Array.of(2, 0, 1, 0, 23, 0), [3, 2]);
  const { data } = await triangularSolve(triangle, sides, { device });
  assertEquals(data, Float64Array.of(1, 0, 2, 0, 1.625, 0));
});

Deno.test("triangularSolve() repeats itself and leaves its input be", async () => {
  using device = createReferenceDevice();
  const triangle = randomTriangle(70, 3);
  await assertRepeats(triangle, (matrix) => triangularSolve(matrix, matrix, { device }));
});

Deno.test("triangularSolve() refuses what it cannot solve", async () => {
  await assertRefusesBadMatrices((matrix, options) => triangularSolve(matrix, matrix, options));
  using device = createReferenceDevice();
  const two = tensor(Float64Array.of(1, 0, 1, 1), [2, 2]);
  const three = tensor(new Float64Array(3), [3, 1]);
  const singles = tensor(new Float32Array(4), [2, 2]);
  const zero = tensor(Float64Array.of(1, 1, 1, 0), [2, 2]);
  const nan = tensor(Float64Array.of(1, NaN, 1, 1), [2, 2]);
  await assertRejects(() => triangularSolve(two, three, { device }), ShapeError, "must be [2, 1]");
  await assertRejects(
    () => triangularSolve(two, three, { device, side: "right" }),
    ShapeError,
    "must be [3, 2]",
  );
  await assertRejects(() => triangularSolve(three, two, { device }), ShapeError);
  await assertRejects(() => triangularSolve(two, nan, { device }), RangeError, "[0, 1] is NaN");
  await assertRejects(
    () => triangularSolve(zero, two, { device }),
    RangeError,
    "as no diagonal element must be zero: current element 1 is 0",
  );
  const { data } = await triangularSolve(zero, two, { device, unitDiagonal: true });
  assertEquals(data, Float64Array.of(1, 0, 0, 1));
  await assertRejects(
    // @ts-expect-error: the dtypes must be equal.
    () => triangularSolve<"f64">(two, singles, { device }),
    TypeError,
    "dtypes must be equal",
  );
  const side = "top" as "left";
  await assertRejects(() => triangularSolve(two, two, { device, side }), RangeError, "side");
});
