// Products of matrices: shapes, transposes, batches, alpha, accumulation, Gram matrices.

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { randomUniform, ShapeError, tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Expected,
  type Float,
  floatsOf,
  put,
  randomValues,
  UNIT,
  type Values,
} from "./device_case.ts";
import { batchedProduct, eachTransposed, product, rectangle, transposed } from "./oracle.ts";

const TRANSPOSES = [[false, false], [true, false], [false, true], [true, true]] as const;

/** Rows, columns and inner dimension: single, odd, across the edges of any block. */
const SHAPES = [
  [1, 1, 1],
  [3, 1, 17],
  [1, 65, 3],
  [17, 3, 1],
  [65, 17, 130],
  [130, 65, 3],
  [1, 130, 65],
  [5, 259, 131],
  [131, 129, 67],
  // More columns than a block, and so few rows that their products may be summed one by one.
  [9, 1050, 5],
  [23, 13, 70],
  [24, 11, 9],
  [25, 12, 33],
] as const;

/** Rows, columns, inner dimension, and where a lower triangle begins. */
const LOWER_SHAPES = [
  [1, 1, 3, 0, 0],
  [1, 9, 3, 1, 0],
  [9, 1, 5, 0, 2],
  [7, 20, 17, 3, 1],
  [70, 33, 5, 0, 0],
  [131, 131, 67, 2, 5],
  [300, 290, 9, 0, 0],
] as const;

/** Multiplies on the device what the oracle multiplies untransposed. */
async function checkProduct(
  device: Device,
  dtype: Float,
  a: Values,
  b: Values,
  [transposeA, transposeB]: readonly [boolean, boolean],
  alpha: number,
): Promise<void> {
  using left = put(device, transposeA ? transposed(a) : a, dtype);
  using right = put(device, transposeB ? transposed(b) : b, dtype);
  using result = device.matmul(left, right, { transposeA, transposeB, alpha });
  const what = `${dtype} [${a.shape}] by [${b.shape}], transposed ${[transposeA, transposeB]}`;
  assertEquals(result.dtype, dtype, what);
  await assertOnDevice(device, result, product(a, b, alpha, dtype), what);
}

