// The dense factor of a Hadamard transform, in place: each block is a matrix `[order, power]`, and
// becomes the factor times that matrix.
//
// The columns of all blocks are one run of columns; as many as the thread has memory for are packed
// in panels of two vectors for each step of the inner dimension. Four rows of the factor, widened
// from bits to ±1, then go over all panels, eight sums in registers. Orders are multiples of four.

import { spare } from "./panels";
import { lanes, madd, zero } from "./simd";

/** Bytes of the packed columns. */
const PANEL_BYTES: usize = 96 * 1024;
/** Where four rows of the factor are, as floats; at most 512 of them in f64. */
const ROWS: usize = PANEL_BYTES;
/** Where a tile is put that has no whole vectors in the blocks. */
const TILE: usize = ROWS + 512 * 4 * 8;

/** out = factor · out for each block. */
export function multiplyFactor<T>(
  out: usize,
  blocks: usize,
  order: usize,
  power: usize,
  signs: usize,
): void {
  const width = 2 * lanes<T>();
  const total = blocks * power;
  const panelBytes = order * 32;
  const share = PANEL_BYTES / panelBytes * width;
  const words = (order + 31) / 32;
  for (let first: usize = 0; first < total; first += share) {
    const end = min(total, first + share);
    let panel = spare();
    for (let col = first; col < end; col += width, panel += panelBytes) {
      packPanel<T>(out, col, min(width, end - col), order, power, panel);
    }
    for (let i: usize = 0; i < order; i += 4) {
      for (let r: usize = 0; r < 4; r++) {
        widenRow<T>(signs + (i + r) * words * 4, order, spare() + ROWS + r * sizeof<T>());
      }
      panel = spare();
      for (let col = first; col < end; col += width, panel += panelBytes) {
        multiplyTile<T>(out, i, col, min(width, end - col), order, power, panel);
      }
    }
  }
}

/** The element in the first row of a column. */
@inline
function addressOf<T>(out: usize, col: usize, order: usize, power: usize): usize {
  return out + (col / power * order * power + col % power) * sizeof<T>();
}

function packPanel<T>(
  out: usize,
  col: usize,
  count: usize,
  order: usize,
  power: usize,
  panel: usize,
): void {
  const step = power * sizeof<T>();
  if (power >= 2 * lanes<T>()) {
    let source = addressOf<T>(out, col, order, power);
    for (let k: usize = 0; k < order; k++, source += step, panel += 32) {
      v128.store(panel, v128.load(source));
      v128.store(panel, v128.load(source, 16), 16);
    }
    return;
  }
  for (let lane: usize = 0; lane < 2 * lanes<T>(); lane++) {
    let source = addressOf<T>(out, col + lane, order, power);
    for (let k: usize = 0; k < order; k++, source += step) {
      const value = lane < count ? load<T>(source) : <T> 0;
      store<T>(panel + k * 32 + lane * sizeof<T>(), value);
    }
  }
}

/** One row of the factor as ±1, four elements apart. */
function widenRow<T>(signs: usize, order: usize, target: usize): void {
  for (let k: usize = 0; k < order; k++, target += 4 * sizeof<T>()) {
    const negative = load<u32>(signs + (k >> 5) * 4) >> <u32> (k & 31) & 1;
    if (sizeof<T>() == 8) store<u64>(target, 0x3ff0000000000000 | <u64> negative << 63);
    else store<u32>(target, 0x3f800000 | negative << 31);
  }
}

/** Rows i to i + 3 of the products of one panel. */
function multiplyTile<T>(
  out: usize,
  i: usize,
  col: usize,
  count: usize,
  order: usize,
  power: usize,
  panel: usize,
): void {
  const step = power * sizeof<T>();
  if (power >= 2 * lanes<T>()) {
    const target = addressOf<T>(out, col, order, power) + i * step;
    return multiplyRows<T>(order, spare() + ROWS, panel, target, step);
  }
  const tile = spare() + TILE;
  multiplyRows<T>(order, spare() + ROWS, panel, tile, 32);
  for (let lane: usize = 0; lane < count; lane++) {
    let target = addressOf<T>(out, col + lane, order, power) + i * step;
    for (let r: usize = 0; r < 4; r++, target += step) {
      store<T>(target, load<T>(tile + r * 32 + lane * sizeof<T>()));
    }
  }
}

function multiplyRows<T>(
  order: usize,
  rows: usize,
  panel: usize,
  target: usize,
  step: usize,
): void {
  let c00 = zero(), c01 = zero(), c10 = zero(), c11 = zero();
  let c20 = zero(), c21 = zero(), c30 = zero(), c31 = zero();
  for (; order > 0; order--) {
    const b0 = v128.load(panel);
    const b1 = v128.load(panel, 16);
    let sign = v128.load_splat<T>(rows);
    c00 = madd<T>(sign, b0, c00);
    c01 = madd<T>(sign, b1, c01);
    sign = v128.load_splat<T>(rows, sizeof<T>());
    c10 = madd<T>(sign, b0, c10);
    c11 = madd<T>(sign, b1, c11);
    sign = v128.load_splat<T>(rows, 2 * sizeof<T>());
    c20 = madd<T>(sign, b0, c20);
    c21 = madd<T>(sign, b1, c21);
    sign = v128.load_splat<T>(rows, 3 * sizeof<T>());
    c30 = madd<T>(sign, b0, c30);
    c31 = madd<T>(sign, b1, c31);
    rows += 4 * sizeof<T>();
    panel += 32;
  }
  v128.store(target, c00);
  v128.store(target, c01, 16);
  v128.store(target += step, c10);
  v128.store(target, c11, 16);
  v128.store(target += step, c20);
  v128.store(target, c21, 16);
  v128.store(target += step, c30);
  v128.store(target, c31, 16);
}
