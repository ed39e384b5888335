import { castTo, type Tensor, toF64 } from "@pare/tensor";
import { rejectAs } from "./check_tensor.ts";
import { dense } from "./dense.ts";
import { range } from "./host_matrix.ts";
import { ROTATED, type RotatedSides } from "./rotated.ts";
import { ROTATIONS } from "./rotations.ts";

/**
 * Turns a weight into the rotated basis: left · weight · rightᵀ.
 *
 * Compress the result and wrap it with {@linkcode rotated} and the same rotations: that is the
 * weight again.
 *
 * @example Spread what stands out, without losing it
 * ```ts
 * import { dense, hadamardRotation, rotate, rotated, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = tensor(Float32Array.of(0, 8, 0, 0), [1, 4]);
 * const sides = { right: hadamardRotation(4, { seed: 1 }) };
 * const spread = rotate(weight, sides);
 * assertEquals(Math.max(...spread.data.map(Math.abs)), 4);
 * assertEquals(toDense(rotated(dense(spread), sides)), weight);
 * ```
 *
 * @param weight W `[rows, cols]`.
 * @param sides The rotation of either side.
 * @returns The rotated weight, computed in f64 and rounded once.
 * @throws {RangeError} If the weight is not a matrix, or a rotation not of the size of its side.
 */
export function rotate(weight: Tensor, sides: RotatedSides): Tensor {
  const { left = null, right = null } = sides;
  const inner = dense(weight);
  const { shape } = inner;
  const reject = rejectAs("Cannot rotate a weight");
  ROTATED.check({ form: "rotated", shape, inner, left, right }, reject);
  const [rows, cols] = shape;
  let { data }: { data: Float64Array } = toF64(weight);
  if (left) data = ROTATIONS[left.kind].left(left, data, cols, range(rows), false);
  if (right) data = ROTATIONS[right.kind].right(right, data, cols, true);
  return castTo({ dtype: "f64", shape, data: new Float64Array(data) }, "f32");
}
