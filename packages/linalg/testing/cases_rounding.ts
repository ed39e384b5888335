// Rounding of columns with feedback, and the grids that they are rounded to.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { roundHalfEven, ShapeError, tensor } from "@pare/tensor";
import type { ColumnGrids, FitGridsOptions } from "../rounding_steps.ts";
import {
  type DeviceCase,
  put,
  randomValues,
  type Target,
  UNIT,
  type Values,
  valuesOn,
} from "./device_case.ts";

/** Grids on the host. */
interface Grids {
  readonly steps: Values;
  readonly gridOf: Uint32Array<ArrayBuffer>;
  /** One for each step, or one for all; without meaning where there is a table. */
  readonly zeroPoints: Values | number;
  readonly count: number;
  readonly table: readonly number[] | null;
}

/** What is tried: sizes about those of strips and tiles, grids of every kind. */
const SETTINGS: readonly [
  rows: number,
  cols: number,
  grids: number,
  count: number,
  zeroPoints: "array" | number,
][] = [
  [1, 1, 1, 2, "array"],
  [3, 5, 2, 4, "array"],
  [17, 33, 33, 16, 8],
  [16, 128, 1, 256, "array"],
  [70, 127, 4, 8, "array"],
  [5, 8, 3, 3, 1],
  [33, 9, 9, 16, "array"],
];

/** Steps of either sign of exponent, and one of zero where there are several. */
function gridsFor(
  [rows, cols, grids, count, zeroPoint]: typeof SETTINGS[number],
  table: readonly number[] | null = null,
): Grids {
  const shape = [rows, grids];
  const random = randomValues(shape, cols, "f32").data;
  const steps = random.map((value) => Math.fround(2 ** (2 * value) / count));
  if (rows > 1) steps[steps.length - 1] = 0;
  return {
    steps: { shape, data: steps },
    gridOf: Uint32Array.from({ length: cols }, (_, k) => (k * 7) % grids),
    zeroPoints: zeroPoint === "array"
      ? { shape, data: random.map((value) => Math.floor((value + 1) / 2 * count)) }
      : zeroPoint,
    count: table?.length ?? count,
    table,
  };
}

function upload(device: Target["device"], grids: Grids): ColumnGrids {
  const { steps, gridOf, zeroPoints, count, table } = grids;
  return {
    steps: put(device, steps, "f32"),
    gridOf: device.upload(tensor(gridOf, [gridOf.length], "u32")),
    levels: table ? { table: device.upload(tensor(Float32Array.from(table), [table.length])) } : {
      count,
      zeroPoints: typeof zeroPoints === "number" ? zeroPoints : put(device, zeroPoints, "f32"),
    },
  };
}

/** All numbers of the grid of an element, ascending. */
function levelsAt(grids: Grids, row: number, col: number): number[] {
  const at = row * grids.steps.shape[1] + grids.gridOf[col];
  const step = grids.steps.data[at];
  const zero = typeof grids.zeroPoints === "number" ? grids.zeroPoints : grids.zeroPoints.data[at];
  const levels = grids.table ?? Array.from({ length: grids.count }, (_, code) => code - zero);
  return levels.map((level) => Math.fround(step * level));
}

/**
 * Fails unless every number is a level of its grid and as near as the nearest one to what it was to be
 * rounded from, which is found in f64 from the numbers themselves: an error before does not count.
 *
 * The sum of u rounds once for each term, its errors w − ŵ once, and the quotient by 2.5 units on WGSL:
 * both the level chosen and the nearest are compared within |δu| <= (cols + 4) u Σ |terms| + 4 u |u|.
 */
function assertRounded(
  actual: Values,
  wanted: Values,
  grids: Grids,
  feedback: { weight: Values; triangle: Values } | null,
  what: string,
): void {
  const [rows, cols] = wanted.shape;
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < cols; k++) {
      const at = row * cols + k;
      let sum = wanted.data[at];
      let size = Math.abs(sum);
      for (let j = k + 1; feedback && j < cols; j++) {
        const error = feedback.weight.data[row * cols + j] - actual.data[row * cols + j];
        sum += error * feedback.triangle.data[j * cols + k];
        size += Math.abs(error * feedback.triangle.data[j * cols + k]);
      }
      const slack = 2 * ((cols + 4) * size + 4 * Math.abs(sum)) * UNIT.f32;
      const levels = levelsAt(grids, row, k);
      const found = actual.data[at];
      assert(levels.includes(found), `${what}: [${row}, ${k}] is ${found}, no level of ${levels}`);
      const least = Math.min(...levels.map((level) => Math.abs(level - sum)));
      assert(Math.abs(found - sum) <= least + slack, `${what}: [${row}, ${k}] ${found} for ${sum}`);
    }
  }
}

