import type { Tensor } from "@pare/tensor";
import { FORMS } from "./forms.ts";
import { range } from "./host_matrix.ts";
import type { Operator } from "./operator.ts";

/** How many elements are held in f64 at once: 128 MiB. */
const MAX_ELEMENTS = 2 ** 24;

/**
 * Writes out some rows of the matrix: the tokens of an embedding that is stored compressed.
 *
 * Only what these rows need is computed: all of `right` for a product, whole blocks where rows are
 * rotated.
 *
 * @example The second row, twice
 * ```ts
 * import { dense, gatherRows } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const operator = dense(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]));
 * assertEquals(gatherRows(operator, Uint32Array.of(1, 1)).data, Float32Array.of(3, 4, 3, 4));
 * ```
 *
 * @param operator The operator.
 * @param indices The rows.
 * @returns The rows in that order, f32 `[indices.length, cols]`, computed in f64 and rounded once.
 * @throws {RangeError} If an index is not that of a row.
 */
export function gatherRows(operator: Operator, indices: Uint32Array): Tensor {
  const [rows, cols] = operator.shape;
  const wrong = indices.find((index) => index >= rows);
  if (wrong !== undefined) {
    throw new RangeError(
      `Cannot gather rows as every index must be below ${rows}: current index is ${wrong}`,
    );
  }
  return { dtype: "f32", shape: [indices.length, cols], data: roundRows(operator, indices) };
}

/**
 * Writes out the matrix, computed in f64 and rounded once.
 *
 * @example A matrix and a correction
 * ```ts
 * import { dense, sum, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = dense(tensor(Float32Array.of(1, 2), [1, 2]));
 * const correction = dense(tensor(Float32Array.of(0.5, 0), [1, 2]));
 * assertEquals(toDense(sum(weight, correction)).data, Float32Array.of(1.5, 2));
 * ```
 *
 * @param operator The operator.
 * @returns The matrix in f32, an array of its own.
 */
export function toDense(operator: Operator): Tensor {
  const { shape } = operator;
  return { dtype: "f32", shape, data: roundRows(operator, range(shape[0])) };
}

function roundRows(operator: Operator, indices: Uint32Array): Float32Array<ArrayBuffer> {
  const cols = operator.shape[1];
  const step = Math.max(1, Math.floor(MAX_ELEMENTS / cols));
  const data = new Float32Array(indices.length * cols);
  for (let start = 0; start < indices.length; start += step) {
    data.set(rowsOf(operator, indices.subarray(start, start + step)), start * cols);
  }
  return data;
}

function rowsOf(operator: Operator, indices: Uint32Array): Float64Array {
  return FORMS[operator.form].rows(operator, indices, rowsOf);
}
