// Steps of the reduction to tridiagonal form, and rotations of rows.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Float,
  floatsOf,
  put,
  putIndices,
  randomValues,
  UNIT,
  type Values,
} from "./device_case.ts";
import { allowed, distance, frobenius, identity, roundedTo, symmetric, times } from "./matrices.ts";
import { transposed } from "./oracle.ts";

/** Rows and columns, how many of them are not reduced yet, and how many are to be. */
const PANELS = [
  [1, 1, 1],
  [2, 2, 2],
  [3, 3, 1],
  [5, 4, 4],
  [40, 37, 9],
  [67, 67, 64],
  [150, 149, 5],
  [400, 390, 2],
] as const;

/** What a panel left on the device. */
interface Panel {
  readonly matrix: Values;
  readonly w: Values;
  readonly coefficients: Values;
}

async function reduced(
  device: Device,
  dtype: Float,
  values: Values,
  size: number,
  width: number,
): Promise<Panel> {
  using scope = device.scope();
  const [n] = values.shape;
  const matrix = put(scope, values, dtype);
  const w = put(scope, { shape: [width, size], data: new Float64Array(width * size) }, dtype);
  const coefficients = put(scope, { shape: [3, n], data: new Float64Array(3 * n) }, dtype);
  scope.tridiagonalPanel(matrix, w, coefficients);
  const read = async (array: typeof matrix) => {
    const { data } = await scope.download(array);
    return { shape: array.shape, data: Float64Array.from(data as Float64Array) };
  };
  return {
    matrix: await read(matrix),
    w: await read(w),
    coefficients: await read(coefficients),
  };
}

/** The first rows and columns. */
function leading({ shape, data }: Values, size: number): Values {
  const block = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) block[i * size + j] = data[i * shape[1] + j];
  }
  return { shape: [size, size], data: block };
}

/** Qᵀ A Q for the reflectors of a panel, applied one by one. */
function transformed(a: Values, panel: Panel, width: number): Values {
  const [size] = a.shape;
  const [n] = panel.matrix.shape;
  let current = a;
  for (let i = size - 1; i >= size - width; i--) {
    const v = { shape: [size, 1], data: panel.matrix.data.slice(i * n, i * n + size) };
    const h = identity(size);
    const outer = times(v, transposed(v));
    h.data.forEach((value, at) => {
      h.data[at] = value - panel.coefficients.data[2 * n + i] * outer.data[at];
    });
    current = times(h, times(current, h));
  }
  return current;
}

/** The panel's part of T, and before it what the update with V and W makes of A. */
function assembled(a: Values, { matrix, w, coefficients }: Panel, width: number): Values {
  const [size] = a.shape;
  const [n] = matrix.shape;
  const rest = size - width;
  const data = new Float64Array(size * size);
  for (let i = 0; i < rest; i++) {
    for (let j = 0; j < rest; j++) {
      let value = a.data[i * size + j];
      for (let k = 0; k < width; k++) {
        const v = (rest + k) * n;
        value -= matrix.data[v + i] * w.data[k * size + j] +
          w.data[k * size + i] * matrix.data[v + j];
      }
      data[i * size + j] = value;
    }
  }
  for (let i = rest; i < size; i++) {
    data[i * size + i] = coefficients.data[i];
    if (i > 0) data[i * size + i - 1] = data[(i - 1) * size + i] = coefficients.data[n + i - 1];
  }
  return { shape: [size, size], data };
}

async function checkPanel(
  device: Device,
  dtype: Float,
  values: Values,
  size: number,
  width: number,
): Promise<void> {
  const [n] = values.shape;
  const what = `${dtype} ${width} rows of ${size} of ${n}`;
  // What is above the diagonal, and what is reduced already, must not be read.
  const data = values.data.map((value, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return j > i || i >= size ? NaN : value;
  });
  const panel = await reduced(device, dtype, { shape: [n, n], data }, size, width);
  const a = leading(values, size);
  const error = distance(assembled(a, panel, width), transformed(a, panel, width));
  // Every element is made by sums of up to n terms, in each of two halves of the update.
  const bound = allowed(values, dtype);
  assert(error <= bound, `${what}: off by ${error}, not by ${bound}`);
  for (let i = 0; i < size; i++) {
    const row = panel.matrix.data.slice(i * n, (i + 1) * n);
    if (i < size - width) {
      assertEquals(row, data.slice(i * n, (i + 1) * n), `${what}: row ${i} keeps its bits`);
      continue;
    }
    assertEquals(row.slice(i), new Float64Array(n - i), `${what}: row ${i} from its diagonal on`);
    const tau = panel.coefficients.data[2 * n + i];
    if (tau === 0) assertEquals(row, new Float64Array(n), `${what}: row ${i} without a reflector`);
    else assertEquals(row[i - 1], 1, `${what}: row ${i} beside its diagonal`);
    // I - τ v vᵀ is orthogonal if τ vᵀv = 2.
    const square = frobenius({ shape: [n], data: row }) ** 2;
    const departure = tau * (tau * square - 2) * square;
    assert(Math.abs(departure) <= 8 * (n + 4) * UNIT[dtype], `${what}: reflector ${i}`);
  }
}

