// Every factorization on every device: what the reference does right, the others must do too.

import { assert } from "@std/assert";
import type { Device } from "../device.ts";
import { type Float, randomValues, type Values } from "../testing/device_case.ts";
import { asTensor, valuesOf } from "../testing/factorization_cases.ts";
import {
  allowed,
  departure,
  distance,
  graded,
  roundedTo,
  scaledColumns,
  symmetric,
  times,
  withEigenvalues,
} from "../testing/matrices.ts";
import { transposed } from "../testing/oracle.ts";
import { createWasmDevice } from "../wasm/wasm_device.ts";
import { IS_SKIPPED } from "#adapter";
import { createWebgpuDevice } from "../webgpu/webgpu_device.ts";
import { cholesky } from "./cholesky.ts";
import { eigh } from "./eigh.ts";
import { ldl } from "./ldl.ts";
import { qr } from "./qr.ts";
import { qrPivoted } from "./qr_pivoted.ts";
import { randomizedSvd } from "./randomized_svd.ts";
import { svd } from "./svd.ts";
import { triangularSolve } from "./triangular_solve.ts";

const DEVICES: readonly [
  name: string,
  dtypes: readonly Float[],
  ignore: boolean,
  create: () => Promise<Device>,
][] = [
  ["wasm", ["f32", "f64"], false, () => createWasmDevice({ threads: 2 })],
  ["webgpu", ["f32"], IS_SKIPPED, () => createWebgpuDevice()],
];

/** The name of a factorization, and how far what it gives is from what it should be. */
const FACTORIZATIONS: readonly [
  name: string,
  errors: (device: Device, dtype: Float) => Promise<readonly number[]>,
][] = [
  ["qr", async (device, dtype) => {
    const a = roundedTo(randomValues([70, 50], 1, "f64"), dtype);
    const { q, r } = await qr(asTensor(a, dtype), { device });
    return [distance(times(valuesOf(q), valuesOf(r)), a), departure(valuesOf(q))];
  }],
  ["qr over blocks", async (device, dtype) => {
    const a = roundedTo(randomValues([150, 140], 14, "f64"), dtype);
    const { q, r } = await qr(asTensor(a, dtype), { device });
    return [distance(times(valuesOf(q), valuesOf(r)), a), departure(valuesOf(q))];
  }],
  ["qrPivoted", async (device, dtype) => {
    const a = roundedTo(randomValues([50, 67], 2, "f64"), dtype);
    const { q, r, permutation } = await qrPivoted(asTensor(a, dtype), { device });
    const data = a.data.map((_, i) => a.data[i - i % 67 + permutation.data[i % 67]]);
    return [
      distance(times(valuesOf(q), valuesOf(r)), { shape: a.shape, data }),
      departure(valuesOf(q)),
    ];
  }],
  ["cholesky", async (device, dtype) => {
    const a = roundedTo(withEigenvalues(graded(70, 1e-2), 3), dtype);
    const factor = valuesOf(await cholesky(asTensor(a, dtype), { device }));
    return [distance(times(factor, transposed(factor)), a)];
  }],
  ["cholesky over blocks", async (device, dtype) => {
    const x = randomValues([300, 300], 12, "f64");
    const { data } = times(x, transposed(x));
    data.forEach((value, i) => data[i] = (i % 301 ? value : value + 300) / 300);
    const a = roundedTo({ shape: [300, 300], data }, dtype);
    const factor = valuesOf(await cholesky(asTensor(a, dtype), { device }));
    return [distance(times(factor, transposed(factor)), a)];
  }],
  ["ldl", async (device, dtype) => {
    const a = roundedTo(withEigenvalues(graded(150, 1e-2), 13), dtype);
    const { l, d } = await ldl(asTensor(a, dtype), { device, blockSize: 8 });
    const blocks = new Float64Array(150 * 150);
    d.data.forEach((value, at) => {
      const [i, j] = [Math.floor(at / 8), at % 8];
      if (i - i % 8 + j < 150) blocks[i * 150 + i - i % 8 + j] = value;
    });
    const left = times(valuesOf(l), { shape: [150, 150], data: blocks });
    return [distance(times(left, transposed(valuesOf(l))), a)];
  }],
  ["triangularSolve", async (device, dtype) => {
    const t = roundedTo(randomValues([150, 150], 4, "f64"), dtype);
    t.data.forEach((value, i) => {
      const [row, col] = [Math.floor(i / 150), i % 150];
      t.data[i] = row === col ? 1.5 : col > row ? 0 : Math.fround(value / 150);
    });
    const b = roundedTo(randomValues([150, 9], 5, "f64"), dtype);
    const x = await triangularSolve(asTensor(t, dtype), asTensor(b, dtype), { device });
    const turned = { device, side: "right", transpose: true } as const;
    const y = await triangularSolve(asTensor(t, dtype), asTensor(transposed(b), dtype), turned);
    return [distance(times(t, valuesOf(x)), b), distance(valuesOf(y), transposed(valuesOf(x)))];
  }],
  ["eigh", async (device, dtype) => {
    const a = roundedTo(symmetric(randomValues([66, 66], 6, "f64")), dtype);
    const { values, vectors } = await eigh(asTensor(a, dtype), { device });
    const v = valuesOf(vectors);
    return [distance(times(scaledColumns(v, values.data), transposed(v)), a), departure(v)];
  }],
  ["svd", async (device, dtype) => {
    const a = roundedTo(randomValues([66, 50], 7, "f64"), dtype);
    const { u, singularValues, vt } = await svd(asTensor(a, dtype), { device });
    const left = scaledColumns(valuesOf(u), singularValues.data);
    return [
      distance(times(left, valuesOf(vt)), a),
      departure(valuesOf(u)),
      departure(transposed(valuesOf(vt))),
    ];
  }],
  ["randomizedSvd", async (device, dtype) => {
    const a = roundedTo(
      times(randomValues([66, 5], 8, "f64"), randomValues([5, 50], 9, "f64")),
      dtype,
    );
    const { u, singularValues, vt } = await randomizedSvd(asTensor(a, dtype), { device, rank: 5 });
    const left = scaledColumns(valuesOf(u), singularValues.data);
    return [distance(times(left, valuesOf(vt)), a), departure(valuesOf(u))];
  }],
];

