// What there is to choose of trellis-coded quantization, and what a matrix becomes by it.

import type { MatrixShape, OperatorNode, TrellisTiles } from "@pare/operators";
import { type Check, checkOptions, type Checks, integer, number, oneOf } from "@pare/tensor";
import type { DeviationSettings } from "./deviation_scales.ts";

/** Options of `trellis`. */
export interface TrellisOptions {
  /**
   * The bits of one weight, 1 to 4.
   *
   * @default {2}
   */
  bits?: number;
  /**
   * The bits of a state, 8 to 16: each one more doubles the time it takes to encode, not that to
   * multiply, and takes off about 2 % of the error.
   *
   * @default {12}
   */
  stateBits?: number;
  /**
   * Which weights share a scale: a row, or the whole matrix.
   *
   * @default {"tensor"}
   */
  granularity?: "row" | "tensor";
  /**
   * s, the root mean square that weights are brought to, in deviations of what states stand for; by
   * default the one that a sample of columns loses least by: 1.14, 0.97, 0.91 and 0.91 for 1 to 4 bits of
   * normal numbers, less for those with longer tails.
   */
  scale?: number;
  /**
   * The dtype that scales are stored in.
   *
   * @default {"f32"}
   */
  scaleDtype?: "f16" | "f32";
}

/** One rule per option of `trellis`. */
export const TRELLIS_CHECKS: Checks<TrellisOptions> = {
  bits: integer(1, 4),
  stateBits: integer(8, 16),
  granularity: oneOf("row", "tensor"),
  scale: number(2 ** -6, 2 ** 6),
  scaleDtype: oneOf("f16", "f32"),
} satisfies Record<keyof TrellisOptions, Check>;

/** s for 1 to 4 bits, where normal numbers lose the least. */
const SCALES = [1.14, 0.97, 0.91, 0.91];

/** The most weights of a tile. */
const TILE_SIZE = 256;
/** The fewest: what the ends of a walk have to agree in costs 0.4 % with so many, 3 % with half. */
const LEAST_SIZE = 128;
/** Rows that columns of a tile are filled up to multiples of. */
const ROWS = 8;

/** Options with everything settled. */
export interface TrellisSettings extends TrellisTiles, DeviationSettings {}

/** Checks options and settles them for a matrix of so many rows. */
export function trellisSettings(
  action: string,
  rows: number,
  options: TrellisOptions,
): TrellisSettings {
  checkOptions(action, options, TRELLIS_CHECKS);
  const { bits = 2, stateBits = 12, granularity = "tensor", scaleDtype = "f32" } = options;
  const { scale = SCALES[bits - 1] } = options;
  return { bits, stateBits, ...tileOf(rows), granularity, scale, scaleDtype };
}

/**
 * How a matrix of so many rows is cut: into columns of as many of its rows as a tile can have, cut evenly;
 * where that is too few weights, a tile has several columns.
 */
function tileOf(rows: number): Pick<TrellisTiles, "tileHeight" | "tileWidth"> {
  const lines = Math.ceil(rows / TILE_SIZE);
  const tileHeight = Math.ceil(rows / lines / ROWS) * ROWS;
  let tileWidth = 1;
  while (tileWidth * tileHeight < LEAST_SIZE) tileWidth *= 2;
  return { tileHeight, tileWidth };
}

/**
 * Tells what `trellis` returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If an option is unknown.
 */
export function planTrellis(shape: MatrixShape, options: TrellisOptions = {}): OperatorNode {
  const settings = trellisSettings("Cannot quantize by a trellis", shape[0], options);
  const { scale: _, ...node } = settings;
  return { form: "trellis", shape, ...node };
}
