// The host of the kernels of quantizers that round column after column.

import type { RoundingKernels } from "../rounding_kernels.ts";
import type { Engine } from "./engine.ts";
import { FIT_GRIDS, ROUND_COLUMNS, TRANSPOSE } from "./operations.ts";
import type { WasmStorage } from "./wasm_kernels.ts";

/** Makes them. */
export function createRoundingKernels({ allocator, run }: Engine): RoundingKernels<WasmStorage> {
  return {
    roundColumns: (p) => {
      const { feedback, zeroPoints, cols } = p;
      // The factors of one column side by side.
      const triangle = feedback ? allocator.allocate(4 * cols * cols) : 0;
      if (feedback) run(TRANSPOSE, [feedback.triangle.address, triangle, cols, cols]);
      const isShared = typeof zeroPoints === "number";
      run(ROUND_COLUMNS, [
        ...[p.target.address, feedback?.weight.address ?? 0, triangle, p.steps.address],
        ...[isShared ? 0 : zeroPoints.address, p.gridOf.address, p.table?.address ?? 0],
        ...[p.out.address, p.rows, cols, p.grids, p.count],
      ], [isShared ? zeroPoints : 0]);
      if (feedback) allocator.free(triangle);
    },
    fitGrids: ({ x, steps, zeroPoints, rows, cols, count, isHalf, candidates }) => {
      const addresses = [x.address, steps.address, zeroPoints?.address ?? 0];
      run(FIT_GRIDS, [...addresses, rows, cols, count, Number(isHalf), candidates]);
    },
  };
}
