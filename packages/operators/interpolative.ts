import { packIntegers, type Tensor, unpackIntegers } from "@pare/tensor";
import { checkTensor, type Reject, rejectAs } from "./check_tensor.ts";
import { readNullable, readObject, readShape, rejectAt } from "./field.ts";
import type { Form, NodeOf } from "./form.ts";
import { gatherCols } from "./gather_cols.ts";
import type { InterpolativeOperator, MatrixShape, Operator } from "./operator.ts";
import { pipe } from "./pipe.ts";

/**
 * Puts the columns of an identity, which are not stored, between those of an operator: column
 * `columns[i]` is 0 but for a 1 in row i, and the others are those of `rest` in order.
 *
 * @example The last column is a mixture of the others
 * ```ts
 * import { dense, interpolative, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const rest = dense(tensor(Float32Array.of(0.5, 0.25), [2, 1]));
 * const operator = interpolative(rest, tensor(Uint32Array.of(0, 1), [2], "u32"));
 * assertEquals(operator.shape, [2, 3]);
 * assertEquals(toDense(operator).data, Float32Array.of(1, 0, 0.5, 0, 1, 0.25));
 * ```
 *
 * @param rest The other columns, `[k, n − k]`; `null` where there are none.
 * @param columns Where those of the identity stand, in ascending order: u32 `[k]`.
 * @returns The operator `[k, n]`.
 * @throws {TypeError} If `columns` is not u32.
 * @throws {RangeError} If `columns` is empty, is not ascending or has not as many elements as `rest`
 * has rows, or an element is not that of a column.
 */
export function interpolative(
  rest: Operator | null,
  columns: Tensor<"u32">,
): InterpolativeOperator {
  const reject = rejectAs("Cannot make an interpolative operator");
  const rows = columns.data.length;
  const cols = rows + (rest?.shape[1] ?? 0);
  checkColumns(columns, cols, reject);
  const bits = new Uint8Array(cols);
  for (const column of columns.data) bits[column] = 1;
  const data = packIntegers(bits, 1);
  const mask: Tensor<"u8"> = { dtype: "u8", shape: [data.length], data };
  const operator: InterpolativeOperator = {
    form: "interpolative",
    shape: [rows, cols],
    mask,
    rest,
  };
  INTERPOLATIVE.check(operator, reject);
  return operator;
}

/**
 * Tells which columns of an interpolative operator are those of the identity.
 *
 * @param operator The operator `[k, n]`.
 * @returns The columns in ascending order, u32 `[k]`.
 */
export function identityColumns(operator: InterpolativeOperator): Tensor<"u32"> {
  return columnsWhere(operator.mask, operator.shape, 1);
}

/** The form of matrices that hold an identity among their columns. */
export const INTERPOLATIVE: Form<InterpolativeOperator, NodeOf<"interpolative">> = {
  isOperator: (value) => "mask" in value,

  nodeOf: ({ shape, rest }, nodeOf) => ({
    form: "interpolative",
    shape,
    rest: rest && nodeOf(rest),
  }),

  shapeOf: ({ shape }) => shape,

  specs: ({ rest }, [, cols]) => ({
    tensors: [["mask", { dtype: "u8", shape: [Math.ceil(cols / 8)] }]],
    inner: rest ? [["rest", rest]] : [],
  }),

  parts: ({ mask, rest }) => ({
    tensors: [["mask", mask]],
    inner: rest ? [["rest", rest]] : [],
  }),

  readNode(field, readInner, shapeOf) {
    const fields = readObject(field, ["form", "shape", "rest"]);
    const shape = readShape(fields.shape);
    const rest = readNullable(fields.rest, readInner);
    checkRest(shape, rest && shapeOf(rest), rejectAt(field.path));
    return { form: "interpolative", shape, rest };
  },

  build: ({ rest }, shape, store) => ({
    form: "interpolative",
    shape,
    mask: store.tensor("mask", "u8"),
    rest: rest && store.inner("rest", rest),
  }),

  check({ shape, mask, rest }, reject) {
    checkRest(shape, rest && rest.shape, reject);
    const [rows, cols] = shape;
    checkTensor(mask, "mask", ["u8"], [Math.ceil(cols / 8)], reject);
    const count = columnsWhere(mask, shape, 1).data.length;
    if (count !== rows) {
      reject(
        "mask",
        `must mark as many columns as there are rows, ${rows}: current count is ${count}`,
      );
    }
    const last = mask.data[mask.data.length - 1];
    if (cols % 8 !== 0 && last >> cols % 8 !== 0) {
      reject("mask", `must be filled up with zeros: current value of the last byte is ${last}`);
    }
  },

  rows({ shape, mask, rest }, indices, rows) {
    const [, cols] = shape;
    const identity = columnsWhere(mask, shape, 1).data;
    const others = columnsWhere(mask, shape, 0).data;
    const stored = rest && rows(rest, indices);
    const data = new Float64Array(indices.length * cols);
    indices.forEach((row, i) => {
      const start = i * cols;
      data[start + identity[row]] = 1;
      if (stored) others.forEach((col, j) => data[start + col] = stored[i * others.length + j]);
    });
    return data;
  },

  bind({ shape, mask, rest }, upload, bind) {
    const takeIdentity = gatherCols(upload(columnsWhere(mask, shape, 1)));
    if (rest === null) return takeIdentity;
    const multiplyRest = pipe(
      gatherCols(upload(columnsWhere(mask, shape, 0))),
      bind(rest),
    );
    return (x, device) => {
      using taken = takeIdentity(x, device);
      using product = multiplyRest(x, device);
      return device.add(taken, product);
    };
  },
};

/** The columns whose bit of the mask has that value, in ascending order. */
function columnsWhere(mask: Tensor<"u8">, [, cols]: MatrixShape, value: 0 | 1): Tensor<"u32"> {
  const bits = unpackIntegers(mask.data, 1, cols);
  const data = Uint32Array.from(bits.keys()).filter((column) => bits[column] === value);
  return { dtype: "u32", shape: [data.length], data };
}

function checkColumns(columns: Tensor<"u32">, cols: number, reject: Reject): void {
  const { data } = columns;
  checkTensor(columns, "columns", ["u32"], [data.length], reject);
  if (data.length === 0) reject("columns", "must be one or more: current count is 0");
  data.forEach((column, i) => {
    if (column >= cols || (i > 0 && column <= data[i - 1])) {
      const problem = `must be ascending and below ${cols}`;
      reject("columns", `${problem}: current value of element ${i} is ${column}`);
    }
  });
}

function checkRest([rows, cols]: MatrixShape, rest: MatrixShape | null, reject: Reject): void {
  if (rows > cols) {
    const problem = "must have no more rows than columns";
    reject("shape", `${problem}: current shape is [${rows}, ${cols}]`);
  }
  const wanted = rows === cols ? "null" : `of the shape [${rows}, ${cols - rows}]`;
  const found = rest === null ? "null" : `of the shape [${rest.join(", ")}]`;
  if (found !== wanted) {
    reject("rest", `must be ${wanted}: current operator is ${found}`);
  }
}