/** What a device does with products. */
export const MATMUL_CASES: readonly DeviceCase[] = [
  ...TRANSPOSES.map((transposes): DeviceCase => ({
    name: `matmul() multiplies every shape, transposed ${transposes.join(", ")}`,
    async run(target) {
      for (const dtype of floatsOf(target, "matmul")) {
        for (const [m, n, k] of SHAPES) {
          const a = randomValues([m, k], 1, dtype);
          const b = randomValues([k, n], 2, dtype);
          await checkProduct(target.device, dtype, a, b, transposes, 1);
        }
      }
    },
  })),
  {
    name: "matmul() multiplies matrices larger than a block in every dimension",
    async run(target) {
      for (const dtype of floatsOf(target, "matmul")) {
        const a = randomValues([300, 270], 1, dtype);
        const b = randomValues([270, 290], 2, dtype);
        for (const transposes of TRANSPOSES) {
          await checkProduct(target.device, dtype, a, b, transposes, -0.75);
        }
      }
    },
  },
  {
    name: "matmul() multiplies stacks, and one matrix with a whole stack",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "matmul")) {
        for (
          const [shapeA, shapeB, shape] of [
            [[3, 5, 17], [3, 17, 9], [3, 5, 9]],
            [[3, 5, 17], [17, 9], [3, 5, 9]],
            [[3, 5, 17], [1, 17, 9], [3, 5, 9]],
            [[5, 17], [3, 17, 9], [3, 5, 9]],
            [[1, 5, 17], [3, 17, 9], [3, 5, 9]],
            [[1, 1, 3], [4, 3, 1], [4, 1, 1]],
          ]
        ) {
          const a = randomValues(shapeA, 1, dtype);
          const b = randomValues(shapeB, 2, dtype);
          const expected = { ...batchedProduct(a, b, shape[0], dtype), shape };
          for (const [transposeA, transposeB] of TRANSPOSES) {
            using left = put(device, transposeA ? eachTransposed(a) : a, dtype);
            using right = put(device, transposeB ? eachTransposed(b) : b, dtype);
            using result = device.matmul(left, right, { transposeA, transposeB });
            const what = `${dtype} [${shapeA}] by [${shapeB}], ${[transposeA, transposeB]}`;
            await assertOnDevice(device, result, expected, what);
          }
        }
      }
    },
  },
  {
    name: "matmul() keeps all leading dimensions of the stack",
    run({ device }) {
      using stack = device.zeros([2, 3, 4, 5]);
      using matrix = device.zeros([5, 7]);
      using single = device.zeros([1, 1, 5, 7]);
      using deep = device.zeros([1, 1, 1, 1, 5, 7]);
      using left = device.zeros([4, 4]);
      for (const right of [matrix, single, deep]) {
        using result = device.matmul(stack, right);
        assertEquals(result.shape, [2, 3, 4, 7]);
      }
      using result = device.matmul(left, stack);
      assertEquals(result.shape, [2, 3, 4, 5]);
    },
  },
  {
    name: "matmul() adds alpha times the product to a rectangle of `into`, and only there",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "matmul")) {
        for (
          const [m, n, k, row, col, height, width] of [
            [1, 1, 1, 0, 0, 1, 1],
            [3, 5, 17, 2, 1, 7, 9],
            [65, 33, 130, 1, 3, 67, 37],
            [130, 129, 3, 0, 0, 130, 129],
            [7, 131, 65, 9, 2, 16, 133],
          ]
        ) {
          for (const [transposeA, transposeB] of TRANSPOSES) {
            const a = randomValues([m, k], 1, dtype);
            const b = randomValues([k, n], 2, dtype);
            const before = randomValues([height, width], 3, dtype);
            using left = put(device, transposeA ? transposed(a) : a, dtype);
            using right = put(device, transposeB ? transposed(b) : b, dtype);
            using into = put(device, before, dtype);
            const options = { transposeA, transposeB, alpha: -1, into, row, col };
            assertStrictEquals(device.matmul(left, right, options), into);
            const expected = added(before, product(a, b, -1, dtype), row, col, k, dtype);
            const what = `${dtype} [${m}, ${k}] by [${k}, ${n}] at [${row}, ${col}]`;
            await assertOnDevice(device, into, expected, what);
          }
        }
      }
    },
  },
  {
    name: "matmul() adds to the lower triangle of a rectangle alone",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "matmul")) {
        for (const [m, n, k, row, col] of LOWER_SHAPES) {
          const a = randomValues([k, m], 1, dtype);
          const b = randomValues([n, k], 2, dtype);
          const before = randomValues([row + m + 1, col + n + 2], 3, dtype);
          using left = put(device, a, dtype);
          using right = put(device, b, dtype);
          using into = put(device, before, dtype);
          const options = { transposeA: true, transposeB: true, alpha: -1, into, row, col };
          device.matmul(left, right, { ...options, triangle: "lower" });
          const sum = product(transposed(a), transposed(b), -1, dtype);
          const { shape, data, bound } = added(before, sum, row, col, k, dtype);
          for (let i = 0; i < m; i++) {
            for (let j = i + 1; j < n; j++) {
              const at = (row + i) * shape[1] + col + j;
              data[at] = before.data[at];
              bound[at] = 0;
            }
          }
          await assertOnDevice(device, into, { shape, data, bound }, `${dtype} [${m}, ${n}]`);
        }
      }
    },
  },
  {
    name: "matmul() hands on NaN and infinities to the rows and columns they touch",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "matmul")) {
        const a = randomValues([17, 33], 1, dtype);
        const b = randomValues([33, 19], 2, dtype);
        a.data[3 * 33 + 32] = NaN;
        b.data[19 + 18] = NaN;
        b.data.fill(0, 32 * 19, 33 * 19);
        using left = put(device, a, dtype);
        using right = put(device, b, dtype);
        using result = device.matmul(left, right);
        await assertOnDevice(device, result, product(a, b, 1, dtype), dtype);
      }
    },
  },
  {
    name: "matmul() refuses shapes and dtypes that do not fit",
    run({ device }) {
      using a = device.zeros([3, 5]);
      using b = device.zeros([4, 5]);
      using two = device.zeros([2, 5, 3]);
      using three = device.zeros([3, 3, 5]);
      using vector = device.zeros([5]);
      using bytes = device.zeros([5, 3], "u8");
      using into = device.zeros([3, 3]);
      assertThrows(
        () => device.matmul(a, b),
        ShapeError,
        "must be [5, 5]: current shape is [4, 5]",
      );
      assertThrows(() => device.matmul(a, b, { transposeA: true }), ShapeError);
      assertThrows(() => device.matmul(two, three), ShapeError);
      using six = device.zeros([6, 3, 3]);
      using pairs = device.zeros([2, 3, 3, 3]);
      assertThrows(() => device.matmul(pairs, six), ShapeError);
      assertThrows(() => device.matmul(a, vector), RangeError, "2 dimensions");
      assertThrows(() => device.matmul(a, bytes), TypeError);
      assertThrows(() => device.matmul(bytes, bytes), TypeError);
      assertThrows(() => device.matmul(a, b, { transposeB: true, into }), RangeError, "[3, 3]");
      assertThrows(() => device.matmul(a, a, { transposeB: true, into, row: 1 }), RangeError);
      assertThrows(() => device.matmul(a, two, { into }), ShapeError);
      const lower = { transposeB: true, triangle: "lower" } as const;
      assertThrows(() => device.matmul(a, a, lower), TypeError, "together with into");
    },
  },
  {
    name: "matmul() gives the same bits every time",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "matmul")) {
        using a = put(device, randomValues([67, 129], 1, dtype), dtype);
        using b = put(device, randomValues([129, 131], 2, dtype), dtype);
        using first = device.matmul(a, b);
        using second = device.matmul(a, b);
        assertEquals(await device.download(second), await device.download(first));
      }
    },
  },
  {
    name: "gram() adds up integers exactly over several calls",
    async run({ device }) {
      for (const [rows, cols] of [[1, 1], [3, 17], [65, 5], [130, 66]]) {
        const batches = [1, 2, 3].map((seed) => integers([rows, cols], seed));
        using into = device.zeros([cols, cols], "f64");
        // Far more than 24 bits, so that a sum in f32 would lose the ones.
        const exact = new Float64Array(cols * cols);
        for (const x of batches) {
          using array = put(device, x, "f32");
          device.gram(array, into);
          const sums = product(transposed(x), x, 1, "f64");
          for (let i = 0; i < exact.length; i++) exact[i] += sums.data[i];
        }
        const expected = { shape: [cols, cols], data: exact };
        await assertOnDevice(device, into, expected, `[${rows}, ${cols}]`);
      }
    },
  },
  {
    name: "gram() of real numbers is far more exact than f32",
    async run({ device, doubles }) {
      const [rows, cols] = [257, 33];
      const x = randomValues([rows, cols], 4, "f32");
      using array = put(device, x, "f32");
      using into = device.zeros([cols, cols], "f64");
      for (let call = 0; call < 4; call++) device.gram(array, into);
      const sums = product(transposed(x), x, 4, "f64");
      // Products of two f32 are exact in f64, each sum rounds once; a pair of f32 carries at least
      // 44 bits through every step.
      const unit = doubles.has("matmul") ? UNIT.f64 : 2 ** -44;
      const scale = unit / UNIT.f64;
      const bound = (sums.bound as Float64Array).map((value) => 4 * scale * value);
      await assertOnDevice(device, into, { ...sums, bound }, "four times the same");
    },
  },
  {
    name: "gram() refuses other dtypes and shapes",
    run({ device }) {
      using x = device.zeros([3, 4]);
      assertThrows(() => device.gram(x, x), TypeError, "Cannot add a Gram matrix");
      using into = device.zeros([4, 3], "f64");
      assertThrows(() => device.gram(x, into), ShapeError, "must be [4, 4]");
    },
  },
];

/** `before` plus a product on a rectangle; one more rounding of the sum, and of each partial one. */
function added(
  before: Values,
  sum: Expected,
  row: number,
  col: number,
  k: number,
  dtype: Float,
): Values & { bound: Float64Array } {
  const data = before.data.slice();
  const bound = new Float64Array(data.length);
  const [m, n] = sum.shape;
  const [, width] = before.shape;
  for (let i = 0; i < m * n; i++) {
    const at = (row + Math.floor(i / n)) * width + col + i % n;
    data[at] += sum.data[i];
    bound[at] = (sum.bound as Float64Array)[i] +
      2 * (k + 2) * UNIT[dtype] * Math.abs(before.data[at]);
  }
  // What lies around the rectangle keeps every bit.
  const inside = rectangle({ shape: before.shape, data: bound }, row, col, m, n);
  assertEquals(inside.data.length, m * n);
  return { shape: before.shape, data, bound };
}

/** Integers from -4096 to 4095, whose Gram matrices need more than 24 bits. */
function integers(shape: readonly number[], seed: number): Values {
  const { data } = tensor(randomUniform(shape, { seed }).data, shape);
  return { shape, data: Float64Array.from(data, (value) => Math.floor(value * 8192) - 4096) };
}
