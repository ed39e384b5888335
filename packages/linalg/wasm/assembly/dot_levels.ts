// The dot product of one token with one row of codes that stand for levels, which are never written
// out: Σ over groups of scale · Σ x · (level − zero point).

import { levelTables, scaleOf, unpackCodes, zeroPointOf } from "./dequantize";
import { highLevels, lowerHalves, lowLevels, upperHalves } from "./level_floats";
import { word } from "./memory";
import { loadUpTo, madd, sumLanes, zero } from "./simd";

/** Whether there are levels, and every group begins with a whole byte. */
export function canDotLevels(): bool {
  return word(12) != 0 && (word(9) == 0 || word(8) % 8 == 0);
}

/** One row by the token, by what `writeLayout` has written. */
export function dotLevels(row: usize, layout: usize): f32 {
  const cols = word(6);
  const bits = word(7);
  const size = word(9) ? word(8) : cols;
  const shift = 16 - <i32> bits;
  const bytes = v128.load(layout);
  const multipliers = v128.load(layout, 16);
  const tables = levelTables(layout);
  let codes = word(0) + row * word(10);
  let x = word(3);
  let total = zero();
  let col: usize = 0;
  for (let group: usize = 0; col < cols; group++) {
    const end = min(cols, col + size);
    const zeroPoint = f32x4.splat(zeroPointOf(row, group));
    let a = zero(), b = zero(), c = zero(), d = zero();
    for (; col + 16 <= end; col += 16, x += 64, codes += 2 * bits) {
      const first = unpackCodes(codes, bytes, multipliers, shift);
      const second = unpackCodes(codes + bits, bytes, multipliers, shift);
      const lower = lowerHalves(first, tables), upper = upperHalves(first, tables);
      const lower2 = lowerHalves(second, tables), upper2 = upperHalves(second, tables);
      a = madd<f32>(v128.load(x), f32x4.sub(lowLevels(lower, upper), zeroPoint), a);
      b = madd<f32>(v128.load(x, 16), f32x4.sub(highLevels(lower, upper), zeroPoint), b);
      c = madd<f32>(v128.load(x, 32), f32x4.sub(lowLevels(lower2, upper2), zeroPoint), c);
      d = madd<f32>(v128.load(x, 48), f32x4.sub(highLevels(lower2, upper2), zeroPoint), d);
    }
    for (; col < end; col += 8, x += 32, codes += bits) {
      const eight = unpackCodes(codes, bytes, multipliers, shift);
      const lower = lowerHalves(eight, tables), upper = upperHalves(eight, tables);
      const left = end - col;
      a = madd<f32>(loadUpTo<f32>(x, left), f32x4.sub(lowLevels(lower, upper), zeroPoint), a);
      if (left <= 4) continue;
      b = madd<f32>(
        loadUpTo<f32>(x + 16, left - 4),
        f32x4.sub(highLevels(lower, upper), zeroPoint),
        b,
      );
    }
    const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
    total = madd<f32>(f32x4.splat(scaleOf(row, group)), sum, total);
  }
  return sumLanes<f32>(total);
}
