// Panels of Householder reflectors, as blocked QR factorizations have them, without and with pivots.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ShapeError } from "@pare/tensor";
import {
  type DeviceCase,
  type Float,
  floatsOf,
  put,
  putIndices,
  randomValues,
  type Target,
  UNIT,
  type Values,
  valuesOn,
} from "./device_case.ts";
import { rectangle } from "./oracle.ts";

/**
 * What a product of `count` reflectors of `length` elements may be off by, relative to the norm: each
 * is off by sums of `length` products (Higham, 2002, lemma 19.3, with 8 for its constant as elsewhere
 * here); WGSL has a few units more for a quotient or a root.
 */
function roundings(count: number, length: number, dtype: Float): number {
  return 8 * count * (length + 16) * UNIT[dtype];
}

/** (I - Vᵀ T V)ᵀ times each row of x, as a column. */
function reflected(v: Values, t: Values, x: Values): Values {
  const [count, length] = v.shape;
  const data = x.data.slice();
  for (let row = 0; row < x.shape[0]; row++) {
    const products = new Float64Array(count);
    for (let k = 0; k < count; k++) {
      for (let e = 0; e < length; e++) {
        products[k] += v.data[k * length + e] * x.data[row * length + e];
      }
    }
    for (let k = 0; k < count; k++) {
      let factor = 0;
      for (let l = 0; l < count; l++) factor += t.data[l * count + k] * products[l];
      for (let e = 0; e < length; e++) data[row * length + e] -= factor * v.data[k * length + e];
    }
  }
  return { shape: x.shape, data };
}

function normOf({ data }: Values, row: number, length: number): number {
  return Math.hypot(...data.subarray(row * length, (row + 1) * length));
}

/** Panels as rows of columns: of any rank and size. */
function panels(dtype: Float): readonly (readonly [name: string, panel: Values])[] {
  const scaled = ({ shape, data }: Values, factor: number) => ({
    shape,
    data: data.map((value) => dtype === "f32" ? Math.fround(value * factor) : value * factor),
  });
  const shapes = [[1, 1], [1, 7], [2, 2], [5, 9], [17, 130], [31, 31], [32, 33], [32, 700]];
  const few = randomValues([6, 50], 3, dtype);
  // Equal columns, a zero column, and one that needs no reflector.
  few.data.copyWithin(50, 0, 50);
  few.data.fill(0, 100, 150);
  few.data.fill(0, 1, 50);
  const tiny = dtype === "f32" ? 2 ** -110 : 2 ** -1000;
  return [
    ...shapes.map((shape) => [`[${shape}]`, randomValues(shape, 4, dtype)] as const),
    ["of zeros", { shape: [3, 5], data: new Float64Array(15) }],
    ["of low rank", few],
    ["of tiny numbers", scaled(randomValues([7, 20], 5, dtype), tiny)],
    ["of huge numbers", scaled(randomValues([7, 20], 6, dtype), dtype === "f32" ? 1e30 : 1e300)],
  ];
}

async function checkPanel(
  target: Target,
  name: string,
  panel: Values,
  dtype: Float,
): Promise<void> {
  const what = `${dtype} panel ${name}`;
  const [count, length] = panel.shape;
  using scope = target.device.scope();
  const x = put(scope, panel, dtype);
  const arrays = scope.householderPanel(x);
  const v = await valuesOn(target, x);
  const [t, r] = [await valuesOn(target, arrays.t), await valuesOn(target, arrays.r)];
  for (let k = 0; k < count; k++) {
    for (let e = 0; e <= k; e++) assertEquals(v.data[k * length + e], Number(e === k), what);
    for (let l = 0; l < k; l++) {
      assertEquals([t.data[k * count + l], r.data[k * count + l]], [0, 0]);
    }
  }
  const bound = roundings(count, length, dtype);
  const restored = reflected(v, t, panel);
  for (let k = 0; k < count; k++) {
    const errors = Array.from(
      { length },
      (_, e) => restored.data[k * length + e] - (e < count && e <= k ? r.data[e * count + k] : 0),
    );
    const error = Math.hypot(...errors);
    const size = normOf(panel, k, length);
    assert(error <= bound * size, `${what}: column ${k} is off by ${error} of ${size}`);
  }
  // An orthogonal matrix keeps the scalar products of unit vectors.
  const unit = { shape: [length, length], data: new Float64Array(length * length) };
  for (let e = 0; e < length; e++) unit.data[e * (length + 1)] = 1;
  const columns = reflected(v, t, unit);
  for (const i of [0, Math.floor(length / 2), length - 1]) {
    for (let j = 0; j < length; j++) {
      let sum = i === j ? -1 : 0;
      for (let e = 0; e < length; e++) {
        sum += columns.data[i * length + e] * columns.data[j * length + e];
      }
      assert(Math.abs(sum) <= bound, `${what}: columns ${i} and ${j} are off by ${sum}`);
    }
  }
}

