// The nearest row of a codebook to each row of x: of all codewords c, the first of those whose score
// x · c − ‖c‖² / 2 = (‖x‖² − ‖x − c‖²) / 2 is largest.
//
// The codebook is packed first, two vectors of codewords to a panel: their −‖c‖² / 2, then one pair
// of vectors for each step of the inner dimension. Four rows of x and one panel are eight sums in
// registers. Of a group of panels only the largest score is kept for each lane, by one instruction a
// sum, and the number of the group that it came from; which codeword of the group it was is found at
// the end, by scoring one group again. A task goes over its rows with panels that stay in the first
// cache. NaN is larger than nothing, so that it is never found.

import { divideUp, grain, word } from "./memory";
import { spare } from "./panels";
import { lanes, madd } from "./simd";

/** Rows of x that make a task. */
const SHARE: usize = 128;
/** Panels that make a group. */
const GROUP: usize = 8;
/** Bytes of panels that all rows of a task go over, about. */
const CHUNK_BYTES: usize = 16384;
/** For each row, the largest score of each lane and the number of its group. */
const STATE_BYTES: usize = 32;

@inline
function width<T>(): usize {
  return 2 * lanes<T>();
}

export function packCodebookTasks<T>(): usize {
  return divideUp(divideUp(word(2), width<T>()), grain(width<T>() * word(3)));
}

/** codebook, packed, count, length of a codeword. */
export function packCodebookTask<T>(task: usize): void {
  const count = word(2);
  const depth = word(3);
  const share = grain(width<T>() * depth);
  const end = min(divideUp(count, width<T>()), (task + 1) * share);
  for (let panel = task * share; panel < end; panel++) {
    const first = panel * width<T>();
    const target = word(1) + panel * (depth + 1) * 32;
    for (let lane: usize = 0; lane < width<T>(); lane++) {
      const at = target + lane * sizeof<T>();
      const codeword = word(0) + (first + lane) * depth * sizeof<T>();
      packCodeword<T>(at, codeword, first + lane < count, depth);
    }
  }
}

function packCodeword<T>(target: usize, codeword: usize, isThere: bool, depth: usize): void {
  let squares: f64 = 0;
  for (let i: usize = 0; i < depth; i++) {
    const value = isThere ? load<T>(codeword + i * sizeof<T>()) : <T> 0;
    squares += <f64> value * <f64> value;
    store<T>(target + (i + 1) * 32, value);
  }
  // What fills up the last panel is infinitely far.
  store<T>(target, isThere ? <T> (-0.5 * squares) : <T> -Infinity);
}

export function nearestTasks(): usize {
  return divideUp(word(3), SHARE);
}

/** x, packed codebook, out, rows, length of a row, panels. */
export function nearestTask<T>(task: usize): void {
  const depth = word(4);
  const panels = word(5);
  const panelBytes = (depth + 1) * 32;
  const lead = depth * sizeof<T>();
  const first = task * SHARE;
  const rows = min(SHARE, word(3) - first);
  const x = word(0) + first * lead;
  const last = x + (rows - 1) * lead;
  const lowest = v128.splat<T>(<T> -Infinity);
  for (let row: usize = 0; row < SHARE; row++) {
    v128.store(spare() + row * STATE_BYTES, lowest);
    v128.store(spare() + row * STATE_BYTES, i32x4.splat(0), 16);
  }
  const chunk = max<usize>(1, CHUNK_BYTES / (panelBytes * GROUP)) * GROUP;
  for (let start: usize = 0; start < panels; start += chunk) {
    const end = min(panels, start + chunk);
    for (let row: usize = 0; row < rows; row += 4) {
      const x0 = x + row * lead;
      const x1 = min(x0 + lead, last), x2 = min(x0 + 2 * lead, last), x3 = min(x0 + 3 * lead, last);
      for (let panel = start; panel < end; panel += GROUP) {
        const count = min(GROUP, end - panel);
        const state = spare() + row * STATE_BYTES;
        scoreGroup<T>(word(1) + panel * panelBytes, count, depth, x0, x1, x2, x3, state, panel);
      }
    }
  }
  for (let row: usize = 0; row < rows; row++) {
    store<u32>(word(2) + (first + row) * 4, indexOf<T>(row, x + row * lead, depth, panels));
  }
}

