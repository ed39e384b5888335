// The host of a panel: three operations a row, of which the product with the matrix is for all
// threads and the others are over sooner than another thread is awake.

import type { TridiagonalPanelParams } from "../step_kernels.ts";
import type { Engine } from "./engine.ts";
import { CORRECT_ROW, MULTIPLY_ROW, REFLECT_ROW } from "./operations.ts";
import type { WasmStorage } from "./wasm_kernels.ts";

/** The most tasks of a product, as assembly/symmetric_vector.ts has them. */
const MOST_TASKS: number = 16;

/** Reduces the rows of a panel, the last one first. */
export function tridiagonalPanel(
  { allocator, run }: Engine,
  p: TridiagonalPanelParams<WasmStorage>,
): void {
  const { n, size, width } = p;
  const variant = p.dtype === "f64" ? 1 : 0;
  const stride = Math.ceil(size / 8) * 64;
  const partials = allocator.allocate(MOST_TASKS * stride);
  const words = [p.matrix.address, p.w.address, p.coefficients.address, n, size, 0];
  words.push(partials, stride, width);
  for (let i = size - 1; i >= size - width; i--) {
    words[5] = i;
    run(REFLECT_ROW + variant, words, [], true);
    run(MULTIPLY_ROW + variant, words);
    run(CORRECT_ROW + variant, words, [], true);
  }
  allocator.free(partials);
}
