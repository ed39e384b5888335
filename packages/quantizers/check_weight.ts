import type { MatrixShape } from "@pare/operators";
import { ShapeError, type Tensor } from "@pare/tensor";

/**
 * The shape of a matrix.
 *
 * @throws {ShapeError} If it is none.
 */
export function matrixShapeOf(action: string, { shape }: Tensor): MatrixShape {
  if (shape.length !== 2) throw new ShapeError(action, [-1, -1], shape);
  return [shape[0], shape[1]];
}

/**
 * Checks that weights are finite.
 *
 * @throws {RangeError} If one is not.
 */
export function checkFinite(action: string, weights: Float32Array): void {
  const bad = weights.find((value) => !Number.isFinite(value));
  if (bad !== undefined) refuseWeight(action, bad);
}

/** Throws an error about a weight that is not finite. */
export function refuseWeight(action: string, weight: number): never {
  throw new RangeError(`${action} as every weight must be finite: current value is ${weight}`);
}
