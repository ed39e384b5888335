// A scale and a minimum for a block of weights, by weighted least squares over the codes of several scales.
//
// I. Kawrakow, "k-quants", 2023, github.com/ggml-org/llama.cpp, pull request 1684. For weights w_i that
// matter by u_i, with codes from 0 to n, low = min(0, min w) and high = max w, and for several delta:
//
//   q_i = clamp(round((n + delta) (w_i - low) / (high - low)), 0, n)
//   (s, m) = argmin Σ u_i (s q_i + m - w_i)^2    and where m > 0, m = 0 and s = Σ u w q / Σ u q^2
//
// Of these, and of s = (high - low) / n with m = low, the pair of the least error is taken. A block that is
// one number below zero has s = 0. Cost: two passes for each delta.

import { roundHalfEven } from "@pare/tensor";
import { clampCode } from "./groups.ts";

/** What was found for a block: w ≈ scale · code − minimum. */
export interface BlockFit {
  /** Not negative. */
  readonly scale: number;
  /** Not negative. */
  readonly minimum: number;
  /** The sum of the weights that errors had. */
  readonly weight: number;
}

/** The deltas that are tried. */
export interface Deltas {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** Fits a block; `u` says how much each error counts, and nothing is negative there. */
export function fitBlock(
  w: Float32Array,
  u: Float64Array,
  levels: number,
  deltas: Deltas,
): BlockFit {
  const low = w.reduce((least, value) => Math.min(least, value), 0);
  const high = w.reduce((most, value) => Math.max(most, value), -Infinity);
  const weight = u.reduce((sum, value) => sum + value, 0);
  if (high <= low) return { scale: 0, minimum: -low, weight };
  const q = codesOf(w, low, levels / (high - low), levels);
  let best = { scale: (high - low) / levels, minimum: -low };
  let least = errorOf(w, u, q, best.scale, best.minimum);
  for (let k = 0; k < deltas.count; k++) {
    const delta = deltas.first + k * deltas.step;
    const q = codesOf(w, low, (levels + delta) / (high - low), levels);
    const fit = leastSquares(w, u, q);
    if (fit === null) continue;
    const error = errorOf(w, u, q, fit.scale, fit.minimum);
    if (error < least) [best, least] = [fit, error];
  }
  return { ...best, weight };
}

function codesOf(w: Float32Array, low: number, inverse: number, levels: number): Uint8Array {
  const codes = new Uint8Array(w.length);
  for (let i = 0; i < w.length; i++) {
    codes[i] = clampCode(roundHalfEven((w[i] - low) * inverse), levels);
  }
  return codes;
}

/** The best scale and minimum for some codes; `null` where these do not tell them. */
function leastSquares(w: Float32Array, u: Float64Array, q: Uint8Array) {
  let [sum, sumQ, sumQq, sumW, sumWq] = [0, 0, 0, 0, 0];
  for (let i = 0; i < w.length; i++) {
    const uq = u[i] * q[i];
    sum += u[i];
    sumQ += uq;
    sumQq += uq * q[i];
    sumW += u[i] * w[i];
    sumWq += uq * w[i];
  }
  const determinant = sum * sumQq - sumQ * sumQ;
  // Codes that are all alike leave nothing but the roundings of the sums.
  if (!(determinant > 1e-12 * sum * sumQq)) return null;
  const minimum = -(sumQq * sumW - sumQ * sumWq) / determinant;
  if (minimum < 0) return { scale: Math.max(0, sumWq / sumQq), minimum: 0 };
  return { scale: Math.max(0, (sum * sumWq - sumW * sumQ) / determinant), minimum };
}

function errorOf(
  w: Float32Array,
  u: Float64Array,
  q: Uint8Array,
  scale: number,
  minimum: number,
): number {
  let error = 0;
  for (let i = 0; i < w.length; i++) error += u[i] * (scale * q[i] - minimum - w[i]) ** 2;
  return error;
}