/** What tempts a factorization to divide by nothing. */
const HARD: readonly [name: string, make: () => Values][] = [
  ["graded", () => withEigenvalues(graded(40, 1e-12), 10)],
  ["rank-deficient", () => withEigenvalues([3, -2, 1, ...Array(37).fill(0)], 11)],
  ["zero", () => ({ shape: [40, 40], data: new Float64Array(1600) })],
];

/** How far the factors of a symmetric matrix are from what they should be. */
async function hardErrors(device: Device, a: Values, dtype: Float): Promise<readonly number[]> {
  const matrix = asTensor(a, dtype);
  const { q, r } = await qr(matrix, { device });
  const pivoted = await qrPivoted(matrix, { device });
  const { u, singularValues, vt } = await svd(matrix, { device });
  const { values, vectors } = await eigh(matrix, { device });
  const order = pivoted.permutation.data;
  const reordered = a.data.map((_, i) => a.data[i - i % 40 + order[i % 40]]);
  const v = valuesOf(vectors);
  return [
    distance(times(valuesOf(q), valuesOf(r)), a),
    distance(times(valuesOf(pivoted.q), valuesOf(pivoted.r)), { shape: a.shape, data: reordered }),
    distance(times(scaledColumns(valuesOf(u), singularValues.data), valuesOf(vt)), a),
    distance(times(scaledColumns(v, values.data), transposed(v)), a),
    ...[valuesOf(q), valuesOf(pivoted.q), valuesOf(u), transposed(valuesOf(vt)), v].map(departure),
  ];
}

for (const [deviceName, dtypes, ignore, create] of DEVICES) {
  const device = ignore ? null : await create();
  Deno.test.afterAll(() => device?.[Symbol.dispose]());
  for (const [name, make] of HARD) {
    Deno.test({
      name: `${deviceName}: factorizations of a ${name} matrix are exact, without a NaN`,
      ignore,
      fn: async () => {
        if (!device) return;
        for (const dtype of dtypes) {
          const a = roundedTo(make(), dtype);
          // Departures from orthonormal columns are norms of 40 columns.
          const bound = Math.sqrt(40) * allowed(a, dtype);
          const errors = await hardErrors(device, a, dtype);
          for (const error of errors) assert(error <= bound, `${dtype}: ${errors} > ${bound}`);
        }
      },
    });
  }
  for (const [name, errorsOf] of FACTORIZATIONS) {
    Deno.test({
      name: `${deviceName}: ${name} is as exact as the device's dtype`,
      ignore,
      fn: async () => {
        if (!device) return;
        for (const dtype of dtypes) {
          const errors = await errorsOf(device, dtype);
          // Of 70 rows at most; departures from orthonormal columns are norms of up to 66 columns.
          const bound = 8 * allowed({ shape: [70], data: new Float64Array(0) }, dtype);
          for (const error of errors) assert(error <= bound, `${dtype}: ${errors} > ${bound}`);
        }
      },
    });
  }
}
