// Orthonormal fast Walsh–Hadamard transform of runs of `block` elements. The strides within a
// vector come first, by shuffles; the last pass multiplies with 1/√block.

import { divideUp, grain, word } from "./memory";
import { lanes, madd } from "./simd";

/** How many times an element is touched, about. */
const PASSES: usize = 8;

export function hadamardTasks(): usize {
  return divideUp(word(2) / word(3), grain(word(3) * PASSES));
}

/** x, out, length, block. */
export function hadamardTask<T>(task: usize): void {
  const block = word(3);
  const share = grain(block * PASSES);
  const end = min(word(2) / block, (task + 1) * share);
  for (let i = task * share; i < end; i++) {
    const start = i * block * sizeof<T>();
    if (block < lanes<T>()) transformShort<T>(word(0) + start, word(1) + start, block);
    else transform<T>(word(0) + start, word(1) + start, block);
  }
}

/** A block of one or two elements that does not fill a vector. */
function transformShort<T>(x: usize, out: usize, block: usize): void {
  const a = load<T>(x);
  if (block == 1) return store<T>(out, a);
  const b = load<T>(x, sizeof<T>());
  const norm = <T> Math.SQRT1_2;
  store<T>(out, <T> ((a + b) * norm));
  store<T>(out, <T> ((a - b) * norm), sizeof<T>());
}

function transform<T>(x: usize, out: usize, block: usize): void {
  const bytes = block * sizeof<T>();
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(out + at, transformVector<T>(v128.load(x + at)));
  }
  for (let stride: usize = 16; stride < bytes; stride *= 2) {
    for (let low = out; low < out + bytes; low += 2 * stride) {
      for (let at = low; at < low + stride; at += 16) {
        const a = v128.load(at);
        const b = v128.load(at + stride);
        v128.store(at, v128.add<T>(a, b));
        v128.store(at + stride, v128.sub<T>(a, b));
      }
    }
  }
  const norm = v128.splat<T>(<T> (1 / sqrt<f64>(<f64> block)));
  for (let at = out; at < out + bytes; at += 16) v128.store(at, v128.mul<T>(v128.load(at), norm));
}

/** The transform of one vector: each lane is added to, or subtracted from, its partner. */
@inline
function transformVector<T>(x: v128): v128 {
  if (sizeof<T>() == 8) {
    return madd<f64>(x, f64x2(1, -1), i64x2.shuffle(x, x, 1, 0));
  }
  const pairs = madd<f32>(x, f32x4(1, -1, 1, -1), i32x4.shuffle(x, x, 1, 0, 3, 2));
  return madd<f32>(pairs, f32x4(1, 1, -1, -1), i64x2.shuffle(pairs, pairs, 1, 0));
}
