// The two codebooks of lattice codes as the search sees them: where it starts, what belongs to them, and
// how points are numbered. Points are v + shift / 4, given by 2 v.
//
// The nearest v of E8P for one shift. Let z_i = |y_i| for y = x − shift / 4. A pattern a with the signs
// of y has ‖y − v‖² = ‖y‖² − 2 a · z + ‖a‖²; where their parity is not that of Σ a_i, the entry 1/2 with
// the least z_i must be flipped, for 2 z_i more. All patterns up to ‖a‖² = 10 are there, so that of those
// with equally many entries 3/2 and 5/2 the best has them where z is largest, and 29 patterns are looked
// at one by one. Exact in integers, so that all devices find the same.
//
// Departs from A. Tseng et al., "QuIP#", arXiv:2402.04396, appendix C, which looks at all 256 patterns.

import { e8pPatterns, halfTriples } from "../codebook/e8p_patterns.ts";
import { FARTHEST, GRID } from "../codebook/lattice_layout.ts";
import { roundHalfEven } from "@pare/tensor";

/** A point of a codebook. */
export interface Point {
  /** 2 v. */
  readonly twice: readonly number[];
  /** 1, −1, or 0 in the codebook of residuals. */
  readonly shift: number;
}

/** A codebook. */
export interface Codebook {
  /** Points that are the nearest ones to u among those like them, the nearest of all first. */
  nearest(u: readonly number[]): readonly [Point, Point];
  /** Whether a point with the same shift, and whole and half entries as another one, belongs to it. */
  has(twice: readonly number[]): boolean;
  /** Its number. */
  codeOf(point: Point): number;
}

/** The entries of a point. */
export function entriesOf({ twice, shift }: Point): number[] {
  return twice.map((entry) => entry / 2 + shift / 4);
}

/** A number in units of the grid. */
function onGrid(u: number): number {
  if (Number.isNaN(u)) return 0;
  return Math.max(-FARTHEST, Math.min(FARTHEST, roundHalfEven(u * GRID)));
}

/** Positions from the largest z to the smallest; of two that are equal, the later one first. */
function descending(z: readonly number[]): number[] {
  return z.map((_, i) => i).sort((i, j) => z[j] - z[i] || j - i);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Makes E8P. */
export function createE8p(): Codebook {
  const patterns = e8pPatterns();
  const numbers = new Map<string, number>();
  for (let a = 0; a < 256; a++) numbers.set(patterns.subarray(8 * a, 8 * a + 8).join(), a);
  return {
    nearest(u) {
      const x = u.map(onGrid);
      const [plus, minus] = [nearestWithShift(x, 1), nearestWithShift(x, -1)];
      return minus.score > plus.score ? [minus.point, plus.point] : [plus.point, minus.point];
    },
    has: (twice) => numbers.has(twice.map(Math.abs).join()),
    codeOf: ({ twice, shift }) => {
      const signs = total(twice.slice(0, 7).map((entry, i) => Number(entry < 0) << i));
      const pattern = numbers.get(twice.map(Math.abs).join()) ?? 0;
      return pattern << 8 | Number(shift < 0) << 7 | signs;
    },
  };
}

/** The nearest point with that shift, and twice what tells how near it is, up to what both share. */
function nearestWithShift(x: readonly number[], shift: number): { point: Point; score: number } {
  const y = x.map((value) => value - shift * GRID / 4);
  const z = y.map(Math.abs);
  const order = descending(z);
  const isOdd = y.filter((value) => value < 0).length % 2 === 1;
  // What entries gain over 1/2, in quarters of the score.
  const three = (i: number) => z[i] - GRID;
  const five = (i: number) => 2 * z[i] - 3 * GRID;
  let best = { gain: -Infinity, pattern: [] as number[], flip: -1 };
  /** Takes a pattern, given by where it has entries 5/2 and 3/2, if it is better. */
  const consider = (fives: readonly number[], threes: readonly number[]) => {
    const pattern = z.map((_, i) => fives.includes(i) ? 5 : threes.includes(i) ? 3 : 1);
    const halves = order.filter((i) => pattern[i] === 1);
    const flip = (total(pattern) / 2 % 2 === 1) === isOdd ? -1 : halves[halves.length - 1];
    const gain = total(fives.map(five)) + total(threes.map(three)) - (flip < 0 ? 0 : z[flip]);
    if (gain > best.gain) best = { gain, pattern, flip };
  };
  for (let count = 0; count <= 4; count++) consider([], order.slice(0, count));
  consider([order[0]], []);
  consider([order[0]], [order[1]]);
  for (const triple of halfTriples()) {
    consider([], z.map((_, i) => i).filter((i) => !triple.includes(i)));
  }
  const twice = best.pattern.map((entry, i) => (y[i] < 0) !== (i === best.flip) ? -entry : entry);
  const score = 2 * total(z) + 4 * best.gain + shift * total(x);
  return { point: { twice, shift }, score };
}

/** Makes the codebook of residuals. */
export function createResiduals(): Codebook {
  return {
    nearest(u) {
      const x = u.map(onGrid);
      const [whole, half] = [nearestWhole(x), nearestHalf(x)];
      return half.score > whole.score ? [half.point, whole.point] : [whole.point, half.point];
    },
    has(twice) {
      const squares = total(twice.map((entry) => entry * entry));
      return squares <= 8 ||
        squares === 16 && twice.some((v) => Math.abs(v) === 4) && twice[7] > -4;
    },
    codeOf({ twice }) {
      const signs = total(twice.slice(0, 7).map((entry, i) => Number(entry < 0) << i));
      const places = twice.map((_, i) => i).filter((i) => twice[i] !== 0);
      if (places.length === 8) return signs;
      if (places.length === 0) return 240;
      const [i, j] = places;
      if (places.length === 1) return (twice[i] < 0 ? 249 : 241) + i;
      const pair = i * (15 - i) / 2 + j - i - 1;
      return 128 + 4 * pair + Number(twice[i] < 0) + 2 * Number(twice[j] < 0);
    },
  };
}

/** Of 0, ± e_i ± e_j and ± 2 e_i. */
function nearestWhole(x: readonly number[]): { point: Point; score: number } {
  const z = x.map(Math.abs);
  const [first, second] = descending(z);
  const [pair, double] = [2 * (z[first] + z[second]) - 2 * GRID, 4 * z[first] - 4 * GRID];
  const isThere = first !== 7 || x[7] >= 0;
  const twice = Array(8).fill(0);
  const signed = (i: number, entry: number) => x[i] < 0 ? -entry : entry;
  let score = 0;
  if (pair > score) {
    score = pair;
    twice[first] = signed(first, 2);
    twice[second] = signed(second, 2);
  }
  if (isThere && double > score) {
    score = double;
    twice.fill(0);
    twice[first] = signed(first, 4);
  }
  return { point: { twice, shift: 0 }, score };
}

/** Of (± 1/2)^8. */
function nearestHalf(x: readonly number[]): { point: Point; score: number } {
  const z = x.map(Math.abs);
  const isOdd = x.filter((value) => value < 0).length % 2 === 1;
  const flip = isOdd ? descending(z)[7] : -1;
  const twice = x.map((value, i) => (value < 0) !== (i === flip) ? -1 : 1);
  return {
    point: { twice, shift: 0 },
    score: total(z) - 2 * GRID - (flip < 0 ? 0 : 2 * z[flip]),
  };
}
