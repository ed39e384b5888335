// Copies a block of a matrix into panels for the micro-kernel: six neighbouring rows of a, or two
// vectors of columns of b, side by side for each step of the inner dimension. The last panel of a
// holds as many rows as are left, that of b zeros beyond the last column. A row of a or column of b
// is a lane here.

import { TILE_ROWS, tileCols } from "./micro_kernel";
import { highDoubles, lowDoubles } from "./simd";

/**
 * Packs rows of a: `count` lanes of elements S as elements T.
 *
 * @param laneStep Bytes from one lane to the next.
 * @param depthStep Bytes from one step of the inner dimension to the next; this or `laneStep` is
 * the size of one element.
 */
export function packRows<S, T>(
  source: usize,
  laneStep: usize,
  depthStep: usize,
  count: usize,
  depth: usize,
  target: usize,
): void {
  const whole = count - count % TILE_ROWS;
  const stride = TILE_ROWS * depth * sizeof<T>();
  pack<S, T>(TILE_ROWS, source, laneStep, depthStep, whole, depth, target, stride);
  const rest = count - whole;
  if (rest == 0) return;
  source += whole * laneStep;
  target += whole * depth * sizeof<T>();
  if (rest == 4 && sizeof<S>() == 4 && sizeof<T>() == 4 && depthStep == 4) {
    transposeFour(source, laneStep, depth, target, 16);
  } else packAny<S, T>(rest, source, laneStep, depthStep, rest, depth, target);
}

/** Packs columns of b, as `packRows` does rows. */
export function packCols<S, T>(
  source: usize,
  laneStep: usize,
  depthStep: usize,
  count: usize,
  depth: usize,
  target: usize,
): void {
  const width = tileCols<T>();
  const whole = count - count % width;
  const stride = depth * 32;
  pack<S, T>(width, source, laneStep, depthStep, whole, depth, target, stride);
  if (whole == count) return;
  source += whole * laneStep;
  target += whole / width * stride;
  packAny<S, T>(width, source, laneStep, depthStep, count - whole, depth, target);
}

/** A full panel of b whose lanes are neighbours in memory. */
function packLines<S, T>(source: usize, depthStep: usize, depth: usize, target: usize): void {
  for (; depth > 0; depth--, source += depthStep, target += 32) copyTile<S, T>(source, target);
}

/** As many elements as a panel of b is wide. */
@inline
function copyTile<S, T>(source: usize, target: usize): void {
  copyFour<S, T>(source, target);
  if (sizeof<T>() == 4) copyFour<S, T>(source + 16, target + 16);
}

/** Whole panels of `width` lanes. */
@inline
function pack<S, T>(
  width: usize,
  source: usize,
  laneStep: usize,
  depthStep: usize,
  count: usize,
  depth: usize,
  target: usize,
  stride: usize,
): void {
  for (; count >= width; count -= width, source += width * laneStep, target += stride) {
    if (laneStep == sizeof<S>()) {
      if (width == TILE_ROWS) packAlong<S, T>(source, depthStep, depth, target);
      else packLines<S, T>(source, depthStep, depth, target);
    } else if (sizeof<S>() == sizeof<T>()) packAcross<T>(width, source, laneStep, depth, target);
    else packAny<S, T>(width, source, laneStep, depthStep, width, depth, target);
  }
}

/** One element at a time. */
function packAny<S, T>(
  width: usize,
  source: usize,
  laneStep: usize,
  depthStep: usize,
  used: usize,
  depth: usize,
  target: usize,
): void {
  for (let l: usize = 0; l < depth; l++) {
    let from = source + l * depthStep;
    for (let lane: usize = 0; lane < width; lane++, target += sizeof<T>()) {
      store<T>(target, lane < used ? <T> load<S>(from) : <T> 0);
      from += laneStep;
    }
  }
}

/** A full panel of a whose lanes are neighbours in memory: one short copy per step. */
function packAlong<S, T>(
  source: usize,
  depthStep: usize,
  depth: usize,
  target: usize,
): void {
  for (; depth > 0; depth--) {
    copyFour<S, T>(source, target);
    copyTwo<S, T>(source + 4 * sizeof<S>(), target + 4 * sizeof<T>());
    source += depthStep;
    target += TILE_ROWS * sizeof<T>();
  }
}

/** Copies four neighbours, as another type where it is one. */
@inline
export function copyFour<S, T>(source: usize, target: usize): void {
  const low = v128.load(source);
  if (sizeof<T>() == 4) v128.store(target, low);
  else if (sizeof<S>() == 8) {
    v128.store(target, low);
    v128.store(target, v128.load(source, 16), 16);
  } else {
    v128.store(target, lowDoubles(low));
    v128.store(target, highDoubles(low), 16);
  }
}

