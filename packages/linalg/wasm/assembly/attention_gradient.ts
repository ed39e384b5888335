// Derivative of causal attention with grouped heads, by tiles of keys and of queries.
//
// T. Dao et al., "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness",
// 2022, arXiv:2205.14135, algorithm 4 (appendix B.2); L is the logarithm of the sum of exponentials,
//
//   P = exp(scale · Q Kᵀ − L)    D_i = Σ_j dO_ij O_ij    dS = P ∘ (dO Vᵀ − D)
//   dV = Pᵀ dO    dK = scale · dSᵀ Q    dQ = scale · dS K
//
// where D comes from `row_dots.ts`. Keys are lanes: panels of P and dS, as they come out, are
// operands of dVᵀ = dOᵀ P and dKᵀ = Qᵀ dS. For dQᵀ = Kᵀ dSᵀ panels of dS are transposed into panels
// whose lanes are queries.
//
// One task is one sequence and head of keys, with all query heads that share it, so that sums have
// one order. Memory: the packed tiles, two panels, and the transposed dS of one tile by another.
// Cost: 10 · headSize for a query and a key it sees, and one exponential.

import { number, threadIndex, word } from "./memory";
import { tileCols } from "./micro_kernel";
import { packCols, packRows } from "./pack";
import { packLanes } from "./pack_lanes";
import { downToTile, keepLanes, LINE, multiplyPart, upToTile, weight } from "./score_tiles";
import { unpackCols } from "./unpack";

@inline
function headBytes<T>(): usize {
  return word(11) * sizeof<T>();
}

@inline
function scale<T>(): T {
  return <T> number(0);
}

/** How much later than its row the position of a query is. */
@inline
function shift(): usize {
  return word(7) - word(6);
}

export function attentionGradientTasks(): usize {
  return word(5) * word(10);
}

/**
 * q, k, v, D, memory of the threads, batch, queries, keys, keys again, heads, kvHeads, headSize,
 * window, bytes of the memory of one thread, logarithms, queries of a tile, keys of a tile, gradient
 * of out, and where those of q, k and v go; the scale is number 0.
 */
export function attentionGradientTask<T>(task: usize): void {
  const batch = task / word(10);
  const kvHead = task % word(10);
  const group = word(9) / word(10);
  for (let key: usize = 0; key < word(7); key += word(16)) {
    const length = min(word(16), word(7) - key);
    const column = ((batch * word(7) + key) * word(10) + kvHead) * headBytes<T>();
    startKeys<T>(column, length);
    for (let head = kvHead * group; head < (kvHead + 1) * group; head++) {
      for (let query: usize = 0; query < word(6); query += word(15)) {
        const count = min(word(15), word(6) - query);
        const position = query + shift();
        const isSeen = position + count > key && position < key + length - 1 + word(12);
        if (isSeen) tile<T>((batch * word(6) + query) * word(9) + head, query, count, key, length);
      }
    }
    finishKeys<T>(column, length);
  }
}

// A thread's memory. Of a tile of keys: K, V and Kᵀ, packed, and panels of dKᵀ and dVᵀ. Of a tile of
// queries: Q, dO, Qᵀ and dOᵀ, packed, L and D. Then panels of P and dS, a panel of dQᵀ, and dSᵀ.

@inline
function keyPart<T>(index: usize): usize {
  return word(4) + threadIndex() * word(13) + index * word(16) * headBytes<T>();
}

@inline
function queryPart<T>(index: usize): usize {
  return keyPart<T>(5) + index * word(15) * headBytes<T>();
}

@inline
function weights<T>(): usize {
  return queryPart<T>(4);
}

@inline
function slopes<T>(): usize {
  return weights<T>() + word(15) * LINE;
}

@inline
function panelQ<T>(): usize {
  return slopes<T>() + word(15) * LINE;
}

@inline
function turned<T>(): usize {
  return panelQ<T>() + word(11) * LINE;
}

