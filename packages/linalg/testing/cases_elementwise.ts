// Operations on every element and reductions along rows and columns.

import { assertEquals, assertThrows } from "@std/assert";
import { ShapeError, tensor } from "@pare/tensor";
import type { Activation, Reduction } from "../device.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Expected,
  type Float,
  floatsOf,
  FLUSHED,
  put,
  randomValues,
  UNIT,
  type Values,
} from "./device_case.ts";
import { erf, transposed } from "./oracle.ts";

const SHAPES = [[1], [3], [1, 1], [17, 65], [3, 130], [130, 1], [2, 3, 65], [257, 33]] as const;

/** Rounds as the dtype does. */
function rounded(value: number, dtype: Float): number {
  return dtype === "f32" ? Math.fround(value) : value;
}

const BINARY = {
  add: (a: number, b: number) => a + b,
  subtract: (a: number, b: number) => a - b,
  multiply: (a: number, b: number) => a * b,
} as const;

const ACTIVATIONS: Readonly<Record<Activation, (x: number) => number>> = {
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => x * (1 + erf(x / Math.SQRT2)) / 2,
  geluTanh: (x) => x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))) / 2,
  relu: (x) => x > 0 ? x : 0,
};

const ROW_REDUCTIONS: Readonly<Record<Reduction, (row: Float64Array) => number>> = {
  sum: (row) => row.reduce((total, value) => total + value, 0),
  absSum: (row) => row.reduce((total, value) => total + Math.abs(value), 0),
  squareSum: (row) => row.reduce((total, value) => total + value ** 2, 0),
  max: (row) => Math.max(...row),
  absMax: (row) => Math.max(...row.map(Math.abs)),
};

/** One number per row; a sum of n terms errs by n roundings of the sum of their magnitudes. */
function reducedRows(x: Values, reduction: Reduction, dtype: Float): Expected {
  const cols = x.shape.at(-1) ?? 1;
  const data = new Float64Array(x.data.length / cols);
  const bound = new Float64Array(data.length);
  const magnitude = reduction === "squareSum" ? "squareSum" : "absSum";
  const isSum = reduction !== "max" && reduction !== "absMax";
  for (let i = 0; i < data.length; i++) {
    const row = x.data.slice(i * cols, (i + 1) * cols);
    data[i] = ROW_REDUCTIONS[reduction](row);
    if (isSum) bound[i] = 2 * (cols + 1) * UNIT[dtype] * ROW_REDUCTIONS[magnitude](row);
  }
  return { shape: x.shape.slice(0, -1), data, bound };
}

/**
 * What an activation may be off by.
 *
 * An exponential of x errs by up to 3 + 2|x| units in the last place (two units of 2^-24 each), as
 * WGSL allows; the error function and tanh of a number err by a few units of one, whatever is left
 * of 1 + erf or 1 + tanh for negative x. 32 units of |x| cover both.
 */
function activationBound(x: number, value: number, activation: Activation, dtype: Float): number {
  if (activation === "relu") return 0;
  if (activation === "silu") {
    return (4 * (3 + 2 * Math.abs(x)) + 8) * UNIT[dtype] * Math.abs(value) + FLUSHED;
  }
  // The oracle's own integral is good to about 1e-14 of |x|.
  return (32 * UNIT[dtype] + (dtype === "f64" ? 2e-14 : 0)) * Math.abs(x) + FLUSHED;
}