async function checkRounding(target: Target, setting: typeof SETTINGS[number], grids: Grids) {
  using device = target.device.scope();
  const [rows, cols] = setting;
  const wanted = randomValues([rows, cols], 1, "f32");
  const weight = randomValues([rows, cols], 2, "f32");
  const triangle = randomValues([cols, cols], 3, "f32");
  const onDevice = upload(device, grids);
  const t = put(device, wanted, "f32");
  const plain = await valuesOn(target, device.roundColumns(t, onDevice));
  assertRounded(plain, wanted, grids, null, `${setting} alone`);
  const feedback = { weight: put(device, weight, "f32"), triangle: put(device, triangle, "f32") };
  const fed = await valuesOn(target, device.roundColumns(t, onDevice, feedback));
  assertRounded(fed, wanted, grids, { weight, triangle }, `${setting} with feedback`);
}

/** Σ |x − x̂|^2.4 on a grid. */
function clippingError(x: Float64Array, step: number, zero: number, count: number): number {
  return x.reduce((sum, value) => {
    const level = step === 0 ? 0 : roundHalfEven(Math.fround(value / step));
    const code = Math.min(Math.max(level + zero, 0), count - 1);
    return sum + Math.abs(value - step * (code - zero)) ** 2.4;
  }, 0);
}

async function checkFit(target: Target, cols: number, options: FitGridsOptions): Promise<void> {
  using device = target.device.scope();
  const rows = 9;
  const { count, symmetric = false, stepDtype = "f16", clip = false } = options;
  const cubes = randomValues([rows, cols], cols, "f32");
  // Few of them are large; the first row is positive, the last zero.
  const x = cubes.data.map((value, i) => {
    const row = Math.floor(i / cols);
    return row === rows - 1 ? 0 : Math.fround(row === 0 ? Math.abs(value) : value ** 3);
  });
  const fitted = device.fitGrids(put(device, { shape: [rows, cols], data: x }, "f32"), options);
  assertEquals(fitted.steps.shape, [rows, 1]);
  const steps = (await valuesOn(target, fitted.steps)).data;
  const zeros = typeof fitted.zeroPoints === "number"
    ? null
    : (await valuesOn(target, fitted.zeroPoints)).data;
  assertEquals(zeros === null, symmetric);
  if (symmetric) assertEquals(fitted.zeroPoints, count / 2);
  // Of f16, and of what it is rounded from.
  const unit = (stepDtype === "f16" ? 2 ** -11 : 0) + 8 * UNIT.f32;
  for (let row = 0; row < rows; row++) {
    const values = x.subarray(row * cols, (row + 1) * cols);
    const [lo, hi] = [Math.min(0, ...values), Math.max(0, ...values)];
    const range = symmetric ? 2 * Math.max(-lo, hi) : hi - lo;
    const what = `${JSON.stringify(options)}, ${cols} columns, row ${row}`;
    const zero = zeros ? zeros[row] : count / 2;
    const exact = range / (count - 1);
    const share = exact === 0 ? 1 : steps[row] / exact;
    const i = Math.round(100 * (1 - share));
    assert(i >= 0 && i < (clip ? 80 : 1), `${what}: share ${share}`);
    assert(Math.abs(share - (1 - i / 100)) <= unit * (1 - i / 100), `${what}: share ${share}`);
    if (zeros && steps[row] > 0) {
      const place = Math.min(-(1 - i / 100) * lo / steps[row], count - 1);
      assert(Math.abs(zero - place) <= 0.5 + 2 * count * UNIT.f32, `${what}: zero ${zero}`);
    }
    if (!clip) continue;
    const errors = Array.from({ length: 80 }, (_, j) => {
      const step = Math.fround((1 - j / 100) * exact);
      const place = step === 0 ? 0 : roundHalfEven(-(1 - j / 100) * lo / step);
      return clippingError(values, step, symmetric ? count / 2 : Math.min(place, count - 1), count);
    });
    // Powers may be taken to 1e-3 of their value. Steps are rounded, which moves each of the levels by so
    // much at most, and so the norms of errors, twice (Minkowski).
    const moved = cols ** (1 / 2.4) * count * exact * unit;
    const found = clippingError(values, steps[row], zero, count) ** (1 / 2.4);
    const least = Math.min(...errors) ** (1 / 2.4);
    assert(found <= 1.001 * least + 2 * moved, `${what}: ${found} of ${least}`);
  }
}

