// Small blocks on the diagonal: Cholesky factors of them, and solves with them.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ShapeError } from "@pare/tensor";
import type { SolveBlockOptions } from "../factorization_steps.ts";
import {
  type DeviceCase,
  type Float,
  floatsOf,
  put,
  randomValues,
  type Target,
  UNIT,
  type Values,
  valuesOn,
} from "./device_case.ts";
import { overwritten, rectangle, transposed } from "./oracle.ts";

/** Sizes about those of tiles and blocks. */
const SIZES: readonly number[] = [1, 3, 4, 5, 8, 31, 63, 64, 65, 127, 128];

/**
 * What rounding may leave of a sum of n products and a division or root: n + 1 units, and those few
 * that WGSL allows for a quotient (5) and a root (10); twice, as residuals are sums themselves.
 */
function roundings(n: number, dtype: Float): number {
  return 2 * (n + 16) * UNIT[dtype];
}

/** I + x xᵀ / n, of numbers that the dtype holds. */
function positive(n: number, seed: number, dtype: Float): Values {
  const x = randomValues([n, n], seed, dtype).data;
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 1 : 0;
      for (let k = 0; k < n; k++) sum += x[i * n + k] * x[j * n + k] / n;
      data[i * n + j] = data[j * n + i] = dtype === "f32" ? Math.fround(sum) : sum;
    }
  }
  return { shape: [n, n], data };
}

/** Random numbers, small beside a diagonal that is not. */
function triangle(n: number, seed: number, dtype: Float): Values {
  const { shape, data } = randomValues([n, n], seed, dtype);
  const scale = 2 ** -Math.ceil(Math.log2(n));
  return { shape, data: data.map((v, i) => i % (n + 1) ? v * scale : v < 0 ? v - 1 : v + 1) };
}

/** Fails unless all but one rectangle of a matrix kept its numbers. */
function assertKept(actual: Values, before: Values, block: readonly number[], what: string): void {
  const [row, col, rows, cols] = block;
  const rest = overwritten(before, rectangle(actual, row, col, rows, cols), row, col);
  assertEquals(actual.data, rest.data, `${what}: what is around the block`);
}

async function checkCholesky(
  target: Target,
  size: number,
  at: number,
  dtype: Float,
): Promise<void> {
  const n = at + size + 3;
  const what = `${dtype} block of ${size} at ${at}`;
  const block = positive(size, size, dtype);
  const before = overwritten(randomValues([n, n], 1, dtype), block, at, at);
  using scope = target.device.scope();
  const matrix = put(scope, before, dtype);
  const status = scope.zeros([2], dtype);
  scope.choleskyBlock(matrix, at, size, status);
  assertEquals((await valuesOn(target, status)).data, Float64Array.of(0, 0), what);
  const actual = await valuesOn(target, matrix);
  assertKept(actual, before, [at, at, size, size], what);
  const l = rectangle(actual, at, at, size, size).data;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      if (j > i) {
        assertEquals(l[i * size + j], block.data[i * size + j], `${what}: above the diagonal`);
        continue;
      }
      let [sum, magnitude] = [0, 0];
      for (let k = 0; k <= j; k++) {
        const term = l[i * size + k] * l[j * size + k];
        sum += term;
        magnitude += Math.abs(term);
      }
      const error = Math.abs(sum - block.data[i * size + j]);
      const bound = roundings(j + 1, dtype) * magnitude;
      assert(error <= bound, `${what}: [${i}, ${j}] is off by ${error}, more than ${bound}`);
    }
    assert(l[i * size + i] > 0, `${what}: diagonal ${i}`);
  }
}

async function checkSolve(
  target: Target,
  n: number,
  count: number,
  options: SolveBlockOptions,
  dtype: Float,
): Promise<void> {
  const { side = "left", lower = true, transpose = false, unitDiagonal = false } = options;
  const what = `${dtype} ${n}×${n}, ${count} systems, ${JSON.stringify(options)}`;
  const whole = triangle(n, n, dtype);
  const isLeft = side === "left";
  const [rows, cols] = isLeft ? [n, count] : [count, n];
  const before = randomValues([rows + 3, cols + 5], 2, dtype);
  using scope = target.device.scope();
  const x = put(scope, before, dtype);
  scope.solveBlock(put(scope, whole, dtype), x, { ...options, row: 1, col: 2, count });
  const after = await valuesOn(target, x);
  assertKept(after, before, [1, 2, rows, cols], what);

  const half = whole.data.map((value, i) => {
    const [row, col] = [Math.floor(i / n), i % n];
    if (row === col) return unitDiagonal ? 1 : value;
    return lower === (col < row) ? value : 0;
  });
  // Columns are systems; T X = B there, and Tᵀ Xᵀ = Bᵀ where T stands right.
  const t = transpose === isLeft ? transposed({ shape: [n, n], data: half }).data : half;
  const upright = (values: Values) => {
    const block = rectangle(values, 1, 2, rows, cols);
    return isLeft ? block.data : transposed(block).data;
  };
  const [solved, sides] = [upright(after), upright(before)];
  for (let j = 0; j < n; j++) {
    for (let c = 0; c < count; c++) {
      let [sum, magnitude] = [0, 0];
      for (let k = 0; k < n; k++) {
        const term = t[j * n + k] * solved[k * count + c];
        sum += term;
        magnitude += Math.abs(term);
      }
      const error = Math.abs(sum - sides[j * count + c]);
      const bound = roundings(n, dtype) * magnitude;
      assert(error <= bound, `${what}: [${j}, ${c}] is off by ${error}, more than ${bound}`);
    }
  }
}