/** Takes the scores of four rows with the panels of one group into account. */
function scoreGroup<T>(
  panel: usize,
  panels: usize,
  depth: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  state: usize,
  group: usize,
): void {
  let m0 = v128.splat<T>(<T> -Infinity);
  let m1 = m0, m2 = m0, m3 = m0;
  const bytes = depth * sizeof<T>();
  for (; panels > 0; panels--) {
    let c00 = v128.load(panel), c01 = v128.load(panel, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    panel += 32;
    for (let i: usize = 0; i < bytes; i += sizeof<T>(), panel += 32) {
      const b0 = v128.load(panel);
      const b1 = v128.load(panel, 16);
      let s = v128.load_splat<T>(x0 + i);
      c00 = madd<T>(s, b0, c00);
      c01 = madd<T>(s, b1, c01);
      s = v128.load_splat<T>(x1 + i);
      c10 = madd<T>(s, b0, c10);
      c11 = madd<T>(s, b1, c11);
      s = v128.load_splat<T>(x2 + i);
      c20 = madd<T>(s, b0, c20);
      c21 = madd<T>(s, b1, c21);
      s = v128.load_splat<T>(x3 + i);
      c30 = madd<T>(s, b0, c30);
      c31 = madd<T>(s, b1, c31);
    }
    m0 = v128.pmax<T>(v128.pmax<T>(m0, c00), c01);
    m1 = v128.pmax<T>(v128.pmax<T>(m1, c10), c11);
    m2 = v128.pmax<T>(v128.pmax<T>(m2, c20), c21);
    m3 = v128.pmax<T>(v128.pmax<T>(m3, c30), c31);
  }
  const number = i32x4.splat(<i32> group);
  raise<T>(state, m0, number);
  raise<T>(state + STATE_BYTES, m1, number);
  raise<T>(state + 2 * STATE_BYTES, m2, number);
  raise<T>(state + 3 * STATE_BYTES, m3, number);
}

@inline
function raise<T>(state: usize, scores: v128, number: v128): void {
  const best = v128.load(state);
  const isHigher = v128.gt<T>(scores, best);
  v128.store(state, v128.bitselect(scores, best, isHigher));
  v128.store(state, v128.bitselect(number, v128.load(state, 16), isHigher), 16);
}

/** The codeword with the largest score of a row; 0 if no score is finite. */
function indexOf<T>(row: usize, x: usize, depth: usize, panels: usize): u32 {
  const state = spare() + row * STATE_BYTES;
  const scores = v128.load(state);
  let best = v128.pmax<T>(scores, i64x2.shuffle(scores, scores, 1, 0));
  if (sizeof<T>() == 4) best = v128.pmax<T>(best, i32x4.shuffle(best, best, 1, 0, 3, 2));
  if (!isFinite<T>(v128.extract_lane<T>(best, 0))) return 0;
  // The first group that any of the highest lanes came from.
  const none = i32x4.splat(-1);
  let groups = v128.bitselect(v128.load(state, 16), none, v128.eq<T>(scores, best));
  groups = i32x4.min_u(groups, i64x2.shuffle(groups, groups, 1, 0));
  groups = i32x4.min_u(groups, i32x4.shuffle(groups, groups, 1, 0, 3, 2));
  const group = <usize> i32x4.extract_lane(groups, 0);
  const end = min(group + GROUP, panels);
  for (let panel = group; panel < end; panel++) {
    const found = matches<T>(word(1) + panel * (depth + 1) * 32, x, depth, best);
    if (found != 0) return <u32> (panel * width<T>()) + ctz(found);
  }
  return <u32> (group * width<T>());
}

/** One bit for each codeword of a panel whose score is the wanted one. */
function matches<T>(panel: usize, x: usize, depth: usize, wanted: v128): u32 {
  let c0 = v128.load(panel), c1 = v128.load(panel, 16);
  for (let i: usize = 0; i < depth; i++) {
    panel += 32;
    const s = v128.load_splat<T>(x + i * sizeof<T>());
    c0 = madd<T>(s, v128.load(panel), c0);
    c1 = madd<T>(s, v128.load(panel, 16), c1);
  }
  const e0 = v128.eq<T>(c0, wanted), e1 = v128.eq<T>(c1, wanted);
  if (sizeof<T>() == 8) return i64x2.bitmask(e0) | i64x2.bitmask(e1) << 2;
  return i32x4.bitmask(e0) | i32x4.bitmask(e1) << 4;
}