/** What a device does element by element. */
export const ELEMENTWISE_CASES: readonly DeviceCase[] = [
  ...(["add", "subtract", "multiply"] as const).map((name): DeviceCase => ({
    name: `${name}() rounds once, for equal shapes, for a vector on every row and for one number`,
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "binary")) {
        for (const shape of SHAPES) {
          const a = randomValues(shape, 1, dtype);
          for (const other of [shape, shape.slice(-1), [1]]) {
            const b = randomValues(other, 2, dtype);
            using left = put(device, a, dtype);
            using right = put(device, b, dtype);
            using result = device[name](left, right);
            const data = a.data.map((value, i) =>
              rounded(BINARY[name](value, b.data[i % b.data.length]), dtype)
            );
            await assertOnDevice(device, result, { shape, data }, `${dtype} [${shape}]`);
          }
        }
      }
    },
  })),
  {
    name: "add(), subtract() and multiply() refuse other shapes and dtypes, and hand on NaN",
    async run({ device }) {
      using a = device.upload(tensor(Float32Array.of(NaN, 1, 2, Infinity), [2, 2]));
      using b = device.upload(tensor(Float32Array.of(1, NaN), [2]));
      for (const name of ["add", "subtract", "multiply"] as const) {
        using result = device[name](a, b);
        const wanted = Float32Array.of(NaN, NaN, 2, NaN);
        wanted[2] = BINARY[name](2, 1);
        assertEquals((await device.download(result)).data, wanted, name);
        using column = device.zeros([2, 1]);
        using bytes = device.zeros([2, 2], "u8");
        assertThrows(() => device[name](a, column), ShapeError);
        assertThrows(() => device[name](b, a), ShapeError);
        assertThrows(() => device[name](a, bytes), TypeError);
        assertThrows(() => device[name](bytes, bytes), TypeError);
      }
    },
  },
  {
    name: "scale() multiplies every element",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "scale")) {
        for (const shape of SHAPES) {
          const x = randomValues(shape, 1, dtype);
          using array = put(device, x, dtype);
          for (const factor of [0, -1, 0.375, 1 / 3]) {
            using result = device.scale(array, factor);
            const data = x.data.map((value) => value * factor);
            // The factor may be rounded to f32, and then the product.
            const bound = data.map((value) => 2.01 * UNIT[dtype] * Math.abs(value));
            const exact = factor !== 1 / 3;
            const expected = exact
              ? { shape, data: data.map((value) => rounded(value, dtype)) }
              : { shape, data, bound };
            await assertOnDevice(device, result, expected, `${dtype} [${shape}] by ${factor}`);
          }
        }
      }
    },
  },
  ...(["silu", "gelu", "geluTanh", "relu"] as const).map((activation): DeviceCase => ({
    name: `activate() applies ${activation} from end to end`,
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "activate")) {
        // From the flat left end over zero to where the function is the identity.
        const shape = [7, 35];
        const x: Values = {
          shape,
          data: Float64Array.from({ length: 245 }, (_, i) => rounded((i - 122) / 10.2, dtype)),
        };
        using array = put(device, x, dtype);
        using result = device.activate(array, activation);
        const data = x.data.map(ACTIVATIONS[activation]);
        const bound = data.map((y, i) => activationBound(x.data[i], y, activation, dtype));
        await assertOnDevice(device, result, { shape, data, bound }, dtype);
      }
    },
  })),
  {
    name: "activate() stays finite far out and hands on NaN",
    async run(target) {
      const { device } = target;
      using array = device.upload(tensor(Float32Array.of(-80, -20, 0, 20, 1e4, 1e30, NaN), [7]));
      for (const activation of ["silu", "gelu", "geluTanh", "relu"] as const) {
        using result = device.activate(array, activation);
        const data = Float64Array.of(0, 0, 0, 20, 1e4, Math.fround(1e30), NaN);
        // silu(-20) is -4e-8; all others are zero to the last place there.
        const expected = { shape: [7], data, bound: 5e-8 };
        await assertOnDevice(device, result, expected, activation);
      }
    },
  },
  ...(["sum", "absSum", "squareSum", "max", "absMax"] as const).map((reduction): DeviceCase => ({
    name: `reduceRows() and reduceCols() take the ${reduction}`,
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "reduce")) {
        for (const shape of [...SHAPES, [1, 1000], [1000, 3], [3, 2049]]) {
          const x = randomValues(shape, 1, dtype);
          // All negative in one row and column, so that a maximum cannot start from zero.
          for (let i = 0; i < x.data.length; i++) x.data[i] -= i % 3 ? 0 : 0.5;
          x.data.forEach((value, i) => x.data[i] = rounded(value, dtype));
          using array = put(device, x, dtype);
          using rows = device.reduceRows(array, reduction);
          const what = `${dtype} [${shape}]`;
          await assertOnDevice(device, rows, reducedRows(x, reduction, dtype), `${what} rows`);
          if (shape.length !== 2) continue;
          using cols = device.reduceCols(array, reduction);
          const wanted = reducedRows(transposed(x), reduction, dtype);
          await assertOnDevice(device, cols, wanted, `${what} columns`);
        }
      }
    },
  })),
  {
    name: "reduceRows() and reduceCols() hand on NaN, and take the maximum of negative numbers",
    async run({ device }) {
      const source = Float32Array.of(-3, NaN, -2, -5, -4, -6);
      using array = device.upload(tensor(source, [2, 3]));
      for (const reduction of ["sum", "absSum", "squareSum", "max", "absMax"] as const) {
        using rows = device.reduceRows(array, reduction);
        using cols = device.reduceCols(array, reduction);
        const reduce = ROW_REDUCTIONS[reduction];
        assertEquals(
          (await device.download(rows)).data,
          Float32Array.of(NaN, reduce(Float64Array.of(-5, -4, -6))),
        );
        assertEquals(
          (await device.download(cols)).data,
          Float32Array.of(reduce(Float64Array.of(-3, -5)), NaN, reduce(Float64Array.of(-2, -6))),
        );
      }
    },
  },
];
