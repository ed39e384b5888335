import type { Tensor } from "@pare/tensor";
import type { Rotation } from "./operator.ts";
import { rotate, type RotateOptions } from "./rotate.ts";

/** Rows and columns that are made symmetric at a time. */
const SQUARE = 16;

/** A Gram matrix in the basis it was turned to last. */
interface Turned {
  readonly rotation: Rotation;
  readonly gram: Promise<Tensor<"f64">>;
}

/**
 * What Gram matrices were turned to, for as long as they live: layers that read the same tensor, such
 * as q, k and v, are given the same matrix, and turn it alike. What is computed of the turned one can
 * be kept by it in the same way.
 */
const TURNED = new WeakMap<Tensor<"f64">, Turned>();

/**
 * Turns the Gram matrix of a layer's inputs as {@linkcode rotate} turns its weight on the right, so
 * that errors weigh the same: tr(E G Eᵀ) for E = W − Ŵ.
 *
 * @example The loss is the same in both bases
 * ```ts
 * import { hadamardRotation, rotate, rotateGram } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const right = hadamardRotation(2, { seed: 1 });
 * const error = await rotate(tensor(Float32Array.of(1, 0), [1, 2]), { right });
 * const { data: g } = await rotateGram(tensor(Float64Array.of(5, 1, 1, 3), [2, 2]), right);
 * const [a, b] = error.data;
 * assertAlmostEquals(a * a * g[0] + 2 * a * b * g[1] + b * b * g[3], 5, 1e-5);
 * ```
 *
 * @param gram G, symmetric `[n, n]`.
 * @param rotation V of size n.
 * @param options The device.
 * @returns V G Vᵀ, symmetric to the last bit; the same object for the same matrix and rotation.
 * @throws {RangeError} If G is not a matrix, a number is not finite, or the rotation is not of size n.
 */
export async function rotateGram(
  gram: Tensor<"f64">,
  rotation: Rotation,
  options: RotateOptions = {},
): Promise<Tensor<"f64">> {
  const known = TURNED.get(gram);
  if (known && isSame(known.rotation, rotation)) return await known.gram;
  const turning = turn(gram, rotation, options);
  TURNED.set(gram, { rotation, gram: turning });
  try {
    return await turning;
  } catch (error) {
    TURNED.delete(gram);
    throw error;
  }
}

async function turn(
  gram: Tensor<"f64">,
  rotation: Rotation,
  options: RotateOptions,
): Promise<Tensor<"f64">> {
  const turned = await rotate(gram, { left: rotation, right: rotation }, options);
  symmetrize(turned.data, turned.shape[0]);
  return turned;
}

/** (G + Gᵀ) / 2 in place, square after square, so that both sides stay in the first cache. */
function symmetrize(data: Float64Array, n: number): void {
  for (let top = 0; top < n; top += SQUARE) {
    for (let left = 0; left <= top; left += SQUARE) {
      for (let i = top; i < Math.min(top + SQUARE, n); i++) {
        for (let j = left; j < Math.min(left + SQUARE, i); j++) {
          data[j * n + i] = data[i * n + j] = (data[i * n + j] + data[j * n + i]) / 2;
        }
      }
    }
  }
}

function isSame(a: Rotation, b: Rotation): boolean {
  if (a.kind === "hadamard" && b.kind === "hadamard") {
    const { block, signs } = b;
    return a.block === block && a.signs.data.length === signs.data.length &&
      a.signs.data.every((bits, i) => bits === signs.data[i]);
  }
  return a.kind === "orthogonal" && b.kind === "orthogonal" && a.matrix === b.matrix;
}
