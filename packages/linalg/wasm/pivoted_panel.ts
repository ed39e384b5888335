// The host of a panel with pivoting: two operations a column, of which the second, which reads all
// that is left of the matrix, is for all threads. Once a norm is lost the rest of them do nothing.

import type { PivotedPanelParams } from "../step_kernels.ts";
import type { Engine } from "./engine.ts";
import { MEASURE_COLUMNS, PIVOT_COLUMN, PIVOT_REST } from "./operations.ts";
import type { WasmStorage } from "./wasm_kernels.ts";

/** Bytes of what assembly/pivoted_panel.ts keeps besides the norms. */
const STATE_BYTES: number = 384;

/** Chooses columns, one after the other. */
export function pivotedPanel(
  { allocator, run }: Engine,
  p: PivotedPanelParams<WasmStorage>,
): void {
  const { n, m, first, width } = p;
  const variant = p.dtype === "f64" ? 1 : 0;
  const state = allocator.allocate(STATE_BYTES + 2 * (n - first) * 8);
  const storages = [p.x, p.order, p.v, p.t, p.f, p.count].map(({ address }) => address);
  const words = [...storages, n, m, first, width, state, 0];
  run(MEASURE_COLUMNS + variant, words);
  for (let i = 0; i < width; i++) {
    words[11] = i;
    run(PIVOT_COLUMN + variant, words, [], true);
    run(PIVOT_REST + variant, words);
  }
  allocator.free(state);
}
