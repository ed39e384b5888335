// Causal attention with grouped heads by tiles of queries and of keys.
//
// T. Dao et al., "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness",
// 2022, arXiv:2205.14135, algorithm 1; with queries as lanes. After every tile of keys
//
//   m = max(m, max s_j)    l = exp(m_before − m) · l + Σ exp(s_j − m)
//   o = exp(m_before − m) · o + Σ exp(s_j − m) v_j
//
// and in the end out = o / l, the logarithm of the sum of exponentials m + log l. Scores Sᵀ = K Qᵀ
// come out as the panel that oᵀ = Vᵀ Pᵀ takes them as; maxima and sums need no step across lanes.
//
// One task is a block of queries of all heads that share their keys. Memory: the packed tiles, one
// panel of scores, and o, m and l of the block. Cost: 4 · headSize for a query and a key it sees,
// and one exponential.

import { log } from "./logarithm";
import { divideUp, number, threadIndex, word } from "./memory";
import { tileCols } from "./micro_kernel";
import { scaleLanes, weigh } from "./online_softmax";
import { packCols, packRows } from "./pack";
import { packLanes } from "./pack_lanes";
import { downToTile, keepLanes, LINE, multiplyPart, upToTile } from "./score_tiles";
import { lanes, loadUpTo, zero } from "./simd";
import { unpackCols } from "./unpack";

/** Query heads that share their keys. */
@inline
function group(): usize {
  return word(9) / word(10);
}

@inline
function headBytes<T>(): usize {
  return word(11) * sizeof<T>();
}

/** Panels of queries of one head in one block. */
@inline
function blockPanels<T>(): usize {
  return word(15) / tileCols<T>();
}

export function attentionTilesTasks(): usize {
  return word(5) * word(10) * divideUp(word(6), word(15));
}

/**
 * q, k, v, out, memory of the threads, batch, queries, keys, keyRows, heads, kvHeads, headSize,
 * window, bytes of the memory of one thread, where the logarithms go or 0, queries of a block, keys
 * of a tile; the scale is number 0.
 */
export function attentionTilesTask<T>(task: usize): void {
  const queries = word(6);
  const keys = word(7);
  const blocks = divideUp(queries, word(15));
  const kvHead = task / blocks % word(10);
  const batch = task / blocks / word(10);
  const first = task % blocks * word(15);
  const count = min(word(15), queries - first);
  const position = keys - queries + first;
  const from = position + 1 > word(12) ? position + 1 - word(12) : 0;
  const to = position + count;
  const row = (batch * queries + first) * word(9) + kvHead * group();
  packQueries<T>(word(0) + row * headBytes<T>(), count);
  for (let key = from; key < to; key += word(16)) {
    const column = ((batch * word(8) + key) * word(10) + kvHead) * headBytes<T>();
    attendTile<T>(column, key, min(word(16), to - key), position, count);
  }
  finishBlock<T>(row, count);
}

// A thread's memory: packed queries and their o, m and l, panel by panel; packed keys and values; a
// panel of scores.

@inline
function packedQueries(): usize {
  return word(4) + threadIndex() * word(13);
}

@inline
function panelBytes(): usize {
  return word(11) * LINE;
}

@inline
function sums<T>(): usize {
  return packedQueries() + group() * blockPanels<T>() * panelBytes();
}

@inline
function statistics<T>(): usize {
  return sums<T>() + group() * blockPanels<T>() * panelBytes();
}

@inline
function packedKeys<T>(): usize {
  return statistics<T>() + group() * blockPanels<T>() * 2 * LINE;
}

@inline
function packedValues<T>(): usize {
  return packedKeys<T>() + word(16) * headBytes<T>();
}

@inline
function scores<T>(): usize {
  return packedValues<T>() + word(16) * headBytes<T>();
}

function packQueries<T>(q: usize, count: usize): void {
  const lead = word(9) * headBytes<T>();
  for (let head: usize = 0; head < group(); head++, q += headBytes<T>()) {
    const target = packedQueries() + head * blockPanels<T>() * panelBytes();
    packCols<T, T>(q, lead, sizeof<T>(), count, word(11), target);
  }
}

/** What a tile of keys, which begins with `key`, adds to the block. */
function attendTile<T>(
  column: usize,
  key: usize,
  length: usize,
  position: usize,
  count: usize,
): void {
  const lead = word(10) * headBytes<T>();
  packRows<T, T>(word(1) + column, lead, sizeof<T>(), length, word(11), packedKeys<T>());
  const v = word(2) + column;
  packLanes<T>(v, lead, word(11), length, 0, length, packedValues<T>());
  const values = areFinite<T>(packedValues<T>(), length * word(11)) ? 0 : v;
  for (let head: usize = 0; head < group(); head++) {
    let panel = head * blockPanels<T>();
    for (let query: usize = 0; query < count; query += tileCols<T>(), panel++) {
      const width = min(tileCols<T>(), count - query);
      attendPanel<T>(panel, key, length, position + query, width, values);
    }
  }
}

