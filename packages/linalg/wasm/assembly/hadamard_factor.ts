// The dense factor of a Hadamard transform, in place: each block is a matrix `[order, power]`, and
// becomes the factor times that matrix.
//
// V. L. Arlazarov, E. A. Dinic, M. A. Kronrod and I. A. Faradžev, "On Economical Construction of the
// Transitive Closure of an Oriented Graph", 1970 (the method of four Russians): all 16 sums
// ± x_k ± x_(k+1) ± x_(k+2) ± x_(k+3) of four rows are made once, and each row of the product adds the
// one that its four signs pick, a quarter of the additions. Orders are multiples of four.
//
// Columns go by panels, a line of the cache for each row, copied first as they are overwritten; tables
// are made for so many rows at a time that they stay in the first cache.

import { spare } from "./panels";
import { zero } from "./simd";

/** Bytes of a panel for each row, and of an entry of a table: four vectors. */
const LINE: usize = 64;
/** Bytes of the table of four rows. */
const TABLE: usize = 16 * LINE;
/** Rows of a panel whose tables are made at a time: a multiple of what a word of signs counts. */
const ROWS: usize = 128;
/** The largest order. */
const MAX_ORDER: usize = 512;

const PANEL: usize = 0;
const TABLES: usize = PANEL + MAX_ORDER * LINE;
/** Where a product is put whose columns are not neighbours in the blocks. */
const ASIDE: usize = TABLES + ROWS / 4 * TABLE;

/** out = factor · out for each block. */
export function multiplyFactor<T>(
  out: usize,
  blocks: usize,
  order: usize,
  power: usize,
  signs: usize,
): void {
  const width = LINE / sizeof<T>();
  const total = blocks * power;
  const isWhole = power >= width;
  const wordBytes = (order + 31) / 32 * 4;
  const panel = spare() + PANEL;
  const aside = spare() + ASIDE;
  for (let col: usize = 0; col < total; col += width) {
    const first = addressOf<T>(out, col, order, power);
    const step = isWhole ? power * sizeof<T>() : LINE;
    const target = isWhole ? first : aside;
    if (isWhole) copyLines(first, step, panel, LINE, order);
    else gatherColumns<T>(out, col, min(width, total - col), order, power, panel);
    for (let row: usize = 0; row < order; row += ROWS) {
      const rows = min(ROWS, order - row);
      makeTables<T>(panel + row * LINE, rows);
      addRows<T>(target, step, order, rows / 4, signs + row / 8, wordBytes, row > 0);
    }
    if (!isWhole) scatterColumns<T>(aside, out, col, min(width, total - col), order, power);
  }
}

/** The element in the first row of a column. */
@inline
function addressOf<T>(out: usize, col: usize, order: usize, power: usize): usize {
  return out + (col / power * order * power + col % power) * sizeof<T>();
}

function copyLines(source: usize, lead: usize, target: usize, step: usize, rows: usize): void {
  for (; rows > 0; rows--, source += lead, target += step) {
    v128.store(target, v128.load(source));
    v128.store(target, v128.load(source, 16), 16);
    v128.store(target, v128.load(source, 32), 32);
    v128.store(target, v128.load(source, 48), 48);
  }
}

/** Columns from several blocks, and zeros beside them. */
function gatherColumns<T>(
  out: usize,
  col: usize,
  count: usize,
  order: usize,
  power: usize,
  panel: usize,
): void {
  for (let lane: usize = 0; lane < LINE / sizeof<T>(); lane++) {
    let source = addressOf<T>(out, col + lane, order, power);
    for (let k: usize = 0; k < order; k++, source += power * sizeof<T>()) {
      const value = lane < count ? load<T>(source) : <T> 0;
      store<T>(panel + k * LINE + lane * sizeof<T>(), value);
    }
  }
}

function scatterColumns<T>(
  aside: usize,
  out: usize,
  col: usize,
  count: usize,
  order: usize,
  power: usize,
): void {
  for (let lane: usize = 0; lane < count; lane++) {
    let target = addressOf<T>(out, col + lane, order, power);
    for (let k: usize = 0; k < order; k++, target += power * sizeof<T>()) {
      store<T>(target, load<T>(aside + k * LINE + lane * sizeof<T>()));
    }
  }
}

