import { type AnyTensor, type Dtype, DTYPES, sizeOf, toF32 } from "@pare/tensor";
import type { MatrixShape } from "./operator.ts";

/** Throws an error about a field; `problem` ends the sentence "Cannot … as field". */
export type Reject = (
  field: string,
  problem: string,
  Kind?: typeof TypeError | typeof RangeError,
) => never;

/** Makes errors that begin with `action`: RangeErrors, unless told otherwise. */
export function rejectAs(action: string): Reject {
  return (field, problem, Kind = RangeError) => {
    throw new Kind(`${action} as ${field} ${problem}`);
  };
}

/** The shape of a tensor, which must be that of a matrix with elements. */
export function matrixShapeOf({ shape }: AnyTensor, field: string, reject: Reject): MatrixShape {
  const [rows, cols] = shape;
  const isMatrix = shape.length === 2 && rows > 0 && cols > 0;
  if (!isMatrix) reject(field, `must be a matrix: current shape is [${shape.join(", ")}]`);
  return [rows, cols];
}

/** Checks that a tensor has one of the dtypes, the shape, and as many elements as it says. */
export function checkTensor(
  tensor: AnyTensor,
  field: string,
  dtypes: readonly Dtype[],
  shape: readonly number[],
  reject: Reject,
): void {
  const { dtype, data } = tensor;
  if (!dtypes.includes(dtype)) {
    const problem = `must be ${dtypes.join(" or ")}: current dtype is ${dtype}`;
    reject(field, problem, TypeError);
  }
  if (!(data instanceof DTYPES[dtype].array)) {
    const problem = `must hold ${dtype} in a ${DTYPES[dtype].array.name}: current data is not one`;
    reject(field, problem, TypeError);
  }
  const fits = tensor.shape.length === shape.length && shape.every((n, i) => n === tensor.shape[i]);
  if (!fits) {
    const [wanted, found] = [shape.join(", "), tensor.shape.join(", ")];
    reject(field, `must have the shape [${wanted}]: current shape is [${found}]`);
  }
  if (data.length !== sizeOf(shape)) {
    reject(field, `must have ${sizeOf(shape)} elements: current count is ${data.length}`);
  }
}

/** Checks that no number is infinite or NaN. */
export function checkFinite(tensor: AnyTensor, field: string, reject: Reject): void {
  const { data } = toF32(tensor);
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      reject(field, `must be finite: current value of element ${i} is ${data[i]}`);
    }
  }
}