/** What a device does for quantizers. */
export const ROUNDING_CASES: readonly DeviceCase[] = [
  {
    name: "roundColumns() takes the nearest levels, alone and with feedback",
    async run(target) {
      for (const setting of SETTINGS) await checkRounding(target, setting, gridsFor(setting));
    },
  },
  {
    name: "roundColumns() takes the nearest levels of a table",
    async run(target) {
      const table = [-1.5, -0.75, -0.5, 0, 0.25, 1, 1.0625, 3];
      for (const setting of SETTINGS) {
        await checkRounding(target, setting, gridsFor(setting, table));
      }
    },
  },
  {
    name: "roundColumns() rounds any number of columns without feedback",
    async run(target) {
      using device = target.device.scope();
      const setting = [5, 300, 3, 16, "array"] as const;
      const grids = gridsFor([...setting]);
      const wanted = randomValues([5, 300], 4, "f32");
      const result = device.roundColumns(put(device, wanted, "f32"), upload(device, grids));
      assertRounded(await valuesOn(target, result), wanted, grids, null, "300 columns");
    },
  },
  {
    name: "roundColumns() rounds to even, and NaN and zeros to what they become",
    async run(target) {
      using device = target.device.scope();
      const wanted = Float32Array.of(0.5, 1.5, 2.5, -0.5, 9, -9, NaN, 2, 1, 3);
      const steps = device.upload(tensor(Float32Array.of(1, 0), [1, 2]));
      const gridOf = Uint32Array.of(0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
      const grids = { steps, gridOf: device.upload(tensor(gridOf, [10], "u32")) };
      const t = device.upload(tensor(wanted, [1, 10]));
      const uniform = { ...grids, levels: { count: 8, zeroPoints: 3 } };
      assertEquals(
        (await valuesOn(target, device.roundColumns(t, uniform))).data,
        Float64Array.of(0, 2, 2, 0, 4, -3, -3, 0, 1, 3),
      );
      const levels = { table: device.upload(tensor(Float32Array.of(-1, 0, 2, 4), [4])) };
      assertEquals(
        (await valuesOn(target, device.roundColumns(t, { ...grids, levels }))).data,
        Float64Array.of(0, 2, 2, -1, 4, -1, -1, 0, 0, 2),
      );
    },
  },
  {
    name: "roundColumns() undoes the hand example of error feedback",
    async run(target) {
      using device = target.device.scope();
      // H = [[2, 1, 0], [1, 2, 1], [0, 1, 2]] has L_10 = 1/2 and L_21 = 2/3.
      const triangle = tensor(Float32Array.of(1, 0, 0, 0.5, 1, 0, 0, 2 / 3, 1), [3, 3]);
      const weight = device.upload(tensor(Float32Array.of(0.6, 0.6, 0.6), [1, 3]));
      const result = device.roundColumns(weight, {
        steps: device.upload(tensor(Float32Array.of(1), [1, 1])),
        gridOf: device.zeros([3], "u32"),
        levels: { count: 4, zeroPoints: 0 },
      }, { weight, triangle: device.upload(triangle) });
      assertEquals((await valuesOn(target, result)).data, Float64Array.of(1, 0, 1));
    },
  },
  {
    name: "roundColumns() refuses parts that do not fit",
    run({ device: outer }) {
      using device = outer.scope();
      const target = device.zeros([2, 3]);
      const steps = device.zeros([2, 1]);
      const gridOf = device.zeros([3], "u32");
      const levels = { count: 4, zeroPoints: 0 };
      const fit = { steps, gridOf, levels };
      assertEquals(device.roundColumns(target, fit).shape, [2, 3]);
      const refused = (change: Partial<ColumnGrids>, kind: typeof ShapeError | typeof TypeError) =>
        assertThrows(() => device.roundColumns(target, { ...fit, ...change }), kind);
      refused({ steps: device.zeros([3, 1]) }, ShapeError);
      refused({ gridOf: device.zeros([2], "u32") }, ShapeError);
      refused({ gridOf: device.zeros([3]) }, TypeError);
      refused({ levels: { count: 4, zeroPoints: device.zeros([2, 2]) } }, ShapeError);
      refused({ levels: { table: device.zeros([4, 1]) } }, ShapeError);
      assertThrows(
        () => device.roundColumns(target, { ...fit, levels: { count: 257, zeroPoints: 0 } }),
        RangeError,
        "the count of levels must be an integer from 2 to 256: current value is 257",
      );
      const wide = device.zeros([1, 129]);
      const one = { steps: device.zeros([1, 1]), gridOf: device.zeros([129], "u32"), levels };
      const feedback = { weight: wide, triangle: device.zeros([129, 129]) };
      assertThrows(() => device.roundColumns(wide, one, feedback), RangeError, "128");
      const square = { weight: target, triangle: device.zeros([3, 2]) };
      assertThrows(() => device.roundColumns(target, fit, square), ShapeError);
      assertThrows(() => device.roundColumns(device.zeros([2, 3], "u8"), fit), TypeError);
    },
  },
  {
    name: "fitGrids() fits the range of each row, or the share of it with the least error",
    async run(target) {
      for (const cols of [1, 3, 64, 130]) {
        for (const count of [4, 16]) {
          for (const symmetric of [false, true]) {
            await checkFit(target, cols, { count, symmetric });
            await checkFit(target, cols, { count, symmetric, stepDtype: "f32" });
            await checkFit(target, cols, { count, symmetric, clip: true });
            await checkFit(target, cols, { count, symmetric, clip: true, stepDtype: "f32" });
          }
        }
      }
    },
  },
  {
    name: "fitGrids() refuses what it cannot fit",
    run({ device: outer }) {
      using device = outer.scope();
      const x = device.zeros([2, 4]);
      assertThrows(() => device.fitGrids(x, { count: 1 }), RangeError, "from 2 to 256");
      assertThrows(() => device.fitGrids(x, { count: 3, symmetric: true }), RangeError, "even");
      assertThrows(() => device.fitGrids(device.zeros([4], "u8"), { count: 4 }), RangeError);
      assertThrows(() => device.fitGrids(device.zeros([2, 4], "u8"), { count: 4 }), TypeError);
    },
  },
];
