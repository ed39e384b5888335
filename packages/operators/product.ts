import { type Reject, rejectAs } from "./check_tensor.ts";
import { readObject, rejectAt } from "./field.ts";
import type { Form, NodeOf } from "./form.ts";
import { multiply, range } from "./host_matrix.ts";
import type { MatrixShape, Operator, ProductOperator } from "./operator.ts";
import { pipe } from "./pipe.ts";

/**
 * Multiplies two operators: left · right.
 *
 * @example A matrix of rank 1
 * ```ts
 * import { dense, product, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const left = dense(tensor(Float32Array.of(1, 2), [2, 1]));
 * const right = dense(tensor(Float32Array.of(3, 4, 5), [1, 3]));
 * const operator = product(left, right);
 * assertEquals(operator.shape, [2, 3]);
 * assertEquals(toDense(operator).data, Float32Array.of(3, 4, 5, 6, 8, 10));
 * ```
 *
 * @param left L `[rows, rank]`.
 * @param right R `[rank, cols]`.
 * @returns The operator `[rows, cols]`.
 * @throws {RangeError} If `right` has not as many rows as `left` has columns.
 */
export function product(left: Operator, right: Operator): ProductOperator {
  const shape = [left.shape[0], right.shape[1]] as const;
  const operator: ProductOperator = { form: "product", shape, left, right };
  PRODUCT.check(operator, rejectAs("Cannot make a product"));
  return operator;
}

/** The form of products of two operators. */
export const PRODUCT: Form<ProductOperator, NodeOf<"product">> = {
  isOperator: (value) => "shape" in value,

  nodeOf: ({ left, right }, nodeOf) => ({
    form: "product",
    left: nodeOf(left),
    right: nodeOf(right),
  }),

  shapeOf: ({ left, right }, shapeOf) => [shapeOf(left)[0], shapeOf(right)[1]],

  specs: ({ left, right }) => ({ tensors: [], inner: [["left", left], ["right", right]] }),

  parts: ({ left, right }) => ({ tensors: [], inner: [["left", left], ["right", right]] }),

  readNode(field, readInner, shapeOf) {
    const fields = readObject(field, ["form", "left", "right"]);
    const left = readInner(fields.left);
    const right = readInner(fields.right);
    checkRank(shapeOf(left), shapeOf(right), rejectAt(field.path));
    return { form: "product", left, right };
  },

  build: ({ left, right }, shape, store) => ({
    form: "product",
    shape,
    left: store.inner("left", left),
    right: store.inner("right", right),
  }),

  check({ left, right }, reject) {
    checkRank(left.shape, right.shape, reject);
  },

  rows({ left, right }, indices, rows) {
    const [rank, cols] = right.shape;
    return multiply(rows(left, indices), rows(right, range(rank)), indices.length, rank, cols);
  },

  bind: ({ left, right }, _upload, bind) => pipe(bind(right), bind(left)),
};

function checkRank(left: MatrixShape, right: MatrixShape, reject: Reject): void {
  if (left[1] !== right[0]) {
    const problem = `must have as many rows as left has columns, ${left[1]}`;
    reject("right", `${problem}: current count is ${right[0]}`);
  }
}
