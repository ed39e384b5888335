import { type LevelKind, levelsOf } from "@pare/operators";

/** The code of the level that is nearest to a number; of two equally near, the one of the even code. */
export type NearestLevel = (value: number) => number;

/**
 * Makes the function that rounds to levels.
 *
 * @param kind Which levels.
 * @param bits The bits of one code.
 * @returns The function; no number, however large, is beyond it.
 */
export function nearestLevel(kind: LevelKind, bits: number): NearestLevel {
  const levels = levelsOf(kind, bits).data;
  // Of two codes for one level, such as both zeros of e2m1, the first is taken.
  const codes = [...levels.keys()]
    .filter((code) => levels.indexOf(levels[code]) === code)
    .sort((a, b) => levels[a] - levels[b]);
  // What is greater than the i-th of these is rounded up from the i-th level, and what equals it too
  // where that leads to an even code.
  const middles = codes.slice(1).map((code, i) => (levels[code] + levels[codes[i]]) / 2);
  const thresholds = Float64Array.from(
    middles,
    (middle, i) => codes[i + 1] % 2 === 0 ? justBelow(middle) : middle,
  );
  const most = thresholds.length;
  return (value) => {
    let low = 0;
    let high = most;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value > thresholds[middle]) low = middle + 1;
      else high = middle;
    }
    return codes[low];
  };
}

/** A double below `value` that is nearer to it than any quotient of two f32 other than itself. */
function justBelow(value: number): number {
  return value - Math.abs(value) * 2 ** -52;
}