/** For each four rows the sums of all signs: bit k of an entry's number is set where row k is taken off. */
function makeTables<T>(panel: usize, rows: usize): void {
  let table = spare() + TABLES;
  for (; rows > 0; rows -= 4, panel += 4 * LINE, table += TABLE) {
    for (let at: usize = 0; at < LINE; at += 16) {
      const a = v128.load(panel + at);
      const b = v128.load(panel + at, LINE);
      const c = v128.load(panel + at, 2 * LINE);
      const d = v128.load(panel + at, 3 * LINE);
      const sum0 = v128.add<T>(a, b), difference0 = v128.sub<T>(a, b);
      const sum1 = v128.add<T>(c, d), difference1 = v128.sub<T>(c, d);
      putPair<T>(table + at, 0, v128.add<T>(sum0, sum1));
      putPair<T>(table + at, 1, v128.sub<T>(sum1, difference0));
      putPair<T>(table + at, 2, v128.add<T>(sum1, difference0));
      putPair<T>(table + at, 3, v128.sub<T>(sum1, sum0));
      putPair<T>(table + at, 8, v128.add<T>(sum0, difference1));
      putPair<T>(table + at, 9, v128.sub<T>(difference1, difference0));
      putPair<T>(table + at, 10, v128.add<T>(difference1, difference0));
      putPair<T>(table + at, 11, v128.sub<T>(difference1, sum0));
    }
  }
}

/** An entry, and the one of the opposite signs. */
@inline
function putPair<T>(table: usize, entry: usize, sum: v128): void {
  v128.store(table + entry * LINE, sum);
  v128.store(table + (15 - entry) * LINE, v128.neg<T>(sum));
}

/** Adds to each row of the product the entries that its signs pick, two rows at a time. */
function addRows<T>(
  target: usize,
  step: usize,
  order: usize,
  tables: usize,
  signs: usize,
  wordBytes: usize,
  accumulate: bool,
): void {
  for (let i: usize = 0; i < order; i += 2, signs += 2 * wordBytes, target += 2 * step) {
    const next = target + step;
    let a0 = zero(), a1 = zero(), a2 = zero(), a3 = zero();
    let b0 = zero(), b1 = zero(), b2 = zero(), b3 = zero();
    if (accumulate) {
      a0 = v128.load(target), a1 = v128.load(target, 16);
      a2 = v128.load(target, 32), a3 = v128.load(target, 48);
      b0 = v128.load(next), b1 = v128.load(next, 16);
      b2 = v128.load(next, 32), b3 = v128.load(next, 48);
    }
    let table = spare() + TABLES;
    let word = signs;
    for (let left = tables; left > 0; word += 4) {
      // Four signs times the bytes of an entry, table after table.
      let bitsA = load<u32>(word), bitsB = load<u32>(word + wordBytes);
      const count = min<usize>(8, left);
      left -= count;
      for (const end = table + count * TABLE; table < end; table += TABLE) {
        const a = table + ((bitsA & 15) << 6);
        const b = table + ((bitsB & 15) << 6);
        bitsA >>= 4;
        bitsB >>= 4;
        a0 = v128.add<T>(a0, v128.load(a));
        a1 = v128.add<T>(a1, v128.load(a, 16));
        a2 = v128.add<T>(a2, v128.load(a, 32));
        a3 = v128.add<T>(a3, v128.load(a, 48));
        b0 = v128.add<T>(b0, v128.load(b));
        b1 = v128.add<T>(b1, v128.load(b, 16));
        b2 = v128.add<T>(b2, v128.load(b, 32));
        b3 = v128.add<T>(b3, v128.load(b, 48));
      }
    }
    v128.store(target, a0);
    v128.store(target, a1, 16);
    v128.store(target, a2, 32);
    v128.store(target, a3, 48);
    v128.store(next, b0);
    v128.store(next, b1, 16);
    v128.store(next, b2, 32);
    v128.store(next, b3, 48);
  }
}
