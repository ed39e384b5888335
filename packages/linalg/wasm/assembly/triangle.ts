// Substitution with a triangle of up to BLOCK unknowns, tile by tile: what one tile of unknowns
// takes of those before it is a product of packed panels, and only the tile itself is substituted.
//
// K. Goto and R. van de Geijn, "High-Performance Implementation of the Level-3 BLAS", ACM TOMS 35(1),
// 2008, section 5.
//
//   x_J = (b_J - Σ_{k < j} x_k T[J, k]ᵀ) T[J, J]⁻ᵀ    J = j … j + w - 1, w the columns of a tile
//
// A strip of systems is held packed as the micro-kernel reads its left operand: TILE_ROWS systems
// side by side, one unknown after the other.

import { microKernel, TILE_ROWS, tileCols } from "./micro_kernel";
import { packedA, spare } from "./panels";
import { lanes, loadUpTo, storeUpTo } from "./simd";

/** The most unknowns. */
export const BLOCK: usize = 128;

/** Bytes of one step of a panel of T, and of a row of a tile. */
const STEP: usize = 32;

/** What one group of TILE_ROWS systems takes. */
@inline
export function groupBytes<T>(): usize {
  return BLOCK * TILE_ROWS * sizeof<T>();
}

/** The packed systems of a group: unknown l of system r is element l · TILE_ROWS + r. */
@inline
export function group<T>(index: usize): usize {
  return packedA() + index * groupBytes<T>();
}

/** Where rows of T are packed: lane c of step l is T[j + c, l]. */
@inline
export function panel(): usize {
  return spare();
}

/** Where the tile on the diagonal of T is kept: row c, STEP bytes each. */
@inline
export function corner(): usize {
  return spare() + BLOCK * STEP;
}

/** Where a tile of right-hand sides is kept, a row for each system; there is room for eight. */
@inline
export function tile(): usize {
  return spare() + BLOCK * STEP + 8 * STEP;
}

/** Packs `width` rows of T up to column `depth`; strides are bytes, and may be negative. */
export function packPanel<T>(
  source: usize,
  rowStep: usize,
  colStep: usize,
  width: usize,
  depth: usize,
): void {
  let target = panel();
  for (let l: usize = 0; l < depth; l++, source += colStep) {
    let from = source;
    for (let c: usize = 0; c < tileCols<T>(); c++, from += rowStep, target += sizeof<T>()) {
      store<T>(target, c < width ? load<T>(from) : <T> 0);
    }
  }
}

/** Copies the tile on the diagonal of T; a diagonal that is not read is all ones. */
export function copyCorner<T>(
  source: usize,
  rowStep: usize,
  colStep: usize,
  width: usize,
  isUnit: bool,
): void {
  for (let c: usize = 0; c < width; c++) {
    let from = source + c * rowStep;
    const target = corner() + c * STEP;
    for (let k: usize = 0; k < c; k++, from += colStep) {
      store<T>(target + k * sizeof<T>(), load<T>(from));
    }
    store<T>(target + c * sizeof<T>(), isUnit ? <T> 1 : load<T>(from));
  }
}

/**
 * Finds unknowns j … j + width - 1 of a group of systems, in place.
 *
 * @param x The packed systems, with all unknowns before j.
 * @param b Right-hand side j of the first system, where unknown j is written.
 * @param rowStep Bytes from one system to the next.
 * @param colStep Bytes from one unknown to the next.
 * @param from The first system that is written.
 * @param height How many systems there are.
 */
export function substitute<T>(
  j: usize,
  width: usize,
  x: usize,
  b: usize,
  rowStep: usize,
  colStep: usize,
  from: usize,
  height: usize,
): void {
  const size = sizeof<T>();
  for (let r: usize = 0; r < height; r++) {
    let source = b + r * rowStep;
    const target = tile() + r * STEP;
    for (let c: usize = 0; c < width; c++, source += colStep) {
      store<T>(target + c * size, load<T>(source));
    }
  }
  if (j > 0) microKernel<T>(j, x, panel(), tile(), STEP, -1, true);
  x += j * TILE_ROWS * size;
  for (let r: usize = 0; r < TILE_ROWS; r++) {
    for (let c: usize = 0; c < width; c++) {
      store<T>(x + (c * TILE_ROWS + r) * size, load<T>(tile() + r * STEP + c * size));
    }
  }
  for (let c: usize = 0; c < width; c++) substituteOne<T>(c, x);
  for (let r = from; r < height; r++) {
    let target = b + r * rowStep;
    for (let c: usize = 0; c < width; c++, target += colStep) {
      store<T>(target, load<T>(x + (c * TILE_ROWS + r) * size));
    }
  }
}

/** Unknown c of a tile: what those before it come to is subtracted, the rest divided. */
@inline
function substituteOne<T>(c: usize, x: usize): void {
  const row = corner() + c * STEP;
  const step = TILE_ROWS * sizeof<T>();
  const divisor = v128.load_splat<T>(row + c * sizeof<T>());
  for (let r: usize = 0; r < TILE_ROWS; r += lanes<T>()) {
    const at = x + r * sizeof<T>();
    let value = loadUpTo<T>(at + c * step, TILE_ROWS - r);
    for (let k: usize = 0; k < c; k++) {
      const factor = v128.load_splat<T>(row + k * sizeof<T>());
      value = v128.sub<T>(value, v128.mul<T>(factor, loadUpTo<T>(at + k * step, TILE_ROWS - r)));
    }
    storeUpTo<T>(at + c * step, v128.div<T>(value, divisor), TILE_ROWS - r);
  }
}