@inline
function statistics<T>(): usize {
  return turned<T>() + word(15) * word(16) * sizeof<T>();
}

/** Rows that are packed in all ways before the next, while they are in the first cache. */
const PACKED_ROWS: usize = 24;

function startKeys<T>(column: usize, length: usize): void {
  const d = word(11);
  const lead = word(10) * headBytes<T>();
  memory.fill(keyPart<T>(3), 0, 2 * word(16) * headBytes<T>());
  for (let row: usize = 0; row < length; row += PACKED_ROWS) {
    const rows = min(PACKED_ROWS, length - row);
    const k = word(1) + column + row * lead;
    const v = word(2) + column + row * lead;
    const skip = row * headBytes<T>();
    packCols<T, T>(k, lead, sizeof<T>(), rows, d, keyPart<T>(0) + skip);
    packCols<T, T>(v, lead, sizeof<T>(), rows, d, keyPart<T>(1) + skip);
    packLanes<T>(k, lead, d, length, row, rows, keyPart<T>(2));
  }
}

function finishKeys<T>(column: usize, length: usize): void {
  const lead = word(10) * headBytes<T>();
  unpackCols<T>(keyPart<T>(3), length, word(11), word(19) + column, lead);
  unpackCols<T>(keyPart<T>(4), length, word(11), word(20) + column, lead);
}

/** What a tile of queries of one head adds; `row` is that of the first of them. */
function tile<T>(row: usize, query: usize, count: usize, key: usize, length: usize): void {
  startQueries<T>(row, count);
  for (let at: usize = 0; at < length; at += tileCols<T>()) {
    keyPanel<T>(query, count, key, at, length);
  }
  for (let at: usize = 0; at < count; at += tileCols<T>()) {
    const target = word(18) + (row + at * word(9)) * headBytes<T>();
    queryPanel<T>(query + at, at, min(tileCols<T>(), count - at), key, length, target);
  }
}

function startQueries<T>(first: usize, count: usize): void {
  const d = word(11);
  const size = sizeof<T>();
  const lead = word(9) * headBytes<T>();
  for (let row: usize = 0; row < count; row += PACKED_ROWS) {
    const rows = min(PACKED_ROWS, count - row);
    const at = first + row * word(9);
    const q = word(0) + at * headBytes<T>();
    const gradient = word(17) + at * headBytes<T>();
    const skip = row * headBytes<T>();
    packRows<T, T>(q, lead, size, rows, d, queryPart<T>(0) + skip);
    packRows<T, T>(gradient, lead, size, rows, d, queryPart<T>(1) + skip);
    packLanes<T>(q, lead, d, count, row, rows, queryPart<T>(2));
    packLanes<T>(gradient, lead, d, count, row, rows, queryPart<T>(3));
    let target = statistics<T>() + row * 2 * size;
    for (let i: usize = 0; i < rows; i++) {
      const query = (at + i * word(9)) * size;
      store<T>(target, load<T>(word(14) + query));
      target += size;
      store<T>(target, load<T>(word(3) + query));
      target += size;
    }
  }
}

/** P and dS of one panel of keys, `at` in its tile, and what comes of them for dV and dK. */
function keyPanel<T>(query: usize, count: usize, key: usize, at: usize, length: usize): void {
  const d = word(11);
  const first = key + at;
  const last = key + min(length, at + tileCols<T>()) - 1;
  const position = query + shift();
  if (position + count <= first || position >= last + word(12)) return;
  const from = first > position ? downToTile(first - position) : 0;
  const to = min(count, last + word(12) - position);
  const rows = min(count, upToTile(to)) - from;
  const skip = from * headBytes<T>();
  const p = weights<T>() + from * LINE;
  const ds = slopes<T>() + from * LINE;
  const panel = at * headBytes<T>();
  const one = <T> 1;
  const q = queryPart<T>(0) + skip;
  const gradient = queryPart<T>(1) + skip;
  multiplyPart<T>(rows, d, 0, d, q, keyPart<T>(0) + panel, p, scale<T>(), false);
  multiplyPart<T>(rows, d, 0, d, gradient, keyPart<T>(1) + panel, ds, one, false);
  maskEdges<T>(p, <isize> (position + from - first), to - from);
  differentiate<T>(p, ds, statistics<T>() + from * 2 * sizeof<T>(), to - from);
  const steps = to - from;
  const dk = keyPart<T>(3) + panel;
  const dv = keyPart<T>(4) + panel;
  multiplyPart<T>(d, count, from, steps, queryPart<T>(3), p, dv, one, true);
  multiplyPart<T>(d, count, from, steps, queryPart<T>(2), ds, dk, scale<T>(), true);
  turn<T>(from, to, at);
}

