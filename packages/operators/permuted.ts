import type { Tensor } from "@pare/tensor";
import { checkTensor, type Reject, rejectAs } from "./check_tensor.ts";
import { readBoolean, readObject } from "./field.ts";
import type { Form, NodeOf } from "./form.ts";
import { gatherCols } from "./gather_cols.ts";
import type { Operator, PermutedOperator } from "./operator.ts";
import { pipe } from "./pipe.ts";

/** How {@linkcode permuted} orders the rows and columns; a side left out stays as it is. */
export interface PermutedSides {
  /** u32 `[rows]`: which row of `inner` each row is. @default {null} */
  readonly rowOrder?: Tensor<"u32"> | null;
  /** u32 `[cols]`: which column of `inner` each column is. @default {null} */
  readonly colOrder?: Tensor<"u32"> | null;
}

/**
 * Puts the rows and columns of an operator in another order:
 * `w[i, j] = inner[rowOrder[i], colOrder[j]]`.
 *
 * @example Columns from last to first
 * ```ts
 * import { dense, permuted, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const inner = dense(tensor(Float32Array.of(1, 2, 3), [1, 3]));
 * const colOrder = tensor(Uint32Array.of(2, 1, 0), [3], "u32");
 * assertEquals(toDense(permuted(inner, { colOrder })).data, Float32Array.of(3, 2, 1));
 * ```
 *
 * @param inner What is permuted.
 * @param sides The order of either side.
 * @returns The operator of the shape of `inner`; it shares the orders.
 * @throws {TypeError} If an order is not u32.
 * @throws {RangeError} If an order is not a permutation of the rows or columns.
 */
export function permuted(inner: Operator, sides: PermutedSides): PermutedOperator {
  const { rowOrder = null, colOrder = null } = sides;
  const operator: PermutedOperator = {
    form: "permuted",
    shape: inner.shape,
    inner,
    rowOrder,
    colOrder,
  };
  PERMUTED.check(operator, rejectAs("Cannot permute an operator"));
  return operator;
}

/** The form of operators whose rows and columns stand in another order. */
export const PERMUTED: Form<PermutedOperator, NodeOf<"permuted">> = {
  isOperator: (value) => "shape" in value,

  nodeOf: ({ inner, rowOrder, colOrder }, nodeOf) => ({
    form: "permuted",
    inner: nodeOf(inner),
    rowOrder: rowOrder !== null,
    colOrder: colOrder !== null,
  }),

  shapeOf: ({ inner }, shapeOf) => shapeOf(inner),

  specs: ({ inner, rowOrder, colOrder }, [rows, cols]) => ({
    tensors: [
      ...(rowOrder ? [["rowOrder", { dtype: "u32", shape: [rows] }] as const] : []),
      ...(colOrder ? [["colOrder", { dtype: "u32", shape: [cols] }] as const] : []),
    ],
    inner: [["inner", inner]],
  }),

  parts: ({ inner, rowOrder, colOrder }) => ({
    tensors: [
      ...(rowOrder ? [["rowOrder", rowOrder] as const] : []),
      ...(colOrder ? [["colOrder", colOrder] as const] : []),
    ],
    inner: [["inner", inner]],
  }),

  readNode(field, readInner) {
    const fields = readObject(field, ["form", "inner", "rowOrder", "colOrder"]);
    return {
      form: "permuted",
      inner: readInner(fields.inner),
      rowOrder: readBoolean(fields.rowOrder),
      colOrder: readBoolean(fields.colOrder),
    };
  },

  build: ({ inner, rowOrder, colOrder }, shape, store) => ({
    form: "permuted",
    shape,
    inner: store.inner("inner", inner),
    rowOrder: rowOrder ? store.tensor("rowOrder", "u32") : null,
    colOrder: colOrder ? store.tensor("colOrder", "u32") : null,
  }),

  check({ shape: [rows, cols], rowOrder, colOrder }, reject) {
    if (rowOrder) checkOrder(rowOrder, "rowOrder", rows, reject);
    if (colOrder) checkOrder(colOrder, "colOrder", cols, reject);
  },

  rows({ shape: [, cols], inner, rowOrder, colOrder }, indices, rows) {
    const source = rows(inner, rowOrder ? indices.map((i) => rowOrder.data[i]) : indices);
    if (colOrder === null) return source;
    const data = new Float64Array(source.length);
    for (let start = 0; start < data.length; start += cols) {
      for (let j = 0; j < cols; j++) data[start + j] = source[start + colOrder.data[j]];
    }
    return data;
  },

  bind({ inner, rowOrder, colOrder }, upload, bind) {
    // Activation j meets column colOrder[j], so column k of `inner` meets the activation that
    // colOrder sends to it: the inverse of the order.
    return pipe(
      colOrder && gatherCols(upload(inverseOf(colOrder))),
      bind(inner),
      rowOrder && gatherCols(upload(rowOrder)),
    );
  },
};

function inverseOf(order: Tensor<"u32">): Tensor<"u32"> {
  const data = new Uint32Array(order.data.length);
  order.data.forEach((target, i) => data[target] = i);
  return { ...order, data };
}

function checkOrder(order: Tensor<"u32">, field: string, length: number, reject: Reject): void {
  checkTensor(order, field, ["u32"], [length], reject);
  const seen = new Uint8Array(length);
  for (const [i, target] of order.data.entries()) {
    if (target >= length || seen[target]) {
      const problem = `must be a permutation of 0 to ${length - 1}`;
      reject(field, `${problem}: current value of element ${i} is ${target}`);
    }
    seen[target] = 1;
  }
}
