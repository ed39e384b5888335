// One panel of b and all packed rows of a: the first tile packs the panel while it multiplies, where
// it can, and the others find it in the first cache.

import { packingKernel, TILE_ROWS, tileCols } from "./micro_kernel";
import { packCols } from "./pack";
import { multiplyPanel, packedA, packedB } from "./panels";

/**
 * Packs the next panel of b, up to `cols` columns of elements S, and multiplies it with the packed rows
 * of a: c = alpha · a · b (+ c).
 *
 * @param colB Bytes from one column of b to the next; `stepB` from one row to the next.
 * @param lead Bytes from one row of c to the next.
 * @param right How many columns of row 0 may be written; one more of each row below.
 */
export function multiplyCols<S, T>(
  rows: usize,
  cols: usize,
  depth: usize,
  b: usize,
  colB: usize,
  stepB: usize,
  c: usize,
  lead: usize,
  alpha: T,
  accumulate: bool,
  right: isize,
): void {
  const width = min(tileCols<T>(), cols);
  let a = packedA();
  const panel = packedB();
  if (
    colB == sizeof<S>() && width == tileCols<T>() && rows >= TILE_ROWS && right >= <isize> width
  ) {
    packingKernel<S, T>(depth, a, b, stepB, panel, c, lead, alpha, accumulate);
    a += TILE_ROWS * depth * sizeof<T>();
    c += TILE_ROWS * lead;
    right += TILE_ROWS;
    rows -= TILE_ROWS;
  } else packCols<S, T>(b, colB, stepB, width, depth, panel);
  multiplyPanel<T>(rows, width, depth, a, panel, c, lead, alpha, accumulate, right);
}
