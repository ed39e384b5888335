// The dot product of one token with one row of integer codes, which are never written out:
// Σ over groups of scale · Σ x · (code − zero point).

import { highFloats, lowFloats, scaleOf, unpackCodes, zeroPointOf } from "./dequantize";
import { word } from "./memory";
import { loadUpTo, madd, sumLanes, zero } from "./simd";

/** Whether every group begins with a whole byte. */
export function canDotCodes(): bool {
  return word(9) == 0 || word(8) % 8 == 0;
}

export function dotCodes(row: usize, x: usize, layout: usize): f32 {
  const cols = word(6);
  const bits = word(7);
  const size = word(9) ? word(8) : cols;
  const shift = 16 - <i32> bits;
  const bytes = v128.load(layout);
  const multipliers = v128.load(layout, 16);
  let codes = word(0) + row * word(10);
  let total = zero();
  let col: usize = 0;
  for (let group: usize = 0; col < cols; group++) {
    const end = min(cols, col + size);
    const zeroPoint = f32x4.splat(zeroPointOf(row, group));
    let a = zero(), b = zero(), c = zero(), d = zero();
    for (; col + 16 <= end; col += 16, x += 64, codes += 2 * bits) {
      const first = unpackCodes(codes, bytes, multipliers, shift);
      const second = unpackCodes(codes + bits, bytes, multipliers, shift);
      a = madd<f32>(v128.load(x), f32x4.sub(lowFloats(first), zeroPoint), a);
      b = madd<f32>(v128.load(x, 16), f32x4.sub(highFloats(first), zeroPoint), b);
      c = madd<f32>(v128.load(x, 32), f32x4.sub(lowFloats(second), zeroPoint), c);
      d = madd<f32>(v128.load(x, 48), f32x4.sub(highFloats(second), zeroPoint), d);
    }
    for (; col < end; col += 8, x += 32, codes += bits) {
      const eight = unpackCodes(codes, bytes, multipliers, shift);
      const left = end - col;
      a = madd<f32>(loadUpTo<f32>(x, left), f32x4.sub(lowFloats(eight), zeroPoint), a);
      if (left <= 4) continue;
      b = madd<f32>(loadUpTo<f32>(x + 16, left - 4), f32x4.sub(highFloats(eight), zeroPoint), b);
    }
    const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
    total = madd<f32>(f32x4.splat(scaleOf(row, group)), sum, total);
  }
  return sumLanes<f32>(total);
}