/** Columns of many lengths, as rows: equal ones, zeros and such that are nearly the same among them. */
function columnsOf(n: number, m: number, dtype: Float): Values {
  const { shape, data } = randomValues([n, m], n, dtype);
  for (let j = 0; j < n; j++) {
    const factor = 2 ** -(j % 5);
    for (let e = 0; e < m; e++) data[j * m + e] *= j === 3 ? 0 : factor;
  }
  if (n > 6) data.copyWithin(6 * m, 5 * m, 6 * m);
  return { shape, data };
}

/** Chooses columns on the device from `first` on and checks what it says of all that are left. */
async function checkPivots(
  target: Target,
  before: Values,
  placesBefore: readonly number[],
  first: number,
  width: number,
  dtype: Float,
): Promise<{ x: Values; places: number[]; count: number }> {
  const what = `${dtype} [${before.shape}], ${width} from ${first}`;
  const [n, m] = before.shape;
  const length = m - first;
  using scope = target.device.scope();
  const x = put(scope, before, dtype);
  const order = putIndices(scope, placesBefore);
  const panel = scope.pivotedPanel(x, order, first, width);
  const [count] = (await valuesOn(target, panel.count)).data;
  assert(count >= 1 && count <= width, `${what}: ${count} columns`);
  const after = await valuesOn(target, x);
  const places = [...(await valuesOn(target, order)).data];
  assertEquals(places.slice(0, first), placesBefore.slice(0, first), what);
  assertEquals(places.toSorted((a, b) => a - b), placesBefore.toSorted((a, b) => a - b), what);
  const moved = {
    shape: [n, m],
    data: Float64Array.from(
      { length: n * m },
      (_, at) => before.data[placesBefore.indexOf(places[Math.floor(at / m)]) * m + at % m],
    ),
  };
  for (let at = 0; at < n * m; at++) {
    const isDone = at % m < first || Math.floor(at / m) < first;
    if (isDone) assertEquals(after.data[at], moved.data[at], `${what}: what was done, ${at}`);
  }

  const v = rectangle(await valuesOn(target, panel.v), 0, 0, count, length);
  const t = rectangle(await valuesOn(target, panel.t), 0, 0, count, count);
  const f = (await valuesOn(target, panel.f)).data;
  const left = rectangle(moved, first, first, n - first, length);
  const now = rectangle(after, first, first, n - first, length);
  const restored = reflected(v, t, left);
  const rests: number[] = [];
  for (let j = 0; j < n - first; j++) {
    const errors = new Float64Array(length);
    let rest = 0;
    for (let e = 0; e < length; e++) {
      let value = now.data[j * length + e];
      if (j < count && e > j) assertEquals(value, 0, `${what}: column ${j} of R`);
      for (let k = 0; k < count && j >= count && e >= count; k++) {
        value -= f[j * width + k] * v.data[k * length + e];
      }
      errors[e] = restored.data[j * length + e] - value;
      if (e >= count) rest = Math.hypot(rest, value);
    }
    rests.push(rest);
    const size = normOf(left, j, length);
    const error = Math.hypot(...errors);
    const bound = roundings(count, length, dtype) * size;
    assert(error <= bound, `${what}: column ${j} is off by ${error}, more than ${bound}`);
  }
  // Norms are right to a half of their digits, and so is the order of pivots and of what is left.
  const pivots = Array.from({ length: count }, (_, i) => Math.abs(now.data[i * length + i]));
  const slack = roundings(count, length, dtype) * Math.max(...pivots);
  for (let i = 0; i < count; i++) {
    const next = i + 1 < count ? pivots[i + 1] : Math.max(...rests.slice(count), 0);
    assert(next <= pivots[i] * (1 + 1e-2) + slack, `${what}: ${next} after ${pivots[i]}`);
  }
  return { x: after, places, count };
}

