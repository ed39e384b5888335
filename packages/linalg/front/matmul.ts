import { ShapeError } from "@pare/tensor";
import type { MatmulOptions } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import {
  batchedShape,
  checkRectangle,
  type Float,
  matrixShape,
  sameDtype,
  sameShape,
} from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.matmul`. */
export function matmul<S>(
  context: Context<S>,
  a: DeviceArray,
  b: DeviceArray,
  options: MatmulOptions = {},
): DeviceArray {
  const action = "Cannot multiply matrices";
  const { transposeA = false, transposeB = false, alpha = 1, into, row = 0, col = 0 } = options;
  const { triangle = "full" } = options;
  if (triangle !== "full" && (triangle !== "lower" || !into)) {
    throw new TypeError(
      `${action} as triangle must be "full", or "lower" together with into: current value is ` +
        `${JSON.stringify(triangle)} ${into ? "with" : "without"} into`,
    );
  }
  const dtype = productDtype(context, action, a, b);
  const { m, n, k, batch, leading, ...strides } = productOf(action, a, b, transposeA, transposeB);
  let leadC = n;
  if (into) {
    if (into.dtype !== dtype) {
      throw new TypeError(
        `${action} as into must be ${dtype}, as the product is: current dtype is ${into.dtype}`,
      );
    }
    const [height, width] = matrixShape(action, into);
    if (batch !== 1) throw new ShapeError(action, [m, k], a.shape);
    checkRectangle(action, row, col, m, n, height, width);
    leadC = width;
  }
  const target = into ?? context.make(action, dtype, [...leading, m, n]);
  // One matrix for a whole batch of rows is a single, taller product.
  const isFlat = strides.strideB === 0 && !transposeA && !into;
  context.kernels.matmul({
    a: context.open(action, a),
    b: context.open(action, b),
    c: context.open(action, target),
    dtype,
    dtypeA: a.dtype === "f16" ? "f16" : dtype,
    dtypeB: b.dtype === "f16" ? "f16" : dtype,
    m: isFlat ? batch * m : m,
    n,
    k,
    batch: isFlat ? 1 : batch,
    ...strides,
    strideC: m * n,
    transposeA,
    transposeB,
    alpha,
    accumulate: into !== undefined,
    offsetC: into ? row * leadC + col : 0,
    leadC,
    lower: triangle === "lower",
  });
  return target;
}

/** What a product is computed in: f32 for halves. */
function productDtype<S>(
  context: Context<S>,
  action: string,
  a: DeviceArray,
  b: DeviceArray,
): Float {
  const [left, right] = [a, b].map((x) =>
    x.dtype === "f16" ? "f32" : context.float(action, x, "matmul")
  );
  if (left !== right) sameDtype(action, a, b);
  return left;
}

/** The sizes of a product, and the leading dimensions of its result. */
interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: number;
  readonly strideA: number;
  readonly strideB: number;
  readonly leading: readonly number[];
}

function productOf(
  action: string,
  a: DeviceArray,
  b: DeviceArray,
  transposeA: boolean,
  transposeB: boolean,
): Product {
  const [batchA, rowsA, colsA] = batchedShape(action, a);
  const [batchB, rowsB, colsB] = batchedShape(action, b);
  const [m, k] = transposeA ? [colsA, rowsA] : [rowsA, colsA];
  const [inner, n] = transposeB ? [colsB, rowsB] : [rowsB, colsB];
  if (inner !== k) throw new ShapeError(action, transposeB ? [n, k] : [k, n], [rowsB, colsB]);
  const [leadingA, leadingB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  if (batchA > 1 && batchB > 1 && !sameShape(leadingA, leadingB)) {
    throw new ShapeError(action, [...leadingA, ...b.shape.slice(-2)], b.shape);
  }
  // A single matrix gives way to a stack; of two, the one with more leading ones decides.
  const isStackA = batchA === batchB ? leadingA.length >= leadingB.length : batchA > batchB;
  return {
    m,
    n,
    k,
    batch: Math.max(batchA, batchB),
    strideA: batchA === 1 ? 0 : rowsA * colsA,
    strideB: batchB === 1 ? 0 : rowsB * colsB,
    leading: isStackA ? leadingA : leadingB,
  };
}
