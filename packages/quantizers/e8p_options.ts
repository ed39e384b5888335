// What there is to choose of E8P, and what a matrix becomes by it.

import type { LatticeFormat } from "@pare/linalg";
import type { MatrixShape, OperatorNode } from "@pare/operators";
import { type Check, checkOptions, type Checks, integer, number, oneOf } from "@pare/tensor";
import type { DeviationSettings } from "./deviation_scales.ts";

/** Options of `e8p`. */
export interface E8pOptions {
  /**
   * The bits of one weight, 2 to 4.
   *
   * @default {2}
   */
  bits?: number;
  /**
   * Which weights share a scale: a row, or the whole matrix.
   *
   * @default {"tensor"}
   */
  granularity?: "row" | "tensor";
  /**
   * s, the root mean square that weights are brought to before they are rounded; 1.03 for 2 bits, 0.98
   * for 3 bits and 0.9 for 4 bits by default, where normal numbers lose the least.
   */
  scale?: number;
  /**
   * ρ, what the residuals are multiplied with before they are rounded; 2.04 for 3 bits and 3.7 for 4
   * bits by default. Only with these.
   */
  residualScale?: number;
  /**
   * The dtype that scales are stored in.
   *
   * @default {"f32"}
   */
  scaleDtype?: "f16" | "f32";
}

/** One rule per option of `e8p`. */
export const E8P_CHECKS: Checks<E8pOptions> = {
  bits: integer(2, 4),
  granularity: oneOf("row", "tensor"),
  scale: number(2 ** -6, 2 ** 6),
  residualScale: number(2 ** -6, 2 ** 6),
  scaleDtype: oneOf("f16", "f32"),
} satisfies Record<keyof E8pOptions, Check>;

/** s and ρ where nothing else is said. */
const DEFAULTS = { 2: [1.03, null], 3: [0.98, 2.04], 4: [0.9, 3.7] } as const;

/** Options with everything settled. */
export interface E8pSettings extends LatticeFormat, DeviationSettings {}

/** Checks options and settles them. */
export function e8pSettings(action: string, options: E8pOptions): E8pSettings {
  checkOptions(action, options, E8P_CHECKS);
  const bits = (options.bits ?? 2) as 2 | 3 | 4;
  const { granularity = "tensor", residualScale, scaleDtype = "f32" } = options;
  if (bits === 2 && residualScale !== undefined) {
    throw new RangeError(
      `${action} as residualScale must be left out for 2 bits: current value is ${residualScale}`,
    );
  }
  const [scale, ratio] = DEFAULTS[bits];
  return {
    bits,
    residualScale: residualScale ?? ratio,
    granularity,
    scale: options.scale ?? scale,
    scaleDtype,
  };
}

/**
 * Tells what `e8p` returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If an option is unknown.
 */
export function planE8p(shape: MatrixShape, options: E8pOptions = {}): OperatorNode {
  const settings = e8pSettings("Cannot quantize by E8P", options);
  const { bits, residualScale, granularity, scaleDtype } = settings;
  return { form: "lattice", shape, bits, residualScale, granularity, scaleDtype };
}