/** What is done to panels. */
export const PANEL_CASES: readonly DeviceCase[] = [
  {
    name: "householderPanel() makes columns triangular by an orthogonal matrix",
    run: async (target) => {
      for (const dtype of floatsOf(target, "householderPanel")) {
        for (const [name, panel] of panels(dtype)) await checkPanel(target, name, panel, dtype);
      }
    },
  },
  {
    name: "householderPanel() refuses more columns than fit",
    run: ({ device }) => {
      using scope = device.scope();
      const message = "the number of rows must be an integer from 1 to";
      assertThrows(
        () => scope.householderPanel(scope.zeros([33, 50])),
        RangeError,
        `${message} 32: current value is 33`,
      );
      assertThrows(() => scope.householderPanel(scope.zeros([9, 8])), RangeError, `${message} 8`);
      assertThrows(() => scope.householderPanel(scope.zeros([8])), RangeError, "2 dimensions");
    },
  },
  {
    name: "pivotedPanel() chooses the longest columns and tells what is left of the others",
    run: async (target) => {
      for (const dtype of floatsOf(target, "pivotedPanel")) {
        for (
          const [n, m, width] of [[1, 1, 1], [5, 9, 5], [9, 5, 5], [40, 37, 32], [130, 70, 17]]
        ) {
          const places = Array.from({ length: n }, (_, j) => j);
          await checkPivots(target, columnsOf(n, m, dtype), places, 0, width, dtype);
        }
      }
    },
  },
  {
    name: "pivotedPanel() goes on where columns are done",
    run: async (target) => {
      for (const dtype of floatsOf(target, "pivotedPanel")) {
        const places = Array.from({ length: 50 }, (_, j) => 49 - j);
        const columns = columnsOf(50, 45, dtype);
        const start = await checkPivots(target, columns, places, 0, 7, dtype);
        await checkPivots(target, start.x, start.places, start.count, 20, dtype);
      }
    },
  },
  {
    name: "pivotedPanel() takes the first of equally long columns",
    run: async (target) => {
      for (const dtype of floatsOf(target, "pivotedPanel")) {
        using scope = target.device.scope();
        const x = put(scope, { shape: [3, 2], data: Float64Array.of(1, 0, 0, 2, 2, 0) }, dtype);
        const order = putIndices(scope, [0, 2, 1]);
        scope.pivotedPanel(x, order, 0, 1);
        assertEquals([...(await valuesOn(target, order)).data], [1, 2, 0]);
      }
    },
  },
  {
    name: "pivotedPanel() ends when norms have lost half of their digits",
    run: async (target) => {
      for (const dtype of floatsOf(target, "pivotedPanel")) {
        // All columns in one direction, but for a part that the squares of norms do not show.
        const { shape, data } = randomValues([20, 30], 3, dtype);
        const part = dtype === "f32" ? 2 ** -10 : 2 ** -22;
        const same = data.map((value) => 1 + part * value);
        const columns = { shape, data: dtype === "f32" ? same.map(Math.fround) : same };
        const places = Array.from({ length: 20 }, (_, j) => j);
        const { count } = await checkPivots(target, columns, places, 0, 20, dtype);
        assertEquals(count, 1);
      }
    },
  },
  {
    name: "pivotedPanel() refuses what does not fit",
    run: ({ device }) => {
      using scope = device.scope();
      const [x, order] = [scope.zeros([40, 50]), scope.zeros([40], "u32")];
      assertThrows(() => scope.pivotedPanel(x, order, 0, 33), RangeError, "width");
      assertThrows(() => scope.pivotedPanel(x, order, 39, 2), RangeError, "width");
      assertThrows(() => scope.pivotedPanel(x, order, 40, 1), RangeError, "first");
      assertThrows(() => scope.pivotedPanel(x, scope.zeros([50], "u32"), 0, 1), ShapeError);
      assertThrows(() => scope.pivotedPanel(x, scope.zeros([40]), 0, 1), TypeError, "u32");
    },
  },
];
