import type { DeviceArray } from "@pare/linalg";
import { type Tensor, toF32 } from "@pare/tensor";
import { checkFinite, checkTensor, rejectAs } from "./check_tensor.ts";
import { readNullable, readObject, readWord } from "./field.ts";
import type { Apply, Form, NodeOf } from "./form.ts";
import type { Operator, ScaledOperator } from "./operator.ts";
import { pipe } from "./pipe.ts";

const DTYPES = ["f16", "f32"] as const;

/** What {@linkcode scaled} scales by; a side left out stays as it is. */
export interface ScaledSides {
  /** One factor for each row, `[rows]`. @default {null} */
  readonly rowScales?: Tensor<"f16"> | Tensor<"f32"> | null;
  /** One factor for each column, `[cols]`. @default {null} */
  readonly colScales?: Tensor<"f16"> | Tensor<"f32"> | null;
}

/**
 * Scales the rows and columns of an operator: diag(rowScales) · inner · diag(colScales).
 *
 * @example Twice the first row
 * ```ts
 * import { dense, scaled, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const inner = dense(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]));
 * const operator = scaled(inner, { rowScales: tensor(Float32Array.of(2, 1), [2]) });
 * assertEquals(toDense(operator).data, Float32Array.of(2, 4, 3, 4));
 * ```
 *
 * @param inner What is scaled.
 * @param sides The factors of either side.
 * @returns The operator of the shape of `inner`; it shares the factors.
 * @throws {TypeError} If factors are neither f16 nor f32.
 * @throws {RangeError} If there are more or fewer factors than rows or columns, or infinite ones.
 */
export function scaled(inner: Operator, sides: ScaledSides): ScaledOperator {
  const { rowScales = null, colScales = null } = sides;
  const operator: ScaledOperator = {
    form: "scaled",
    shape: inner.shape,
    inner,
    rowScales,
    colScales,
  };
  SCALED.check(operator, rejectAs("Cannot scale an operator"));
  return operator;
}

/** The form of operators with diagonal matrices on either side. */
export const SCALED: Form<ScaledOperator, NodeOf<"scaled">> = {
  isOperator: (value) => "shape" in value,

  nodeOf: ({ inner, rowScales, colScales }, nodeOf) => ({
    form: "scaled",
    inner: nodeOf(inner),
    rowScaleDtype: rowScales?.dtype ?? null,
    colScaleDtype: colScales?.dtype ?? null,
  }),

  shapeOf: ({ inner }, shapeOf) => shapeOf(inner),

  specs: ({ inner, rowScaleDtype, colScaleDtype }, [rows, cols]) => ({
    tensors: [
      ...(rowScaleDtype ? [["rowScales", { dtype: rowScaleDtype, shape: [rows] }] as const] : []),
      ...(colScaleDtype ? [["colScales", { dtype: colScaleDtype, shape: [cols] }] as const] : []),
    ],
    inner: [["inner", inner]],
  }),

  parts: ({ inner, rowScales, colScales }) => ({
    tensors: [
      ...(rowScales ? [["rowScales", rowScales] as const] : []),
      ...(colScales ? [["colScales", colScales] as const] : []),
    ],
    inner: [["inner", inner]],
  }),

  readNode(field, readInner) {
    const fields = readObject(field, ["form", "inner", "rowScaleDtype", "colScaleDtype"]);
    return {
      form: "scaled",
      inner: readInner(fields.inner),
      rowScaleDtype: readNullable(fields.rowScaleDtype, (word) => readWord(word, DTYPES)),
      colScaleDtype: readNullable(fields.colScaleDtype, (word) => readWord(word, DTYPES)),
    };
  },

  build: ({ inner, rowScaleDtype, colScaleDtype }, shape, store) => ({
    form: "scaled",
    shape,
    inner: store.inner("inner", inner),
    rowScales: rowScaleDtype && store.tensor("rowScales", rowScaleDtype),
    colScales: colScaleDtype && store.tensor("colScales", colScaleDtype),
  }),

  check({ shape: [rows, cols], rowScales, colScales }, reject) {
    if (rowScales) {
      checkTensor(rowScales, "rowScales", DTYPES, [rows], reject);
      checkFinite(rowScales, "rowScales", reject);
    }
    if (colScales) {
      checkTensor(colScales, "colScales", DTYPES, [cols], reject);
      checkFinite(colScales, "colScales", reject);
    }
  },

  rows({ shape: [, cols], inner, rowScales, colScales }, indices, rows) {
    const data = rows(inner, indices);
    const rowFactors = rowScales && toF32(rowScales).data;
    const colFactors = colScales && toF32(colScales).data;
    for (let i = 0; i < data.length; i++) {
      if (rowFactors) data[i] *= rowFactors[indices[Math.floor(i / cols)]];
      if (colFactors) data[i] *= colFactors[i % cols];
    }
    return data;
  },

  bind({ inner, rowScales, colScales }, upload, bind) {
    return pipe(
      colScales && multiplyBy(upload(colScales)),
      bind(inner),
      rowScales && multiplyBy(upload(rowScales)),
    );
  },
};

function multiplyBy(factors: DeviceArray): Apply {
  return (x, device) => device.multiply(x, factors);
}
