// How a product is cut up: the side of its tiles, and the parts of its inner dimension where its
// tiles alone do not fill the machine.
//
// Both are chosen by the shape alone, as the least of what a product costs in multiplications, by
// this estimate:
//
//   tiles · side² · k / speed(side) · max(1, full / workgroups) + 2 · parts · m · n · balance
//
// of `tiles · parts` workgroups, where the second term stands for writing and reading the sums of
// parts: a card of 67 TFLOP/s and 4 TB/s does 33 multiplications in the time of a number to or from
// memory.

import { type Side, tileCount } from "./matmul_tiles.ts";

/** What a tile's multiplications are worth to those of the largest, by what bounds them. */
const SPEEDS: Readonly<Record<Side, number>> = { 128: 1, 64: 0.85, 32: 0.5 };

/** Multiplications in the time of one number to or from memory. */
const BALANCE = 33;

/** The least depth that is worth a workgroup of its own. */
const LEAST_DEPTH = 256;

/** How the inner dimension is cut: into parts of `depth`, a multiple of 8, but for the last. */
export interface Parts {
  readonly parts: number;
  readonly depth: number;
}

/** How a tiled product is computed. */
export interface TilePlan extends Parts {
  readonly side: Side;
  /** Workgroups for one entry of the batch and one part. */
  readonly groups: number;
}

/**
 * Cuts the inner dimension.
 *
 * @param k The inner dimension.
 * @param groups The workgroups that the product takes uncut.
 * @param full How many fill the machine.
 * @param mostParts How many parts there may be at most.
 */
export function cutDepth(k: number, groups: number, full: number, mostParts: number): Parts {
  const most = Math.min(Math.floor(k / LEAST_DEPTH), Math.floor(mostParts));
  const parts = Math.min(Math.ceil(full / groups), most);
  if (parts < 2) return { parts: 1, depth: k };
  const depth = Math.ceil(k / parts / 8) * 8;
  return { parts: Math.ceil(k / depth), depth };
}

/** Chooses the tiles and parts of a product. */
export function planTiles(
  { m, n, k, batch }: { m: number; n: number; k: number; batch: number },
  full: number,
  mostParts: number,
): TilePlan {
  const plans = ([128, 64, 32] as const).map((side) => {
    const groups = tileCount(m, n, side);
    const cut = cutDepth(k, groups * batch, full, mostParts);
    const idle = Math.max(1, full / (groups * batch * cut.parts));
    const sums = cut.parts > 1 ? 2 * cut.parts * m * n * BALANCE : 0;
    const cost = groups * side ** 2 * k / SPEEDS[side] * idle + sums;
    return { side, groups, ...cut, cost };
  });
  return plans.reduce((best, plan) => plan.cost < best.cost ? plan : best);
}