/** The same for two. */
@inline
export function copyTwo<S, T>(source: usize, target: usize): void {
  if (sizeof<T>() == 4) store<u64>(target, load<u64>(source));
  else if (sizeof<S>() == 8) v128.store(target, v128.load(source));
  else v128.store(target, lowDoubles(v128.load_zero<f64>(source)));
}

/** A full panel whose lanes are rows in memory: a transposition. */
@inline
function packAcross<T>(
  width: usize,
  source: usize,
  laneStep: usize,
  depth: usize,
  target: usize,
): void {
  const step = width * sizeof<T>();
  if (sizeof<T>() == 8) {
    transposeTwo(source, laneStep, depth, target, step);
    transposeTwo(source + 2 * laneStep, laneStep, depth, target + 16, step);
    if (width > 4) transposeTwo(source + 4 * laneStep, laneStep, depth, target + 32, step);
  } else {
    transposeFour(source, laneStep, depth, target, step);
    if (width == 8) transposeFour(source + 4 * laneStep, laneStep, depth, target + 16, step);
    else transposePair(source + 4 * laneStep, laneStep, depth, target + 16, step);
  }
}

/**
 * Four rows of f32 to four columns.
 *
 * @param lead Bytes from one row to the next; `step` from one line of columns to the next.
 */
export function transposeFour(
  r0: usize,
  lead: usize,
  depth: usize,
  target: usize,
  step: usize,
): void {
  const r1 = r0 + lead;
  const r2 = r1 + lead;
  const r3 = r2 + lead;
  let l: usize = 0;
  for (; l + 16 <= depth * 4; l += 16) {
    const a = v128.load(r0 + l);
    const b = v128.load(r1 + l);
    const c = v128.load(r2 + l);
    const d = v128.load(r3 + l);
    const abLow = i32x4.shuffle(a, b, 0, 4, 1, 5);
    const abHigh = i32x4.shuffle(a, b, 2, 6, 3, 7);
    const cdLow = i32x4.shuffle(c, d, 0, 4, 1, 5);
    const cdHigh = i32x4.shuffle(c, d, 2, 6, 3, 7);
    v128.store(target, i64x2.shuffle(abLow, cdLow, 0, 2));
    v128.store(target += step, i64x2.shuffle(abLow, cdLow, 1, 3));
    v128.store(target += step, i64x2.shuffle(abHigh, cdHigh, 0, 2));
    v128.store(target += step, i64x2.shuffle(abHigh, cdHigh, 1, 3));
    target += step;
  }
  for (; l < depth * 4; l += 4, target += step) {
    store<u32>(target, load<u32>(r0 + l));
    store<u32>(target, load<u32>(r1 + l), 4);
    store<u32>(target, load<u32>(r2 + l), 8);
    store<u32>(target, load<u32>(r3 + l), 12);
  }
}

/** Two rows of f32. */
function transposePair(r0: usize, lead: usize, depth: usize, target: usize, step: usize): void {
  const r1 = r0 + lead;
  let l: usize = 0;
  for (; l + 16 <= depth * 4; l += 16) {
    const a = v128.load(r0 + l);
    const b = v128.load(r1 + l);
    const low = i32x4.shuffle(a, b, 0, 4, 1, 5);
    const high = i32x4.shuffle(a, b, 2, 6, 3, 7);
    v128.store_lane<u64>(target, low, 0);
    v128.store_lane<u64>(target += step, low, 1);
    v128.store_lane<u64>(target += step, high, 0);
    v128.store_lane<u64>(target += step, high, 1);
    target += step;
  }
  for (; l < depth * 4; l += 4, target += step) {
    store<u32>(target, load<u32>(r0 + l));
    store<u32>(target, load<u32>(r1 + l), 4);
  }
}

/** The same for two rows of f64. */
export function transposeTwo(
  r0: usize,
  lead: usize,
  depth: usize,
  target: usize,
  step: usize,
): void {
  const r1 = r0 + lead;
  let l: usize = 0;
  for (; l + 16 <= depth * 8; l += 16) {
    const a = v128.load(r0 + l);
    const b = v128.load(r1 + l);
    v128.store(target, i64x2.shuffle(a, b, 0, 2));
    v128.store(target += step, i64x2.shuffle(a, b, 1, 3));
    target += step;
  }
  if (l < depth * 8) {
    store<u64>(target, load<u64>(r0 + l));
    store<u64>(target, load<u64>(r1 + l), 8);
  }
}
