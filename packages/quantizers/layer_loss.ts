// What a quantized layer loses of its output, ‖E X‖² = tr(E G Eᵀ), on a device.

import { type Device, type DeviceArray, downloadF32 } from "@pare/linalg";
import { type Tensor, tensor } from "@pare/tensor";

/** How many numbers of the error go to the device at a time. */
const STRIP = 2 ** 22;

/** Has a Gram matrix on the device, f32, scaled to a mean diagonal of 1; one of zeros stays so. */
export function uploadGram(device: Device, { data, shape }: Tensor<"f64">): DeviceArray {
  const [n] = shape;
  let trace = 0;
  for (let i = 0; i < n; i++) trace += data[i * (n + 1)];
  const factor = trace > 0 ? n / trace : 0;
  return device.upload(tensor(Float32Array.from(data, (value) => value * factor), shape));
}

/**
 * The loss of a layer by row and group of columns, E_g G_gg E_gᵀ of each row, where E is what rounding
 * did to the scaled weight, in the units of the weight: (values − weight) diag(factors).
 *
 * @param weight What was rounded, `[rows, cols]`.
 * @param values What it was rounded to.
 * @param factors What columns are multiplied with afterwards.
 * @param gram G on the device, `[cols, cols]`.
 * @param group The columns of a group; the last one may be shorter.
 * @returns `[rows, groups]`.
 */
export async function groupLosses(
  device: Device,
  weight: Tensor,
  values: Float32Array,
  factors: Float32Array,
  gram: DeviceArray,
  group: number,
): Promise<Float32Array> {
  const [rows, cols] = weight.shape;
  const groups = Math.ceil(cols / group);
  const losses = new Float32Array(rows * groups);
  const count = Math.ceil(STRIP / cols);
  for (let row = 0; row < rows; row += count) {
    const height = Math.min(count, rows - row);
    const error = new Float32Array(height * cols);
    for (let i = 0, at = row * cols; i < error.length; at += cols) {
      for (let j = 0; j < cols; j++, i++) {
        error[i] = (values[at + j] - weight.data[at + j]) * factors[j];
      }
    }
    using scope = device.scope();
    const e = scope.upload(tensor(error, [height, cols]));
    const found = scope.zeros([groups, height]);
    for (let g = 0; g < groups; g++) {
      using inner = scope.scope();
      const col = g * group;
      const size = Math.min(group, cols - col);
      const part = groups === 1 ? e : inner.slice(e, { col, cols: size });
      const block = groups === 1
        ? gram
        : inner.slice(gram, { row: col, rows: size, col, cols: size });
      const products = inner.multiply(inner.matmul(part, block), part);
      inner.write(found, inner.reshape(inner.reduceRows(products, "sum"), [1, height]), g, 0);
    }
    losses.set((await downloadF32(scope, scope.transpose(found))).data, row * groups);
  }
  return losses;
}

/** The loss of the whole layer; parameters as of {@linkcode groupLosses}. */
export async function layerLoss(
  device: Device,
  weight: Tensor,
  values: Float32Array,
  factors: Float32Array,
  gram: DeviceArray,
): Promise<number> {
  const losses = await groupLosses(device, weight, values, factors, gram, weight.shape[1]);
  return losses.reduce((sum, loss) => sum + loss, 0);
}
