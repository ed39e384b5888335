// The host of a panel: two operations a step, one for tasks of rows and one for tasks of columns.

import type { BidiagonalPanelParams } from "../step_kernels.ts";
import type { Engine } from "./engine.ts";
import { BIDIAGONAL_COLS, BIDIAGONAL_ROWS, BIDIAGONAL_TRIANGLES } from "./operations.ts";
import type { WasmStorage } from "./wasm_kernels.ts";

/** The most tasks of an operation, as assembly/bidiagonal_panel.ts has them. */
const MOST_TASKS: number = 16;

/** Rows and columns whose steps are over sooner than another thread is awake. */
const SMALL: number = 128;

/** Reduces rows and columns of a panel. */
export function bidiagonalPanel(
  { allocator, memory, run }: Engine,
  p: BidiagonalPanelParams<WasmStorage>,
): void {
  const { width, rows, cols, band, left, right } = p;
  const size = p.size - p.first;
  const bytes = p.dtype === "f64" ? 8 : 4;
  const variant = p.dtype === "f64" ? 1 : 0;
  // Vectors before they are reflected; what tasks add to Aᵀ c, and to the products with the panel.
  const lengths = [size, size, MOST_TASKS * size, 2 * MOST_TASKS * width, 2 * MOST_TASKS * width];
  const work = lengths.map((length) => allocator.allocate(length * bytes));
  const clear = ({ address }: WasmStorage, length: number) =>
    new Uint8Array(memory.buffer, address, length * bytes).fill(0);
  for (const array of [rows, cols]) clear(array, 2 * width * size);
  for (const array of [left, right]) clear(array, width * width);
  clear(band, 2 * width);
  const corner = p.a.address + p.first * (p.size + 1) * bytes;
  const words = [corner, p.size, size, width, 0, rows.address, cols.address, ...work];
  words.push(band.address, left.address, right.address);
  const isSmall = size < SMALL;
  // The step after the last one has no columns, but x and w of the one before it.
  for (let step = 0; step <= width && step < size; step++) {
    words[4] = step;
    run(BIDIAGONAL_ROWS + variant, words, [], isSmall);
    if (step === width) break;
    run(BIDIAGONAL_COLS + variant, words, [], isSmall);
  }
  run(BIDIAGONAL_TRIANGLES + variant, words, [], isSmall);
  for (const address of work) allocator.free(address);
}
