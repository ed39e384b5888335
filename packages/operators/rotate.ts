// Matrices in a rotated basis: U · M · Vᵀ, with the fast transforms of a device.
//
// Rows are turned as activations are, x · Vᵀ; columns are the rows of the transposed matrix. Strips of
// some rows or columns go to the device at a time, so that it holds a few strips and never the matrix.
// Cost of a side of n: n log₂ n sums for each row, and n K more for a dense factor of order K.

import { type Device, downloadF32, downloadF64, withDevice } from "@pare/linalg";
import { ShapeError, type Tensor, tensor, toF64 } from "@pare/tensor";
import { type Reject, rejectAs } from "./check_tensor.ts";
import type { Apply } from "./form.ts";
import type { Rotation } from "./operator.ts";
import { checkSides, type RotatedSides } from "./rotated.ts";
import { ROTATIONS } from "./rotations.ts";

/** Options of {@linkcode rotate}, and of what turns Gram matrices. */
export interface RotateOptions {
  /** The device; one of WebAssembly is made for the call where none is given, or it has no f64. */
  device?: Device;
}

/** A matrix on the host, whose numbers are changed in place. */
interface HostMatrix {
  readonly data: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
  readonly rows: number;
  readonly cols: number;
}

/** How many numbers go to the device at a time: 32 MiB, of which it holds three or four at once. */
const STRIP = 2 ** 22;

/**
 * Turns a matrix into the rotated basis: left · matrix · rightᵀ.
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
 * const spread = await rotate(weight, sides);
 * assertEquals(Math.max(...spread.data.map(Math.abs)), 4);
 * assertEquals(toDense(rotated(dense(spread), sides)), weight);
 * ```
 *
 * @param matrix W `[rows, cols]`, f32 or f64.
 * @param sides The rotation of either side.
 * @param options The device.
 * @returns The rotated matrix, computed in f64 and rounded to the dtype of `matrix` once a side.
 * @throws {RangeError} If it is not a matrix, a number is not finite, or a rotation is not of the
 * size of its side.
 */
export function rotate(
  matrix: Tensor,
  sides: RotatedSides,
  options?: RotateOptions,
): Promise<Tensor>;
/**
 * Turns a matrix of f64 into the rotated basis: left · matrix · rightᵀ.
 *
 * @param matrix W `[rows, cols]`.
 * @param sides The rotation of either side.
 * @param options The device.
 * @returns The rotated matrix.
 * @throws {RangeError} If it is not a matrix, a number is not finite, or a rotation is not of the
 * size of its side.
 */
export function rotate(
  matrix: Tensor<"f64">,
  sides: RotatedSides,
  options?: RotateOptions,
): Promise<Tensor<"f64">>;
export async function rotate(
  matrix: Tensor | Tensor<"f64">,
  sides: RotatedSides,
  { device }: RotateOptions = {},
): Promise<Tensor | Tensor<"f64">> {
  const action = "Cannot rotate a matrix";
  const { shape } = matrix;
  if (shape.length !== 2) throw new ShapeError(action, [-1, -1], shape);
  const [rows, cols] = shape;
  const reject = rejectAs(action);
  checkSides([rows, cols], sides, reject);
  checkNumbers(matrix.data, reject);
  const { left = null, right = null } = sides;
  const result = { ...matrix, data: matrix.data.slice() };
  await withDevice(device, async (exact) => {
    const host = { data: result.data, rows, cols };
    if (right) await turn(exact, right, cols, (apply) => turnRows(exact, host, apply));
    if (left) await turn(exact, left, rows, (apply) => turnCols(exact, host, apply));
  }, "f64");
  return result as Tensor | Tensor<"f64">;
}

/** Has a rotation's transpose on the device, to multiply rows by from the right. */
async function turn(
  device: Device,
  rotation: Rotation,
  size: number,
  body: (apply: Apply) => Promise<void>,
): Promise<void> {
  using scope = device.scope();
  await body(
    ROTATIONS[rotation.kind].bind(rotation, size, (part) => scope.upload(toF64(part)), true),
  );
}

async function turnRows(device: Device, { data, rows, cols }: HostMatrix, apply: Apply) {
  const count = Math.ceil(STRIP / cols);
  for (let row = 0; row < rows; row += count) {
    const strip = data.subarray(row * cols, Math.min(row + count, rows) * cols);
    strip.set(await turnStrip(device, strip, [strip.length / cols, cols], apply));
  }
}

async function turnCols(device: Device, { data, rows, cols }: HostMatrix, apply: Apply) {
  const count = Math.min(Math.ceil(STRIP / rows), cols);
  const room = data.slice(0, rows * count);
  for (let col = 0; col < cols; col += count) {
    const width = Math.min(count, cols - col);
    const strip = room.subarray(0, rows * width);
    for (let row = 0; row < rows; row++) {
      strip.set(data.subarray(row * cols + col, row * cols + col + width), row * width);
    }
    const turned = await turnStrip(
      device,
      strip,
      [rows, width],
      (x, scope) => scope.transpose(apply(scope.transpose(x), scope)),
    );
    for (let row = 0; row < rows; row++) {
      data.set(turned.subarray(row * width, (row + 1) * width), row * cols + col);
    }
  }
}

/** What becomes of some numbers in f64, in the dtype that they have. */
async function turnStrip(
  device: Device,
  strip: HostMatrix["data"],
  shape: readonly number[],
  apply: Apply,
): Promise<HostMatrix["data"]> {
  using scope = device.scope();
  if (strip instanceof Float64Array) {
    return (await downloadF64(scope, apply(scope.upload(tensor(strip, shape)), scope))).data;
  }
  // Converted there, so that what goes either way is half as long.
  const x = scope.cast(scope.upload(tensor(strip, shape)), "f64");
  return (await downloadF32(scope, scope.cast(apply(x, scope), "f32"))).data;
}

function checkNumbers(data: HostMatrix["data"], reject: Reject): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) reject("it", `must be finite: current value is ${data[i]}`);
  }
}