/** Whether all are finite: only then x − x is zero. */
function areFinite<T>(x: usize, count: usize): bool {
  let differences = zero();
  for (; count >= lanes<T>(); count -= lanes<T>(), x += 16) {
    const value = v128.load(x);
    differences = v128.or(differences, v128.sub<T>(value, value));
  }
  if (count > 0) {
    const value = loadUpTo<T>(x, count);
    differences = v128.or(differences, v128.sub<T>(value, value));
  }
  return !v128.any_true(differences);
}

/**
 * The same for one panel, whose first query is at `position`.
 *
 * @param values Where the values lie if some are not finite; else 0.
 */
function attendPanel<T>(
  panel: usize,
  key: usize,
  length: usize,
  position: usize,
  width: usize,
  values: usize,
): void {
  const size = headBytes<T>();
  const earliest = position + 1 > word(12) ? position + 1 - word(12) : 0;
  if (position + width <= key || earliest >= key + length) return;
  const from = earliest > key ? downToTile(earliest - key) : 0;
  const to = min(length, position + width - key);
  const rows = min(length, upToTile(to)) - from;
  const q = packedQueries() + panel * panelBytes();
  const k = packedKeys<T>() + from * size;
  const d = word(11);
  multiplyPart<T>(rows, d, 0, d, k, q, scores<T>(), <T> number(0), false);
  maskEdges<T>(<isize> (key + from - position), to - from);
  const o = sums<T>() + panel * panelBytes();
  const v = packedValues<T>();
  const one = <T> 1;
  const isFirst = earliest >= key;
  const state = statistics<T>() + panel * 2 * LINE;
  weigh<T>(scores<T>(), to - from, state, o, d, isFirst);
  if (values == 0) {
    multiplyPart<T>(d, length, from, to - from, v, scores<T>(), o, one, !isFirst);
  } else {
    if (isFirst) memory.fill(o, 0, panelBytes());
    addSeen<T>(values, from, to - from, <isize> (key + from - position), o);
  }
}

/** Adds weighted values to those alone who see them: elsewhere a weight is 0, and 0 · ∞ is not. */
function addSeen<T>(values: usize, first: usize, count: usize, ahead: isize, o: usize): void {
  const size = sizeof<T>();
  const lead = word(10) * headBytes<T>();
  for (let row: usize = 0; row < count; row++, ahead++) {
    const value = values + (first + row) * lead;
    const weights = scores<T>() + row * LINE;
    const end = min(<isize> tileCols<T>(), ahead + <isize> word(12));
    for (let lane = max<isize>(0, ahead); lane < end; lane++) {
      const by = load<T>(weights + <usize> lane * size);
      for (let i: usize = 0; i < word(11); i++) {
        const target = o + i * LINE + <usize> lane * size;
        store<T>(target, <T> (load<T>(target) + by * load<T>(value + i * size)));
      }
    }
  }
}

/**
 * Leaves out keys after a query and before its window.
 *
 * @param ahead How far after the first query they begin.
 */
function maskEdges<T>(ahead: isize, count: usize): void {
  const width = <isize> tileCols<T>();
  const window = <isize> word(12);
  const end = ahead + <isize> count;
  for (let key = ahead; key < min(end, width - window); key++) {
    keepLanes<T>(scores<T>() + <usize> (key - ahead) * LINE, key, key + window);
  }
  for (let key = max(ahead, 1); key < end; key++) {
    keepLanes<T>(scores<T>() + <usize> (key - ahead) * LINE, key, key + window);
  }
}

/** Writes o / l and the logarithms; `row` is that of the first query and head. */
function finishBlock<T>(row: usize, count: usize): void {
  const one = v128.splat<T>(<T> 1);
  const lead = word(9) * headBytes<T>();
  for (let head: usize = 0; head < group(); head++) {
    let panel = head * blockPanels<T>();
    for (let query: usize = 0; query < count; query += tileCols<T>(), panel++) {
      const width = min(tileCols<T>(), count - query);
      const o = sums<T>() + panel * panelBytes();
      const state = statistics<T>() + panel * 2 * LINE;
      scaleLanes<T>(
        o,
        word(11),
        v128.div<T>(one, v128.load(state, 32)),
        v128.div<T>(one, v128.load(state, 48)),
      );
      const first = row + query * word(9) + head;
      unpackCols<T>(o, width, word(11), word(3) + first * headBytes<T>(), lead);
      if (word(14) != 0) writeLogarithms<T>(state, width, word(14) + first * sizeof<T>());
    }
  }
}

function writeLogarithms<T>(state: usize, width: usize, target: usize): void {
  for (let lane: usize = 0; lane < width; lane++, state += sizeof<T>()) {
    const total = <f64> load<T>(state, 32);
    store<T>(target, <T> (<f64> load<T>(state) + log(total)));
    target += word(9) * sizeof<T>();
  }
}
