// Steps of the singular value decomposition: panels of the reduction to bidiagonal form, and broken
// arrowheads.

import { assert, assertThrows } from "@std/assert";
import { ShapeError } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import {
  type DeviceCase,
  type Float,
  floatsOf,
  put,
  randomValues,
  type Values,
} from "./device_case.ts";
import {
  allowed,
  departure,
  distance,
  frobenius,
  graded,
  identity,
  roundedTo,
  scaledColumns,
  times,
} from "./matrices.ts";
import { rectangle, transposed } from "./oracle.ts";

/** Rows and columns, the first that is reduced, and how many are. */
const PANELS = [
  [1, 0, 1],
  [2, 0, 2],
  [3, 1, 1],
  [5, 2, 3],
  [40, 3, 9],
  [67, 3, 64],
  [150, 0, 5],
  [300, 7, 3],
] as const;

/** Matrices that tempt a panel to divide by nothing. */
const HARD: readonly (readonly [name: string, matrix: (n: number) => Values])[] = [
  ["zero", (n) => ({ shape: [n, n], data: new Float64Array(n * n) })],
  ["the identity", identity],
  ["all ones", (n) => ({ shape: [n, n], data: new Float64Array(n * n).fill(1) })],
  ["graded columns", (n) => scaledColumns(randomValues([n, n], 1, "f64"), graded(n, 1e-25))],
];

async function read(device: Device, array: DeviceArray): Promise<Values> {
  const { data } = await device.download(array);
  return { shape: array.shape, data: Float64Array.from(data as Float64Array) };
}

/** I - Vᵀ T V for the first rows of V. */
function reflection(vectors: Values, t: Values): Values {
  const h = identity(vectors.shape[1]);
  const product = times(transposed(vectors), times(t, vectors));
  return { shape: h.shape, data: h.data.map((value, i) => value - product.data[i]) };
}

/**
 * Fails unless the reflectors are orthogonal and make the matrix bidiagonal where they should, with the
 * numbers of the band; and the panel says what they make of the rest.
 *
 * `width` reflectors from either side err by a few (s + 4) u each (Higham, 2002, lemma 19.3), fewer
 * than the 8 (s + 4) u of a whole factorization where they are fewer than s / 2; all s of them are
 * allowed four times that.
 */
async function checkPanel(
  device: Device,
  dtype: Float,
  values: Values,
  first: number,
  width: number,
): Promise<void> {
  using scope = device.scope();
  const [n] = values.shape;
  const size = n - first;
  const panel = scope.bidiagonalPanel(put(scope, values, dtype), first, width);
  const rows = await read(scope, panel.rows);
  const cols = await read(scope, panel.cols);
  const band = await read(scope, panel.band);
  const half = (all: Values, row: number) => rectangle(all, row, 0, width, size);
  const q = reflection(half(rows, 0), await read(scope, panel.left));
  const p = reflection(half(cols, width), await read(scope, panel.right));
  const bound = 4 * allowed({ shape: [size], data: values.data }, dtype);
  for (const basis of [q, p]) {
    assert(departure(basis) <= bound * Math.sqrt(size), `orthogonal to ${departure(basis)}`);
  }
  const a = rectangle(values, first, first, size, size);
  const norm = frobenius(a);
  const wanted = times(transposed(q), times(a, p));
  const update = times(transposed(rows), cols);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const at = i * size + j;
      let found = a.data[at] - update.data[at];
      if (Math.min(i, j) < width) {
        found = i === j ? band.data[i] : 0;
        if (j === i + 1 && i < width) found = band.data[width + i];
      }
      const error = Math.abs(found - wanted.data[at]);
      assert(error <= bound * norm, `[${i}, ${j}] is off by ${error}, not ${bound * norm}`);
    }
  }
}

/** d and z of an arrowhead, and how to call it. */
const ARROWHEADS: readonly (readonly [name: string, d: readonly number[], z: readonly number[]])[] =
  [
    ["one element", [0], [-3]],
    ["two", [0, 1], [1, -1]],
    ["evenly spaced", Array.from({ length: 50 }, (_, i) => i / 50), Array(50).fill(0.1)],
    ["close together", [0, 1, 1 + 1e-14, 1 + 2e-14, 2], [1e-3, 1e-12, 0.5, -1e-12, 1e-3]],
    ["near zero", [0, 1e-14, 1], [1e-13, 1e-13, 1]],
    ["far apart", [0, 1e-10, 1e-5, 1], [1, 1e-10, 1e-5, 1e-12]],
    [
      "of several tasks",
      Array.from({ length: 300 }, (_, i) => (i / 300) ** 2),
      Array.from(randomValues([300], 3, "f64").data, (value) => value + Math.sign(value) * 1e-3),
    ],
  ];