/** What is done to blocks on the diagonal. */
export const BLOCK_CASES: readonly DeviceCase[] = [
  {
    name: "choleskyBlock() factorizes a block in place and leaves the rest be",
    run: async (target) => {
      for (const dtype of floatsOf(target, "choleskyBlock")) {
        for (const size of SIZES) await checkCholesky(target, size, size % 3, dtype);
      }
    },
  },
  {
    name: "choleskyBlock() keeps the first pivot that is not positive",
    run: async (target) => {
      for (const dtype of floatsOf(target, "choleskyBlock")) {
        for (const bad of [0, 1, 3, 4, 69, 127]) {
          for (const value of [-2, 0, NaN]) {
            using scope = target.device.scope();
            const data = new Float64Array(130 * 130);
            for (let i = 0; i < 130; i++) data[i * 131] = i === bad + 2 ? value : 1;
            const matrix = put(scope, { shape: [130, 130], data }, dtype);
            const status = scope.zeros([2], dtype);
            scope.choleskyBlock(matrix, 2, 128, status);
            assertEquals((await valuesOn(target, status)).data, Float64Array.of(bad + 3, value));
            const wrong = put(scope, { shape: [1, 1], data: Float64Array.of(-7) }, dtype);
            scope.choleskyBlock(wrong, 0, 1, status);
            assertEquals((await valuesOn(target, status)).data, Float64Array.of(bad + 3, value));
          }
        }
      }
    },
  },
  {
    name: "choleskyBlock() refuses what is not a block on a diagonal",
    run: ({ device }) => {
      using scope = device.scope();
      const [matrix, status] = [scope.zeros([200, 200]), scope.zeros([2])];
      const message = "size must be an integer from 1 to 128";
      assertThrows(() => scope.choleskyBlock(matrix, 0, 129, status), RangeError, message);
      assertThrows(() => scope.choleskyBlock(matrix, 0, 0, status), RangeError, message);
      assertThrows(() => scope.choleskyBlock(matrix, 100, 101, status), RangeError, "within");
      const wide = scope.zeros([4, 5]);
      assertThrows(() => scope.choleskyBlock(wide, 0, 2, status), ShapeError);
      assertThrows(() => scope.choleskyBlock(matrix, 0, 2, scope.zeros([1])), ShapeError);
      const counts = scope.zeros([2], "u32");
      assertThrows(() => scope.choleskyBlock(matrix, 0, 2, counts), TypeError, "dtypes");
    },
  },
  {
    name: "solveBlock() solves in place, on all sides and ways, and leaves the rest be",
    run: async (target) => {
      for (const dtype of floatsOf(target, "solveBlock")) {
        for (const side of ["left", "right"] as const) {
          for (const lower of [true, false]) {
            for (const transpose of [true, false]) {
              const options = { side, lower, transpose };
              for (const [n, count] of [[1, 1], [5, 7], [65, 50], [128, 97]]) {
                await checkSolve(target, n, count, options, dtype);
              }
              await checkSolve(target, 37, 9, { ...options, unitDiagonal: true }, dtype);
            }
          }
        }
        for (const n of SIZES) await checkSolve(target, n, 3, { side: "right" }, dtype);
      }
    },
  },
  {
    name: "solveBlock() solves for what is right of or below a place by default",
    run: async (target) => {
      using scope = target.device.scope();
      const two = put(scope, { shape: [1, 1], data: Float64Array.of(2) }, "f32");
      const ones = { shape: [3, 3], data: new Float64Array(9).fill(1) };
      const [x, y] = [put(scope, ones, "f32"), put(scope, ones, "f32")];
      scope.solveBlock(two, x, { row: 1, col: 1 });
      scope.solveBlock(two, y, { row: 1, col: 1, side: "right" });
      assertEquals(
        (await valuesOn(target, x)).data,
        Float64Array.of(1, 1, 1, 1, 0.5, 0.5, 1, 1, 1),
      );
      assertEquals(
        (await valuesOn(target, y)).data,
        Float64Array.of(1, 1, 1, 1, 0.5, 1, 1, 0.5, 1),
      );
    },
  },
  {
    name: "solveBlock() refuses what does not fit",
    run: ({ device }) => {
      using scope = device.scope();
      const [small, x] = [scope.zeros([4, 4]), scope.zeros([9, 9])];
      assertThrows(() => scope.solveBlock(scope.zeros([4, 5]), x), ShapeError);
      assertThrows(() => scope.solveBlock(scope.zeros([129, 129]), x), RangeError, "1 to 128");
      assertThrows(() => scope.solveBlock(small, x, { row: 6 }), RangeError, "lie within [9, 9]");
      assertThrows(() => scope.solveBlock(small, x, { count: 10 }), RangeError, "lie within");
      assertThrows(() => scope.solveBlock(small, x, { count: 0 }), RangeError, "count");
      assertThrows(
        () => scope.solveBlock(small, x, { side: "right", col: 6 }),
        RangeError,
        "lie within",
      );
      assertThrows(() => scope.solveBlock(small, scope.zeros([9])), RangeError, "2 dimensions");
      assertThrows(() => scope.solveBlock(small, scope.zeros([9, 9], "f64")), TypeError, "dtypes");
    },
  },
];
