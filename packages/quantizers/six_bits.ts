// Scales and minima of blocks as integers of six bits, and one factor in f16 for each eight of them.

import { castFinite, castTo, roundHalfEven, type Tensor, tensor, toF32 } from "@pare/tensor";
import { clampCode } from "./groups.ts";

/** The largest integer. */
const LARGEST = 63;
/** Integers that share a factor. */
const RUN = 8;
/** The least positive f16. */
const TINY = 2 ** -24;

/** Numbers of six bits and the factors of each eight of them. */
export interface SixBits {
  /** Of the shape of what was rounded. */
  readonly integers: Tensor<"u8">;
  /** A number for each eight of a row. */
  readonly factors: Tensor<"f16">;
  /** The products. */
  readonly values: Float64Array;
}

/**
 * Rounds numbers to integers from 0 to 63 times a factor: the largest of eight divided by 63, or where it
 * is known how much each error counts, the best of a few beside that.
 *
 * @param action What cannot be done otherwise, to begin the message.
 * @param exact None of them negative.
 * @param weights How much the error of each number counts; `null` for no search.
 * @param shape `[rows, count]`, a multiple of eight.
 * @returns The integers and their factors.
 * @throws {RangeError} If a factor is too large for f16.
 */
export function toSixBits(
  action: string,
  exact: Float64Array,
  weights: Float64Array | null,
  [rows, perRow]: readonly [rows: number, perRow: number],
): SixBits {
  const best = Float32Array.from({ length: exact.length / RUN }, (_, s) => {
    const [from, to] = [s * RUN, (s + 1) * RUN];
    return bestFactor(exact.subarray(from, to), weights && weights.subarray(from, to));
  });
  const factors = castFinite(action, tensor(best, [rows, perRow / RUN]), "f16");
  const stored = toF32(factors).data;
  const factorOf = (i: number) => stored[Math.floor(i / RUN)];
  const integers = Uint8Array.from(exact, (value, i) => integerOf(value, factorOf(i)));
  return {
    integers: tensor(integers, [rows, perRow], "u8"),
    factors,
    values: Float64Array.from(integers, (integer, i) => integer * factorOf(i)),
  };
}

function bestFactor(exact: Float64Array, weights: Float64Array | null): number {
  const greatest = exact.reduce((most, value) => Math.max(most, value), 0);
  if (greatest === 0) return 0;
  // Anything there is to scale is scaled, as far as six bits reach above the least factor.
  const plain = Math.max(greatest / LARGEST, TINY);
  if (weights === null) return plain;
  let [best, least] = [plain, Infinity];
  for (const step of [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8, -8]) {
    const factor = toF16(Math.max(greatest / (LARGEST + step / 4), TINY));
    let error = 0;
    for (let i = 0; i < RUN; i++) {
      error += weights[i] * (exact[i] - factor * integerOf(exact[i], factor)) ** 2;
    }
    if (error < least) [best, least] = [factor, error];
  }
  return best;
}

function integerOf(value: number, factor: number): number {
  return factor > 0 ? clampCode(roundHalfEven(value / factor), LARGEST) : 0;
}

function toF16(value: number): number {
  return toF32(castTo(tensor(Float32Array.of(value), [1]), "f16")).data[0];
}
