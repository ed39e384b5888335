// Rotary position embedding: J. Su et al., "RoFormer: Enhanced Transformer with Rotary Position
// Embedding", 2021, arXiv:2104.09864. A rotation's transpose is the rotation by the opposite angle.

import type { DeviceArray } from "@pare/linalg";
import type { Variable } from "../variable.ts";

/** By how much the tokens of a window are turned. */
export interface RotaryAngles {
  /** Cosines `[positions, headSize / 2]`. */
  readonly cos: DeviceArray;
  /** Sines of the same shape. */
  readonly sin: DeviceArray;
  /** The row of each token, u32 `[tokens]`. */
  readonly rows: DeviceArray;
}

/**
 * Turns pairs of elements of each head by the angles of the tokens' positions, half against half.
 *
 * @param x `[…, tokens, heads · headSize]`.
 * @param angles Cosines and sines; they must live as long as the tape.
 * @returns The shape of `x`.
 * @throws {ShapeError} If the shapes do not fit.
 */
export function rotary(x: Variable, { cos, sin, rows }: RotaryAngles): Variable {
  const value = x.tape.device.rotary(x.value, cos, sin, rows);
  return x.tape.record(value, [x], (gradient, { device, add }) => {
    add(x, () => {
      using opposite = device.scale(sin, -1);
      return device.rotary(gradient, cos, opposite, rows);
    });
  });
}
