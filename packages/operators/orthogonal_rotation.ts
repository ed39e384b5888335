import { randomSigns, type Tensor, toF64 } from "@pare/tensor";
import { checkFinite, checkTensor, type Reject, rejectAs } from "./check_tensor.ts";
import { readObject } from "./field.ts";
import { multiply, transpose } from "./host_matrix.ts";
import type { Rotation } from "./operator.ts";
import type { RotationKind, RotationNodeOf, RotationOf } from "./rotation_kind.ts";

/** How many random vectors an orthogonal matrix is tried with. */
const PROBES = 8;

/**
 * Wraps an orthogonal matrix as a rotation without copying it.
 *
 * Orthogonality is tried on 8 vectors z of random signs: every element of UᵀU·z must be that of z
 * to n·2^-20, which a Householder factorization in f32 keeps 16-fold; a matrix that breaks it shows
 * on each vector with a chance of at least one half, at the cost of n² instead of n³.
 *
 * @example A turn by 90 degrees
 * ```ts
 * import { dense, orthogonalRotation, rotated, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const right = orthogonalRotation(tensor(Float32Array.of(0, 1, -1, 0), [2, 2]));
 * const inner = dense(tensor(Float32Array.of(3, 4), [1, 2]));
 * assertEquals(toDense(rotated(inner, { right })).data, Float32Array.of(-4, 3));
 * ```
 *
 * @param matrix U in f32 `[n, n]`, with UᵀU = I.
 * @returns The rotation; it shares `matrix`.
 * @throws {TypeError} If the matrix is not f32.
 * @throws {RangeError} If it is not square or not orthogonal.
 */
export function orthogonalRotation(matrix: Tensor): Extract<Rotation, { kind: "orthogonal" }> {
  const rotation = { kind: "orthogonal", matrix } as const;
  const reject = rejectAs("Cannot make an orthogonal rotation");
  ORTHOGONAL.check(rotation, Math.max(1, matrix.shape[0] ?? 1), reject);
  return rotation;
}

/** The kind of orthogonal matrices written out. */
export const ORTHOGONAL: RotationKind<RotationOf<"orthogonal">, RotationNodeOf<"orthogonal">> = {
  nodeOf: () => ({ kind: "orthogonal" }),

  spec: (_node, size) => ["matrix", { dtype: "f32", shape: [size, size] }],

  part: ({ matrix }) => ["matrix", matrix],

  readNode(field) {
    readObject(field, ["kind"]);
    return { kind: "orthogonal" };
  },

  build: (_node, store) => ({ kind: "orthogonal", matrix: store.tensor("matrix", "f32") }),

  check({ matrix }, size, reject) {
    checkTensor(matrix, "matrix", ["f32"], [size, size], reject);
    checkFinite(matrix, "matrix", reject);
    checkOrthogonal(matrix, size, reject);
  },

  blockOf: (_rotation, size) => size,

  left({ matrix }, data, cols, rows, isTransposed) {
    return multiply(turned(matrix, isTransposed), data, rows.length, rows.length, cols);
  },

  right({ matrix }, data, size, isTransposed) {
    return multiply(data, turned(matrix, isTransposed), data.length / size, size, size);
  },

  bind({ matrix }, _size, upload, isTransposed) {
    const v = upload(matrix);
    return (x, device) => device.matmul(x, v, { transposeB: isTransposed });
  },
};

function turned(matrix: Tensor, isTransposed: boolean): Float64Array {
  const { data, shape: [size] } = toF64(matrix);
  return isTransposed ? transpose(data, size, size) : data;
}

function checkOrthogonal(matrix: Tensor, size: number, reject: Reject): void {
  const tolerance = size * 2 ** -20;
  const { data } = matrix;
  for (let probe = 0; probe < PROBES; probe++) {
    const z = randomSigns([size], { stream: probe }).data;
    const restored = new Float64Array(size);
    for (let start = 0; start < data.length; start += size) {
      let dot = 0;
      for (let j = 0; j < size; j++) dot += data[start + j] * z[j];
      for (let j = 0; j < size; j++) restored[j] += data[start + j] * dot;
    }
    const error = restored.reduce((max, value, j) => Math.max(max, Math.abs(value - z[j])), 0);
    if (error > tolerance) {
      const problem = `must be orthogonal to ${tolerance.toPrecision(2)}`;
      reject("matrix", `${problem}: current error is ${error.toPrecision(2)}`);
    }
  }
}
