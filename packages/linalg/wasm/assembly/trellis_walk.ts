// The nearest walk through a trellis, as reference/trellis_walk.ts defines it, in integers of 32 bits.
//
// A distance is kept as sixteen times what it is, so that the number of a predecessor can stand below
// it, and one minimum finds both. For each state the table has two numbers of 16 bits, four times its
// level and a label that grows with the highest bits of the state. With y the target, the dot product of
// (4 v, label) with (4 v − 4 y, label) is 16 v (v − y) + label²: for labels up to 3, whose squares are
// below sixteen. Where states take more than two bits at a time, it is that with (4 v − 4 y, 1), and labels
// go up to 15.
//
// Distances are kept relative to that of overlap 0 before the step. With targets of at most 2047 a step
// adds from −2.5 · 10⁷ to 2.1 · 10⁷; any overlap is reached from any other in sixteen steps at most, so
// that distances differ by at most 7.4 · 10⁸, and what no walk has reached yet is held off by 2³⁰.
//
// For four neighbouring overlaps, states that end in them are neighbours too, and all come from one
// overlap, or for steps of one bit from two: a step takes for each state a load, a subtraction, a dot
// product, a sum and a minimum, a quarter of each.

const FAR: i32 = 1 << 30;

/** Writes the table; one task for 4096 states. */
export const TABLE_SHARE: usize = 4096;

/** The two numbers of a state with these highest bits. */
@inline
export function tableEntry(level: i32, high: i32): i32 {
  return (4 * level & 0xffff) | (high << 16);
}

/** Prepares the distances of walks that begin with an overlap; with any, if that is negative. */
export function beginWalk(distances: usize, overlaps: usize, overlap: i32): void {
  for (let m: usize = 0; m < overlaps; m++) store<i32>(distances + m * 4, overlap < 0 ? 0 : FAR);
  if (overlap >= 0) store<i32>(distances + (<usize> overlap) * 4, 0);
}

/**
 * Takes one step.
 *
 * @param choices Where the label of the best predecessor of each overlap is written, a byte.
 */
export function takeStep(
  bits: i32,
  overlaps: usize,
  table: usize,
  target: i32,
  distances: usize,
  next: usize,
  choices: usize,
): void {
  if (overlaps >= 16) {
    switch (bits) {
      case 1:
        return stepBySixteens(1, overlaps, table, target, distances, next, choices);
      case 2:
        return stepBySixteens(2, overlaps, table, target, distances, next, choices);
      case 3:
        return stepBySixteens(3, overlaps, table, target, distances, next, choices);
      default:
        return stepBySixteens(4, overlaps, table, target, distances, next, choices);
    }
  }
  // Too few overlaps for vectors.
  const first = load<i32>(distances);
  for (let m: usize = 0; m < overlaps; m++) {
    let best = i32.MAX_VALUE;
    for (let high = 0; high < 1 << bits; high++) {
      const state = (<usize> high) * overlaps + m;
      const level = load<i16>(table + state * 4) >> 2;
      const label = bits > 2 ? high : high * high;
      const from = load<i32>(distances + (state >> bits) * 4);
      best = min(best, from + 16 * level * (level - target) + label);
    }
    store<u8>(choices + m, best & 15);
    store<i32>(next + m * 4, (best & ~15) - first);
  }
}

/** The highest bits of a state that a label stands for. */
@inline
export function highOf(label: u32, bits: i32): u32 {
  return bits > 2 ? label : label >= 9 ? 3 : label >= 4 ? 2 : label;
}

@inline
function stepBySixteens(
  bits: i32,
  overlaps: usize,
  table: usize,
  target: i32,
  distances: usize,
  next: usize,
  choices: usize,
): void {
  const shift = i32x4.splat(4 * target & 0xffff | (bits > 2 ? <i32> 0xffff0000 : 0));
  const first = v128.load32_splat(distances);
  for (let m: usize = 0; m < overlaps; m += 16) {
    const a = bestOfFour(bits, m, overlaps, table, shift, distances);
    const b = bestOfFour(bits, m + 4, overlaps, table, shift, distances);
    const c = bestOfFour(bits, m + 8, overlaps, table, shift, distances);
    const d = bestOfFour(bits, m + 12, overlaps, table, shift, distances);
    const to = next + m * 4;
    const low = i32x4.splat(15);
    const la = v128.and(a, low), lb = v128.and(b, low), lc = v128.and(c, low), ld = v128.and(d, low);
    v128.store(to, i32x4.sub(i32x4.sub(a, la), first));
    v128.store(to, i32x4.sub(i32x4.sub(b, lb), first), 16);
    v128.store(to, i32x4.sub(i32x4.sub(c, lc), first), 32);
    v128.store(to, i32x4.sub(i32x4.sub(d, ld), first), 48);
    const labels = i16x8.narrow_i32x4_s(la, lb);
    v128.store(choices + m, i8x16.narrow_i16x8_u(labels, i16x8.narrow_i32x4_s(lc, ld)));
  }
}

/** The least distances of the walks that end in four neighbouring overlaps, with their labels. */
@inline
function bestOfFour(
  bits: i32,
  m: usize,
  overlaps: usize,
  table: usize,
  shift: v128,
  distances: usize,
): v128 {
  let best = bestOfTwo(bits, 0, m, overlaps, table, shift, distances);
  if (bits > 1) best = i32x4.min_s(best, bestOfTwo(bits, 2, m, overlaps, table, shift, distances));
  if (bits > 2) {
    best = i32x4.min_s(best, bestOfTwo(bits, 4, m, overlaps, table, shift, distances));
    best = i32x4.min_s(best, bestOfTwo(bits, 6, m, overlaps, table, shift, distances));
  }
  if (bits > 3) {
    best = i32x4.min_s(best, bestOfTwo(bits, 8, m, overlaps, table, shift, distances));
    best = i32x4.min_s(best, bestOfTwo(bits, 10, m, overlaps, table, shift, distances));
    best = i32x4.min_s(best, bestOfTwo(bits, 12, m, overlaps, table, shift, distances));
    best = i32x4.min_s(best, bestOfTwo(bits, 14, m, overlaps, table, shift, distances));
  }
  return best;
}

@inline
function bestOfTwo(
  bits: i32,
  high: usize,
  m: usize,
  overlaps: usize,
  table: usize,
  shift: v128,
  distances: usize,
): v128 {
  return i32x4.min_s(
    distanceFrom(bits, high * overlaps + m, table, shift, distances),
    distanceFrom(bits, (high + 1) * overlaps + m, table, shift, distances),
  );
}

/** The distances of walks by four neighbouring states. */
@inline
function distanceFrom(
  bits: i32,
  state: usize,
  table: usize,
  shift: v128,
  distances: usize,
): v128 {
  const entries = v128.load(table + state * 4);
  const others = i16x8.sub(bits > 2 ? v128.and(entries, i32x4.splat(0xffff)) : entries, shift);
  const step = i32x4.dot_i16x8_s(entries, others);
  const from = distances + (state >> bits) * 4;
  if (bits > 1) return i32x4.add(step, v128.load32_splat(from));
  const two = v128.load64_splat(from);
  return i32x4.add(step, i32x4.shuffle(two, two, 0, 0, 1, 1));
}
