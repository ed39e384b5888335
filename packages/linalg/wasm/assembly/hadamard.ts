// Orthonormal Hadamard transform of runs of `block` elements: the fast Walsh–Hadamard transform of
// runs of a power of two, and then, where the block is longer than those, the dense factor.
//
// J. Johnson and M. Püschel, "In Search of the Optimal Walsh–Hadamard Transform", ICASSP 2000: a
// transform of 2^a is split as WHT(2^b) ⊗ WHT(2^(a-b)). Here by eights: three levels are taken in
// registers for each time that memory is touched, those within a vector and the next three on the
// way from x to out. Runs longer than the first cache are split in eight first, so that all but the
// last levels find their operands there. Sums are paired as by the plain algorithm, bit by bit.

import { multiplyFactor } from "./hadamard_factor";
import { divideUp, grain, word } from "./memory";
import { lanes, madd } from "./simd";

/** How much work an element is, in elements of a plain loop. */
const PASSES: usize = 8;

/** Bytes that the first pass takes at once: eight vectors. */
const FIRST_BYTES: usize = 128;

/** Bytes that are transformed level by level; longer runs are split first. */
const LEAF_BYTES: usize = 16384;

export function hadamardTasks(): usize {
  return divideUp(word(2) / word(3), grain(word(3) * PASSES));
}

/** x, out, length, block, order of the factor, its signs. */
export function hadamardTask<T>(task: usize): void {
  const block = word(3);
  const order = word(4);
  const share = grain(block * PASSES);
  const first = task * share;
  const blocks = min(word(2) / block - first, share);
  const power = block / order;
  const start = first * block * sizeof<T>();
  const norm = v128.splat<T>(<T> (1 / sqrt<f64>(<f64> block)));
  transformRuns<T>(word(0) + start, word(1) + start, blocks * order, power, norm);
  if (order > 1) multiplyFactor<T>(word(1) + start, blocks, order, power, word(5));
}

function transformRuns<T>(x: usize, out: usize, runs: usize, power: usize, norm: v128): void {
  if (power <= lanes<T>()) return transformShort<T>(x, out, runs * power, power, norm);
  const bytes = power * sizeof<T>();
  const end = out + runs * bytes;
  for (; out < end; out += bytes, x += bytes) transform<T>(x, out, bytes, norm);
}

/** Runs no longer than a vector. */
function transformShort<T>(x: usize, out: usize, length: usize, power: usize, norm: v128): void {
  let i: usize = 0;
  for (; i + lanes<T>() <= length; i += lanes<T>()) {
    let values = v128.load(x + i * sizeof<T>());
    if (power > 1) values = transformPairs<T>(values);
    if (power > 2) values = transformHalves<T>(values);
    v128.store(out + i * sizeof<T>(), v128.mul<T>(values, norm));
  }
  const factor = v128.extract_lane<T>(norm, 0);
  for (; i < length; i += power) {
    const a = load<T>(x + i * sizeof<T>());
    if (power == 1) {
      store<T>(out + i * sizeof<T>(), <T> (a * factor));
      continue;
    }
    const b = load<T>(x + i * sizeof<T>(), sizeof<T>());
    store<T>(out + i * sizeof<T>(), <T> (<T> (a + b) * factor));
    store<T>(out + i * sizeof<T>(), <T> (<T> (a - b) * factor), sizeof<T>());
  }
}

/** One run of two vectors or more. */
function transform<T>(x: usize, out: usize, bytes: usize, norm: v128): void {
  if (bytes == 32) return radix2<T>(x, out, 16, norm, true);
  if (bytes == 64) return radix4<T>(x, out, 16, norm, true);
  if (bytes == FIRST_BYTES) return radix8<T>(x, out, 16, norm, true, true);
  if (bytes > LEAF_BYTES) {
    const part = bytes / 8;
    const one = v128.splat<T>(<T> 1);
    for (let at: usize = 0; at < bytes; at += part) transform<T>(x + at, out + at, part, one);
    return pass8<T>(out, bytes, part, norm, true);
  }
  for (let at: usize = 0; at < bytes; at += FIRST_BYTES) {
    radix8<T>(x + at, out + at, 16, norm, true, false);
  }
  let stride = FIRST_BYTES;
  // Of four levels left, two and two are better than three and one.
  for (; bytes / stride >= 8 && bytes / stride != 16; stride *= 8) {
    if (bytes / stride == 8) return pass8<T>(out, bytes, stride, norm, true);
    pass8<T>(out, bytes, stride, norm, false);
  }
  if (bytes / stride == 16) {
    pass4<T>(out, bytes, stride, v128.splat<T>(<T> 1));
    stride *= 4;
  }
  if (bytes / stride == 4) pass4<T>(out, bytes, stride, norm);
  else pass2<T>(out, bytes, stride, norm);
}

function pass8<T>(out: usize, bytes: usize, stride: usize, norm: v128, isLast: bool): void {
  const end = out + bytes;
  for (let low = out; low < end; low += 8 * stride) {
    const part = low + stride;
    if (isLast) for (let at = low; at < part; at += 16) radix8<T>(at, at, stride, norm, false, true);
    else for (let at = low; at < part; at += 16) radix8<T>(at, at, stride, norm, false, false);
  }
}

