import type { Device, DeviceArray } from "@pare/linalg";
import { type AnyTensor, ShapeError } from "@pare/tensor";
import type { Apply } from "./form.ts";
import { FORMS } from "./forms.ts";
import type { MatrixShape, Operator } from "./operator.ts";

/** An operator whose parts are on a device; disposing it frees them. */
export interface BoundOperator extends Disposable {
  /** `[outFeatures, inFeatures]`. */
  readonly shape: MatrixShape;
  /**
   * Multiplies activations by the transposed matrix, x · Wᵀ, without building the matrix.
   *
   * @param x f32 `[…, cols]`.
   * @param device The device that the operator is bound to, or a scope of it: what makes the
   * result. The device itself by default.
   * @returns f32 `[…, rows]`, the only array that is left behind.
   * @throws {ShapeError} If the last dimension of `x` is not `cols`.
   * @throws {TypeError} If `x` is not f32, or the operator is disposed.
   */
  apply(x: DeviceArray, device?: Device): DeviceArray;
}

/**
 * Copies an operator to a device, to multiply by it many times.
 *
 * @example Multiply by packed codes
 * ```ts
 * import { createReferenceDevice, downloadF32 } from "@pare/linalg";
 * import { affine, bind } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * using device = createReferenceDevice();
 * using operator = bind(
 *   affine({
 *     codes: tensor(Uint8Array.of(0, 1, 2, 3), [2, 2], "u8"),
 *     bits: 2,
 *     groupSize: null,
 *     scales: tensor(Float32Array.of(0.5), [1, 1]),
 *   }),
 *   device,
 * );
 * using x = device.upload(tensor(Float32Array.of(1, 10), [1, 2]));
 * using y = operator.apply(x);
 * assertEquals((await downloadF32(device, y)).data, Float32Array.of(-6, 5));
 * ```
 *
 * @param operator The operator.
 * @param device Where its parts go; they belong to it until they are freed.
 * @returns The bound operator; dispose it to free its parts.
 */
export function bind(operator: Operator, device: Device): BoundOperator {
  const held: DeviceArray[] = [];
  const free = () => held.forEach((array) => array[Symbol.dispose]());
  const upload = (tensor: AnyTensor) => {
    const array = device.upload(tensor);
    held.push(array);
    return array;
  };
  const bindInner = (inner: Operator): Apply => FORMS[inner.form].bind(inner, upload, bindInner);
  const { shape } = operator;
  try {
    const apply = bindInner(operator);
    return {
      shape,
      apply: (x, target = device) => applyChecked(apply, shape, x, target),
      [Symbol.dispose]: free,
    };
  } catch (error) {
    free();
    throw error;
  }
}

function applyChecked(
  apply: Apply,
  [rows, cols]: MatrixShape,
  x: DeviceArray,
  device: Device,
): DeviceArray {
  const action = "Cannot apply an operator";
  const lead = x.shape.slice(0, -1);
  if (x.shape.at(-1) !== cols) throw new ShapeError(action, [...lead, cols], x.shape);
  if (x.dtype !== "f32") {
    throw new TypeError(`${action} as activations must be f32: current dtype is ${x.dtype}`);
  }
  if (lead.length > 0) return apply(x, device);
  // Matrix products want two dimensions.
  using row = device.reshape(x, [1, cols]);
  using product = apply(row, device);
  return device.reshape(product, [rows]);
}