/** What the reduction to tridiagonal form is made of. */
export const TRIDIAGONAL_CASES: readonly DeviceCase[] = [
  {
    name: "tridiagonalPanel() makes rows tridiagonal by reflectors",
    async run(target) {
      for (const dtype of floatsOf(target, "tridiagonalPanel")) {
        for (const [n, size, width] of PANELS) {
          const values = symmetric(roundedTo(randomValues([n, n], n, "f64"), dtype));
          await checkPanel(target.device, dtype, roundedTo(values, dtype), size, width);
        }
      }
    },
  },
  {
    name: "tridiagonalPanel() reflects nothing where nothing is",
    async run(target) {
      for (const dtype of floatsOf(target, "tridiagonalPanel")) {
        const zero = { shape: [9, 9], data: new Float64Array(81) };
        await checkPanel(target.device, dtype, zero, 9, 9);
        const { coefficients } = await reduced(target.device, dtype, zero, 9, 9);
        assertEquals(coefficients.data, new Float64Array(27));
        const diagonal = identity(9);
        await checkPanel(target.device, dtype, diagonal, 9, 9);
        const kept = await reduced(target.device, dtype, diagonal, 9, 9);
        assertEquals(kept.coefficients.data, new Float64Array(27).fill(1, 0, 9));
      }
    },
  },
  {
    name: "tridiagonalPanel() takes rows whose squares underflow",
    async run(target) {
      for (const dtype of floatsOf(target, "tridiagonalPanel")) {
        const tiny = dtype === "f64" ? 2 ** -600 : 2 ** -80;
        const values = symmetric(roundedTo(randomValues([33, 33], 3, "f64"), "f32"));
        const data = roundedTo(values, dtype).data.map((value) => value * tiny);
        const panel = await reduced(target.device, dtype, { shape: [33, 33], data }, 33, 1);
        const row = data.slice(32 * 33, 33 * 33 - 1);
        const norm = frobenius({ shape: [32], data: row });
        const beside = Math.abs(panel.coefficients.data[33 + 31]);
        assert(Math.abs(beside / norm - 1) <= 64 * UNIT[dtype], `${beside}, not ${norm}`);
      }
    },
  },
  {
    name: "tridiagonalPanel() refuses shapes that do not fit",
    run({ device }) {
      using matrix = device.zeros([9, 9]);
      using w = device.zeros([4, 8]);
      using coefficients = device.zeros([3, 9]);
      using flat = device.zeros([9, 8]);
      using wide = device.zeros([4, 10]);
      using tall = device.zeros([8, 7]);
      using large = device.zeros([70, 70]);
      using many = device.zeros([65, 70]);
      using others = device.zeros([3, 70]);
      using integers = device.zeros([9, 9], "u32");
      const panel = device.tridiagonalPanel;
      assertThrows(() => panel(flat, w, coefficients), RangeError, "must be [9, 9]");
      assertThrows(() => panel(matrix, w, flat), RangeError, "must be [3, 9]");
      assertThrows(() => panel(matrix, wide, coefficients), RangeError, "from 1 to 9");
      assertThrows(() => panel(matrix, tall, coefficients), RangeError, "from 1 to 7");
      assertThrows(() => panel(large, many, others), RangeError, "from 1 to 64");
      assertThrows(() => panel(integers, w, coefficients), TypeError, "f32 or f64");
    },
  },
  {
    name: "rotateRows() rotates one pair after the other",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "rotateRows")) {
        for (const cols of [1, 3, 130, 300]) {
          const values = randomValues([9, cols], cols, dtype);
          // Rows are used again, and one is beyond the last, which it stands for.
          const pairs = [0, 1, 1, 2, 5, 4, 0, 99, 2, 1];
          const factors = randomValues([pairs.length / 2, 2], 7, dtype);
          const data = values.data.slice();
          for (let r = 0; r < pairs.length; r += 2) {
            const [x, y] = [pairs[r] * cols, Math.min(pairs[r + 1], 8) * cols];
            const [c, s] = factors.data.subarray(r);
            for (let j = 0; j < cols; j++) {
              const [a, b] = [data[x + j], data[y + j]];
              data[x + j] = c * a + s * b;
              data[y + j] = c * b - s * a;
            }
          }
          using matrix = put(device, values, dtype);
          using indices = putIndices(device, pairs);
          using shaped = device.reshape(indices, [pairs.length / 2, 2]);
          using numbers = put(device, factors, dtype);
          device.rotateRows(matrix, shaped, numbers);
          // Factors and elements are below 1: each rotation rounds a sum below 2 three times, and
          // hands on what was off before with a factor of 2 at most; no row has more than four.
          const bound = 3 * 2 * (1 + 2 + 4 + 8) * UNIT[dtype];
          await assertOnDevice(
            device,
            matrix,
            { shape: values.shape, data, bound },
            `${dtype} ${cols}`,
          );
        }
      }
    },
  },
  {
    name: "rotateRows() refuses shapes and dtypes that do not fit",
    run({ device }) {
      using matrix = device.zeros([4, 3]);
      using pairs = device.zeros([2, 2], "u32");
      using factors = device.zeros([2, 2]);
      using short = device.upload(tensor(new Float32Array(2), [1, 2]));
      using triples = device.zeros([2, 3], "u32");
      assertThrows(() => device.rotateRows(matrix, pairs, short), RangeError, "must be [2, 2]");
      assertThrows(() => device.rotateRows(matrix, triples, factors), RangeError, "must be [2, 2]");
      assertThrows(() => device.rotateRows(matrix, factors, factors), TypeError, "must be u32");
      assertThrows(() => device.rotateRows(pairs, pairs, factors), TypeError, "f32 or f64");
    },
  },
];