function pass4<T>(out: usize, bytes: usize, stride: usize, norm: v128): void {
  for (let low = out; low < out + bytes; low += 4 * stride) {
    for (let at = low; at < low + stride; at += 16) radix4<T>(at, at, stride, norm, false);
  }
}

function pass2<T>(out: usize, bytes: usize, stride: usize, norm: v128): void {
  for (let low = out; low < out + bytes; low += 2 * stride) {
    for (let at = low; at < low + stride; at += 16) radix2<T>(at, at, stride, norm, false);
  }
}

/** Three levels of eight vectors; with `isFirst` those within each vector before. */
@inline
function radix8<T>(
  x: usize,
  out: usize,
  stride: usize,
  norm: v128,
  isFirst: bool,
  isLast: bool,
): void {
  const x4 = x + 4 * stride;
  const out4 = out + 4 * stride;
  let a0 = fetch<T>(x, isFirst), a1 = fetch<T>(x + stride, isFirst);
  let a2 = fetch<T>(x + 2 * stride, isFirst), a3 = fetch<T>(x + 3 * stride, isFirst);
  let a4 = fetch<T>(x4, isFirst), a5 = fetch<T>(x4 + stride, isFirst);
  let a6 = fetch<T>(x4 + 2 * stride, isFirst), a7 = fetch<T>(x4 + 3 * stride, isFirst);
  const b0 = v128.add<T>(a0, a1), b1 = v128.sub<T>(a0, a1);
  const b2 = v128.add<T>(a2, a3), b3 = v128.sub<T>(a2, a3);
  const b4 = v128.add<T>(a4, a5), b5 = v128.sub<T>(a4, a5);
  const b6 = v128.add<T>(a6, a7), b7 = v128.sub<T>(a6, a7);
  a0 = v128.add<T>(b0, b2), a2 = v128.sub<T>(b0, b2);
  a1 = v128.add<T>(b1, b3), a3 = v128.sub<T>(b1, b3);
  a4 = v128.add<T>(b4, b6), a6 = v128.sub<T>(b4, b6);
  a5 = v128.add<T>(b5, b7), a7 = v128.sub<T>(b5, b7);
  put<T>(out, v128.add<T>(a0, a4), norm, isLast);
  put<T>(out + stride, v128.add<T>(a1, a5), norm, isLast);
  put<T>(out + 2 * stride, v128.add<T>(a2, a6), norm, isLast);
  put<T>(out + 3 * stride, v128.add<T>(a3, a7), norm, isLast);
  put<T>(out4, v128.sub<T>(a0, a4), norm, isLast);
  put<T>(out4 + stride, v128.sub<T>(a1, a5), norm, isLast);
  put<T>(out4 + 2 * stride, v128.sub<T>(a2, a6), norm, isLast);
  put<T>(out4 + 3 * stride, v128.sub<T>(a3, a7), norm, isLast);
}

@inline
function radix4<T>(x: usize, out: usize, stride: usize, norm: v128, isFirst: bool): void {
  const a0 = fetch<T>(x, isFirst), a1 = fetch<T>(x + stride, isFirst);
  const a2 = fetch<T>(x + 2 * stride, isFirst), a3 = fetch<T>(x + 3 * stride, isFirst);
  const b0 = v128.add<T>(a0, a1), b1 = v128.sub<T>(a0, a1);
  const b2 = v128.add<T>(a2, a3), b3 = v128.sub<T>(a2, a3);
  put<T>(out, v128.add<T>(b0, b2), norm, true);
  put<T>(out + stride, v128.add<T>(b1, b3), norm, true);
  put<T>(out + 2 * stride, v128.sub<T>(b0, b2), norm, true);
  put<T>(out + 3 * stride, v128.sub<T>(b1, b3), norm, true);
}

@inline
function radix2<T>(x: usize, out: usize, stride: usize, norm: v128, isFirst: bool): void {
  const a = fetch<T>(x, isFirst), b = fetch<T>(x + stride, isFirst);
  put<T>(out, v128.add<T>(a, b), norm, true);
  put<T>(out + stride, v128.sub<T>(a, b), norm, true);
}

@inline
function fetch<T>(address: usize, isFirst: bool): v128 {
  const values = v128.load(address);
  return isFirst ? transformVector<T>(values) : values;
}

@inline
function put<T>(address: usize, values: v128, norm: v128, isLast: bool): void {
  v128.store(address, isLast ? v128.mul<T>(values, norm) : values);
}

@inline
function transformVector<T>(x: v128): v128 {
  const pairs = transformPairs<T>(x);
  return sizeof<T>() == 8 ? pairs : transformHalves<T>(pairs);
}

/** Each lane is added to, or subtracted from, its neighbour. */
@inline
function transformPairs<T>(x: v128): v128 {
  if (sizeof<T>() == 8) return madd<f64>(x, f64x2(1, -1), i64x2.shuffle(x, x, 1, 0));
  return madd<f32>(x, f32x4(1, -1, 1, -1), i32x4.shuffle(x, x, 1, 0, 3, 2));
}

/** Each half of a vector of f32 is added to, or subtracted from, the other. */
@inline
function transformHalves<T>(x: v128): v128 {
  return madd<f32>(x, f32x4(1, 1, -1, -1), i64x2.shuffle(x, x, 1, 0));
}
