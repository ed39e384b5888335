// Eigenvectors of a diagonal matrix plus one of rank one.

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Device } from "../device.ts";
import {
  type DeviceCase,
  type Float,
  put,
  randomValues,
  UNIT,
  type Values,
} from "./device_case.ts";
import { departure, distance, identity, scaledColumns, times } from "./matrices.ts";
import { transposed } from "./oracle.ts";

/** Poles, weights and ρ that iterations find easy, and such that they do not. */
const PROBLEMS: readonly (readonly [name: string, d: number[], z: number[], rho: number])[] = [
  ["one pole", [0.5], [-0.3], 2],
  ["two poles", [-1, 1], [0.5, 0.5], 0.25],
  ["many", ascending(101, 1), weights(101, 2), 0.7],
  ["even many", ascending(64, 3), weights(64, 4), 1e-3],
  ["poles that nearly agree", [0, 1e-14, 2e-14, 1, 1 + 1e-14], [1, 1, 1, 1, 1], 1],
  ["weights of every size", ascending(9, 5), [1, 1e-7, 1, 1e-13, 1e-3, -1, 1e-10, 1, 1e-12], 1],
  ["a large ρ", ascending(33, 6), weights(33, 7), 1e6],
  ["a small ρ", ascending(33, 8), weights(33, 9), 1e-9],
];

function ascending(count: number, seed: number): number[] {
  return [...randomValues([count], seed, "f64").data].sort((a, b) => a - b);
}

function weights(count: number, seed: number): number[] {
  return [...randomValues([count], seed, "f64").data];
}

/** Rows 0 to 5 of the numbers: vectors have their elements in the order that `order` gives. */
function numbersOf(d: readonly number[], z: readonly number[], order: readonly number[]): Values {
  const count = d.length;
  const data = new Float64Array(10 * count);
  const ends = [randomValues([count], 11, "f64").data, randomValues([count], 12, "f64").data];
  const own = (values: readonly number[]) => order.map((j) => values[j]);
  const rows = [d, z, own(d), own(z), ...ends];
  for (const [i, row] of rows.entries()) data.set(row, i * count);
  return { shape: [10, count], data };
}

async function check(
  device: Device,
  dtype: Float,
  [name, d, z, rho]: typeof PROBLEMS[number],
): Promise<void> {
  using scope = device.scope();
  const count = d.length;
  const what = `${name}, ${dtype}`;
  // Odd elements last, as a stand-in for groups.
  const all = d.map((_, j) => j);
  const order = [...all.filter((j) => j % 2 === 0), ...all.filter((j) => j % 2)];
  const given = numbersOf(d, z, order);
  const upper = Math.ceil(0.7 * count);
  const lower = count - Math.floor(upper / 2);
  const numbers = put(scope, given, "f64");
  const vectors = put(scope, {
    shape: [count, upper + lower],
    data: new Float64Array(count * (upper + lower)),
  }, dtype);
  scope.secularVectors(numbers, rho, vectors, upper);
  const result = (await scope.download(numbers)).data as Float64Array;
  const parts = Float64Array.from((await scope.download(vectors)).data as Float64Array);
  const row = (i: number) => result.subarray(i * count, (i + 1) * count);

  // Of what is there twice, both must agree; whole vectors in their own order.
  const u = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      const at = i * (upper + lower);
      const fromUpper = j < upper ? parts[at + j] : null;
      const fromLower = j >= count - lower ? parts[at + upper + lower - count + j] : null;
      if (fromUpper !== null && fromLower !== null) assertEquals(fromUpper, fromLower, what);
      u[i * count + j] = fromUpper ?? fromLower ?? NaN;
    }
  }
  const rows = { shape: [count, count], data: u };
  const unit = UNIT[dtype];
  // An element has a few roundings for each factor of its weight, of which there are as many as poles.
  const bound = 16 * (count + 4) * unit;
  assert(departure(transposed(rows)) <= bound, `${what}: ${departure(transposed(rows))}`);
  const values = row(6).map((pole, i) => pole + row(7)[i]);
  const squares = z.reduce((sum, value) => sum + value * value, 0);
  for (let i = 0; i < count; i++) {
    const ceiling = i + 1 < count ? d[i + 1] : d[i] + rho * squares * (1 + bound);
    assert(values[i] >= d[i] && values[i] <= ceiling, `${what}: value ${i} is ${values[i]}`);
    assert(d.includes(row(6)[i]) && row(7)[i] !== 0, `${what}: value ${i} has its own difference`);
  }
  const matrix = identity(count);
  for (const [i, a] of order.entries()) {
    for (const [j, b] of order.entries()) {
      matrix.data[i * count + j] = (i === j ? d[a] : 0) + rho * z[a] * z[b];
    }
  }
  const restored = times(scaledColumns(transposed(rows), values), rows);
  assert(distance(restored, matrix) <= bound, `${what}: off by ${distance(restored, matrix)}`);
  for (const [known, made] of [[4, 8], [5, 9]]) {
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let j = 0; j < count; j++) sum += u[i * count + j] * given.data[known * count + j];
      assert(Math.abs(sum - row(made)[i]) <= bound * count, `${what}: row ${made}, ${i}`);
    }
  }
}

/** What a device that computes in f64 does with a secular equation. */
export const SECULAR_CASES: readonly DeviceCase[] = [
  {
    name: "secularVectors() solves D + ρ z zᵀ, and keeps its vectors orthogonal",
    async run({ device }) {
      if (!device.supports("f64")) return;
      for (const problem of PROBLEMS) {
        for (const dtype of ["f64", "f32"] as const) await check(device, dtype, problem);
      }
    },
  },
  {
    name: "secularVectors() refuses what does not fit, and a device without f64",
    run({ device }) {
      using numbers = device.zeros([10, 3], "f64");
      using vectors = device.zeros([3, 4]);
      const solve = device.secularVectors;
      if (!device.supports("f64")) {
        assertThrows(() => solve(numbers, 1, vectors, 2), TypeError, "must be f32 on");
        return;
      }
      using short = device.zeros([9, 3], "f64");
      using single = device.zeros([10, 3]);
      using narrow = device.zeros([3, 2]);
      assertThrows(() => solve(short, 1, vectors, 2), RangeError, "must be [10, 3]");
      assertThrows(() => solve(single, 1, vectors, 2), TypeError, "must be f64");
      assertThrows(() => solve(numbers, 0, vectors, 2), RangeError, "rho must be positive");
      assertThrows(() => solve(numbers, 1, narrow, 2), RangeError, "from 3 to 6");
      assertThrows(() => solve(numbers, 1, vectors, 0), RangeError, "from 1 to 3");
    },
  },
];