async function checkArrowhead(
  device: Device,
  d: readonly number[],
  z: readonly number[],
): Promise<void> {
  using scope = device.scope();
  const k = d.length;
  const vector = (numbers: readonly number[]) =>
    put(scope, { shape: [k], data: Float64Array.from(numbers) }, "f64");
  const result = scope.arrowheadSvd(vector(d), vector(z));
  const [values, left, right] = [
    await read(scope, result.values),
    await read(scope, result.left),
    await read(scope, result.right),
  ];
  const matrix = { shape: [k, k], data: new Float64Array(k * k) };
  matrix.data.set(z);
  for (let i = 1; i < k; i++) matrix.data[i * k + i] = d[i];
  // Of a factorization of k rows; here f is solved to k units.
  const bound = allowed(matrix, "f64");
  const restored = times(scaledColumns(transposed(left), values.data), right);
  assert(distance(restored, matrix) <= bound, `restored to ${distance(restored, matrix)}`);
  for (const vectors of [left, right]) {
    const error = departure(transposed(vectors));
    assert(error <= bound * Math.sqrt(k), `orthonormal to ${error}`);
  }
  const last = Math.hypot(d[k - 1], ...z);
  for (let i = 0; i < k; i++) {
    const [low, high] = [d[i], i + 1 < k ? d[i + 1] : last * (1 + 2 ** -50)];
    assert(values.data[i] >= low && values.data[i] <= high, `value ${i}: ${values.data[i]}`);
  }
}

/** What devices do for singular values. */
export const SVD_CASES: readonly DeviceCase[] = [
  {
    name: "bidiagonalPanel() makes rows and columns bidiagonal by orthogonal reflectors",
    run: async (target) => {
      for (const dtype of floatsOf(target, "bidiagonalPanel")) {
        for (const [n, first, width] of PANELS) {
          const values = roundedTo(randomValues([n, n], n, "f64"), dtype);
          await checkPanel(target.device, dtype, values, first, width);
        }
      }
    },
  },
  {
    name: "bidiagonalPanel() makes no NaN of zeros and of numbers that nearly are",
    run: async (target) => {
      for (const dtype of floatsOf(target, "bidiagonalPanel")) {
        for (const [, make] of HARD) {
          await checkPanel(target.device, dtype, roundedTo(make(35), dtype), 0, 35);
          await checkPanel(target.device, dtype, roundedTo(make(35), dtype), 2, 8);
        }
      }
    },
  },
  {
    name: "bidiagonalPanel() refuses matrices and panels that do not fit",
    run: ({ device }) => {
      using scope = device.scope();
      const wide = scope.zeros([3, 4]);
      assertThrows(() => scope.bidiagonalPanel(wide, 0, 1), ShapeError, "must be [3, 3]");
      const square = scope.zeros([70, 70]);
      const refused = [[0, 0, "width"], [0, 65, "width"], [60, 11, "width"], [70, 1, "first"]];
      for (const [first, width, name] of refused as [number, number, string][]) {
        assertThrows(
          () => scope.bidiagonalPanel(square, first, width),
          RangeError,
          `Cannot reduce a panel as ${name} must be an integer from`,
        );
      }
    },
  },
  {
    name: "arrowheadSvd() finds values between the poles, and orthonormal vectors",
    run: async ({ device, doubles }) => {
      if (!doubles.has("arrowheadSvd")) return;
      for (const [, d, z] of ARROWHEADS) await checkArrowhead(device, d, z);
    },
  },
  {
    name: "arrowheadSvd() refuses other dtypes and shapes",
    run: ({ device, doubles }) => {
      using scope = device.scope();
      const single = scope.zeros([3]);
      assertThrows(() => scope.arrowheadSvd(single, single), TypeError, "must be f64");
      const double = scope.zeros([3], "f64");
      if (!doubles.has("arrowheadSvd")) {
        assertThrows(() => scope.arrowheadSvd(double, double), TypeError, "must be f32 on");
        return;
      }
      assertThrows(() => scope.arrowheadSvd(double, single), TypeError, "dtypes must be equal");
      const long = scope.zeros([4], "f64");
      assertThrows(() => scope.arrowheadSvd(double, long), ShapeError, "must be [3]");
    },
  },
];
