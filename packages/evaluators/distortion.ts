// How far a restored weight is from the original, by itself and as the layer's outputs see it.
//
//   NMSE = ‖W - Ŵ‖_F² / ‖W‖_F²     SQNR = -10 log10 NMSE dB
//   activation-weighted NMSE = tr(E G Eᵀ) / tr(W G Wᵀ) = ‖E X‖_F² / ‖W X‖_F²,  E = W - Ŵ, G = X Xᵀ
//
// Sums are in f64. Where the denominator is zero the error is 0 if nothing was lost, else infinite.

import { type Device, downloadF64, withDevice } from "@pare/linalg";
import type { Statistics } from "@pare/operators";
import { ShapeError, type Tensor, toF64 } from "@pare/tensor";

/** The distortion of one weight matrix. */
export interface Distortion {
  /** Normalized mean squared error, ‖W - Ŵ‖² / ‖W‖². */
  readonly nmse: number;
  /** Signal to quantization noise ratio in decibels; infinite where nothing was lost. */
  readonly sqnrDb: number;
}

const ACTION = "Cannot measure distortion";

/**
 * Measures how far a restored matrix is from the original.
 *
 * @example A tenth of the amplitude lost
 * ```ts
 * import { distortion } from "@pare/evaluators";
 * import { tensor } from "@pare/tensor";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const weight = tensor(Float32Array.of(1, -1), [1, 2]);
 * const restored = tensor(Float32Array.of(0.9, -0.9), [1, 2]);
 * assertAlmostEquals(distortion(weight, restored).sqnrDb, 20, 1e-5);
 * ```
 *
 * @param weight W.
 * @param restored Ŵ, of the same shape.
 * @returns The error, as a share and in decibels.
 * @throws {ShapeError} If the shapes differ.
 */
export function distortion(weight: Tensor, restored: Tensor): Distortion {
  checkShapes(weight, restored);
  let noise = 0;
  let signal = 0;
  for (let i = 0; i < weight.data.length; i++) {
    noise += (weight.data[i] - restored.data[i]) ** 2;
    signal += weight.data[i] ** 2;
  }
  const nmse = share(noise, signal);
  return { nmse, sqnrDb: -10 * Math.log10(nmse) };
}

/**
 * Measures the error of a layer's outputs on the tokens that calibration saw.
 *
 * @param weight W, `[m, n]`.
 * @param restored Ŵ, of the same shape.
 * @param statistics The inputs' Gram matrix, `[n, n]`.
 * @param options The device; one of WebAssembly is made for the call where none is given or it has no
 * f64.
 * @returns ‖(W - Ŵ) X‖² / ‖W X‖².
 * @throws {ShapeError} If the shapes do not fit.
 */
export async function activationDistortion(
  weight: Tensor,
  restored: Tensor,
  statistics: Statistics,
  options: { device?: Device } = {},
): Promise<number> {
  checkShapes(weight, restored);
  const cols = weight.shape[1];
  const { gram } = statistics;
  if (gram.shape[0] !== cols) throw new ShapeError(ACTION, [cols, cols], gram.shape);
  const error = toF64(weight).data.map((value, i) => value - restored.data[i]);
  return await withDevice(options.device, async (device) => {
    const noise = await energy({ dtype: "f64", shape: weight.shape, data: error }, gram, device);
    return share(noise, await energy(toF64(weight), gram, device));
  }, "f64");
}

/** tr(A G Aᵀ). */
async function energy(a: Tensor<"f64">, gram: Tensor<"f64">, device: Device): Promise<number> {
  using scope = device.scope();
  const rows = scope.upload(a);
  const weighted = scope.multiply(scope.matmul(rows, scope.upload(gram)), rows);
  const { data } = await downloadF64(scope, scope.reduceRows(weighted, "sum"));
  return Math.max(0, data.reduce((total, value) => total + value, 0));
}

function share(noise: number, signal: number): number {
  return noise === 0 ? 0 : noise / signal;
}

function checkShapes(weight: Tensor, restored: Tensor): void {
  const fits = weight.shape.length === 2 && restored.shape.length === 2 &&
    weight.shape.every((length, i) => length === restored.shape[i]);
  if (!fits) throw new ShapeError(ACTION, weight.shape, restored.shape);
}
