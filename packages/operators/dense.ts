import { type Tensor, toF32 } from "@pare/tensor";
import { matrixRow } from "./affine_codes.ts";
import { checkTensor, matrixShapeOf, rejectAs } from "./check_tensor.ts";
import { readObject, readShape, readWord } from "./field.ts";
import type { Form, NodeOf } from "./form.ts";
import type { DenseOperator } from "./operator.ts";

const DTYPES = ["f32", "f16", "bf16"] as const;

/**
 * Wraps a matrix as an operator without copying it.
 *
 * @example A matrix as it is
 * ```ts
 * import { bitsPerWeight, dense, toDense } from "@pare/operators";
 * import { castTo, randomNormal } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = randomNormal([3, 4], { seed: 1 });
 * assertEquals(toDense(dense(weight)), weight);
 * assertEquals(bitsPerWeight(dense(castTo(weight, "bf16"))), 16);
 * ```
 *
 * @param weight The numbers `[outFeatures, inFeatures]`.
 * @returns An operator that shares `weight`.
 * @throws {TypeError} If the dtype is not f32, f16 or bf16.
 * @throws {RangeError} If the tensor is not a matrix.
 */
export function dense(weight: Tensor<"f32"> | Tensor<"f16"> | Tensor<"bf16">): DenseOperator {
  const reject = rejectAs("Cannot make a dense operator");
  const [rows, cols] = matrixShapeOf(weight, "weight", reject);
  const operator: DenseOperator = { form: "dense", shape: [rows, cols], weight };
  DENSE.check(operator, reject);
  return operator;
}

/** The form of matrices stored as they are. */
export const DENSE: Form<DenseOperator, NodeOf<"dense">> = {
  isOperator: (value) => "weight" in value,

  nodeOf: ({ shape, weight }) => ({ form: "dense", shape, dtype: weight.dtype }),

  shapeOf: ({ shape }) => shape,

  specs: ({ dtype }, shape) => ({ tensors: [["weight", { dtype, shape }]], inner: [] }),

  parts: ({ weight }) => ({ tensors: [["weight", weight]], inner: [] }),

  readNode(field) {
    const { shape, dtype } = readObject(field, ["form", "shape", "dtype"]);
    return { form: "dense", shape: readShape(shape), dtype: readWord(dtype, DTYPES) };
  },

  build: ({ dtype }, shape, store) => ({
    form: "dense",
    shape,
    weight: store.tensor("weight", dtype),
  }),

  check({ shape, weight }, reject) {
    checkTensor(weight, "weight", DTYPES, shape, reject);
  },

  rows({ shape: [, cols], weight }, indices) {
    const rows = new Float64Array(indices.length * cols);
    indices.forEach((index, i) => {
      rows.set(toF32(matrixRow(weight, index)).data, i * cols);
    });
    return rows;
  },

  bind({ weight }, upload) {
    const matrix = upload(weight);
    return (x, device) => device.matmul(x, matrix, { transposeB: true });
  },
};