/**
 * Leaves out keys after a query and before its window.
 *
 * @param ahead How far after the first key the queries begin.
 */
function maskEdges<T>(p: usize, ahead: isize, count: usize): void {
  const width = <isize> tileCols<T>();
  const window = <isize> word(12);
  const end = ahead + <isize> count;
  for (let row = ahead; row < min(end, width - 1); row++) {
    keepLanes<T>(p + <usize> (row - ahead) * LINE, row + 1 - window, row + 1);
  }
  for (let row = max(ahead, window); row < end; row++) {
    keepLanes<T>(p + <usize> (row - ahead) * LINE, row + 1 - window, row + 1);
  }
}

/** P = exp(S − L) and dS = P ∘ (dP − D), in place. */
function differentiate<T>(p: usize, ds: usize, state: usize, count: usize): void {
  for (; count > 0; count--) {
    const l = v128.load_splat<T>(state);
    state += sizeof<T>();
    const mean = v128.load_splat<T>(state);
    state += sizeof<T>();
    const p0 = weight<T>(v128.sub<T>(v128.load(p), l));
    v128.store(p, p0);
    p += 16;
    v128.store(ds, v128.mul<T>(p0, v128.sub<T>(v128.load(ds), mean)));
    ds += 16;
    const p1 = weight<T>(v128.sub<T>(v128.load(p), l));
    v128.store(p, p1);
    p += 16;
    v128.store(ds, v128.mul<T>(p1, v128.sub<T>(v128.load(ds), mean)));
    ds += 16;
  }
}

/** Copies a panel of dS to where queries are lanes, with zeros where panels of those begin and end. */
function turn<T>(from: usize, to: usize, at: usize): void {
  const width = tileCols<T>();
  const first = from - from % width;
  const end = (to + width - 1) / width * width;
  const ds = slopes<T>();
  memory.fill(ds + first * LINE, 0, (from - first) * LINE);
  memory.fill(ds + to * LINE, 0, (end - to) * LINE);
  for (let row = first; row < end; row += width) {
    const target = turned<T>() + row * word(16) * sizeof<T>() + at * LINE;
    packCols<T, T>(ds + row * LINE, LINE, sizeof<T>(), width, width, target);
  }
}

/** dQ of one panel of queries, `at` in its tile: written by the first tile of keys, else added to. */
function queryPanel<T>(
  query: usize,
  at: usize,
  width: usize,
  key: usize,
  length: usize,
  target: usize,
): void {
  const d = word(11);
  const position = query + shift();
  const earliest = position + 1 > word(12) ? position + 1 - word(12) : 0;
  if (position + width <= key || earliest >= key + length) return;
  const from = earliest > key ? earliest - key : 0;
  const to = min(length, position + width - key);
  const lead = word(9) * headBytes<T>();
  const isAdded = earliest < key;
  if (isAdded) packCols<T, T>(target, lead, sizeof<T>(), width, d, panelQ<T>());
  const ds = turned<T>() + at * word(16) * sizeof<T>() + from * LINE;
  multiplyPart<T>(d, length, from, to - from, keyPart<T>(2), ds, panelQ<T>(), scale<T>(), isAdded);
  unpackCols<T>(panelQ<T>(), width, d, target, lead);
}
