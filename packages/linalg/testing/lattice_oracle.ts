// What codes of the lattice E8 mean, and how near they are, written from the definitions.

import { assertEquals } from "@std/assert";
import { randomNormal, ShapeError, type Tensor, tensor } from "@pare/tensor";
import { e8pCodebook, e8pResidualCodebook } from "../codebook/e8p.ts";
import type { Device } from "../device.ts";
import type { LatticeFormat, LatticeTarget, NearestLatticeOptions } from "../lattice_steps.ts";
import { randomValues, type Values } from "./device_case.ts";

/** What is thrown. */
export type ErrorKind = typeof ShapeError | typeof RangeError | typeof TypeError;

/** Four times the entries of the codewords. */
export const E8P: Int8Array = e8pCodebook();
/** Those of the residuals. */
export const RESIDUALS: Int8Array = e8pResidualCodebook();

/** The formats, with the ratios that suit normal numbers. */
export const FORMATS: readonly LatticeFormat[] = [
  { bits: 2, residualScale: null },
  { bits: 3, residualScale: 2.04 },
  { bits: 4, residualScale: 3.7 },
];

/** Entry `i` of the two codewords of a code: the second as it is before it is divided by ρ. */
export function entriesOf({ bits }: LatticeFormat, code: number, i: number): [number, number] {
  const second = code >>> 16;
  const first = E8P[8 * (code & 0xffff) + i] / 4;
  if (bits === 2) return [first, 0];
  return [first, (bits === 3 ? RESIDUALS : E8P)[8 * second + i] / 4];
}

/** What a code means, before it is scaled. */
export function meaningOf(format: LatticeFormat, code: number): number[] {
  return Array.from({ length: 8 }, (_, i) => {
    const [first, second] = entriesOf(format, code, i);
    return first + second / (format.residualScale ?? 1);
  });
}

/** What was found, on the host. */
export interface Found {
  readonly codes: Uint32Array;
  readonly values: Float32Array;
}

/** Encodes x, with one scale or one for each row. */
export async function encode(
  device: Device,
  x: Tensor,
  format: LatticeFormat,
  scales: readonly number[] = [1],
  options: NearestLatticeOptions = {},
): Promise<Found> {
  const [rows, cols] = x.shape;
  using scope = device.scope();
  const codes = scope.zeros([rows, Math.ceil(cols / 8)], "u32");
  const target = { ...format, codes, ...putScales(scope, scales) };
  const result = scope.nearestLattice(scope.upload(x), target, options);
  assertEquals([result.dtype, result.shape], ["f32", x.shape]);
  return {
    codes: (await scope.download(codes)).data as Uint32Array,
    values: (await scope.download(result)).data as Float32Array,
  };
}

/** Uploads scales and what is divided by them. */
export function putScales(
  device: Device,
  scales: readonly number[],
): Pick<LatticeTarget, "scales" | "inverses"> {
  const inverses = scales.map((scale) => scale === 0 ? 0 : 1 / scale);
  return {
    scales: device.upload(tensor(Float32Array.from(scales), [scales.length, 1])),
    inverses: device.upload(tensor(Float32Array.from(inverses), [scales.length, 1])),
  };
}

/** Normal numbers that are multiples of 2^-14, of which sums of products with codewords are exact. */
export function onGrid(shape: readonly number[], seed: number): Tensor {
  const { data } = randomNormal(shape, { seed });
  return tensor(data.map((value) => Math.round(value * 2 ** 14) / 2 ** 14), shape);
}

/** Rows of eight that are seldom: zeros, ties, outliers, and what is no number. */
export const RARE: Tensor = tensor(
  Float32Array.of(
    ...[0, 0, 0, 0, 0, 0, 0, 0],
    ...[1, -1, 1, -1, 1, -1, 1, -1],
    ...[0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
    ...[1.25, 1.25, 1.25, 1.25, 1.25, 0.25, 0.25, 0.25],
    ...[-2, -2, -2, -2, -2, -2, -2, -2],
    ...[100, 0.25, -0.5, 1, -1, 0.75, 0, 2],
    ...[-3, 1500, 0.5, -1800, 1, 0.25, 0, 700],
    ...[0, 0, 0, 0, 0, 0, 0, -4],
    ...[0, 0, 0, 3.5, 0, 0, 0, -4],
  ),
  [9, 8],
);

/** The smallest squared distance of u from a codebook, whose entries are given four times too large. */
export function nearestDistance(u: readonly number[], codebook: Int8Array): number {
  let best = Infinity;
  for (let at = 0; at < codebook.length; at += 8) {
    let squares = 0;
    for (let i = 0; i < 8; i++) squares += (u[i] - codebook[at + i] / 4) ** 2;
    best = Math.min(best, squares);
  }
  return best;
}

/** (u − c) M (u − c)ᵀ. */
export function distanceBy(
  metric: Float64Array,
  u: readonly number[],
  c: readonly number[],
): number {
  let sum = 0;
  for (let i = 0; i < 8; i++) {
    for (let j = 0; j < 8; j++) sum += (u[i] - c[i]) * metric[8 * i + j] * (u[j] - c[j]);
  }
  return sum;
}

/** A metric in which the axes of an ellipsoid are up to √(condition) apart. */
export function randomMetric(seed: number): Values {
  const { data } = randomValues([8, 8], seed, "f32");
  const metric = new Float64Array(64);
  for (let i = 0; i < 8; i++) {
    for (let j = 0; j < 8; j++) {
      for (let k = 0; k < 8; k++) metric[8 * i + j] += data[8 * i + k] * data[8 * j + k];
    }
    metric[9 * i] += 0.25;
  }
  return { shape: [8, 8], data: metric.map(Math.fround) };
}

/** Eight numbers. */
export function blockOf(x: Tensor, row: number): number[] {
  return Array.from(x.data.subarray(8 * row, 8 * row + 8));
}
