// Products of Householder reflectors applied on a device: three matrix products a block.

import type { Device, DeviceArray } from "../device.ts";
import type { BlockReflector } from "./householder.ts";
import { put } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

/**
 * Applies a block of reflectors to all rows it acts on, from column `col` on, in place:
 * `C -= V T (Vᵀ C)`, or Tᵀ in place of T where transposed.
 */
export function applyBlock(
  device: Device,
  dtype: MatrixDtype,
  reflector: BlockReflector,
  target: DeviceArray,
  col: number,
  transposed: boolean,
): void {
  const { row, length, count } = reflector;
  if (col >= target.shape[1]) return;
  using scope = device.scope();
  const vt = put(scope, dtype, [count, length], reflector.vt);
  const t = put(scope, dtype, [count, count], reflector.t);
  const block = scope.slice(target, { row, rows: length, col });
  const products = scope.matmul(t, scope.matmul(vt, block), { transposeA: transposed });
  scope.matmul(vt, products, { transposeA: true, alpha: -1, into: target, row, col });
}

/**
 * Writes out the first `cols` columns of the product of all blocks, in their order.
 *
 * A block that starts at row r leaves the unit vectors before r alone, so that the last block comes
 * first and each one only touches what is right of its row.
 */
export function formProduct(
  device: Device,
  dtype: MatrixDtype,
  reflectors: readonly BlockReflector[],
  rows: number,
  cols: number,
): DeviceArray {
  const identity = new Float64Array(rows * cols);
  for (let i = 0; i < Math.min(rows, cols); i++) identity[i * cols + i] = 1;
  const target = put(device, dtype, [rows, cols], identity);
  for (const reflector of reflectors.toReversed()) {
    applyBlock(device, dtype, reflector, target, reflector.row, false);
  }
  return target;
}
