// The walk through a trellis that is nearest to a sequence, by the algorithm of Viterbi.
//
// A. J. Viterbi, "Error bounds for convolutional codes and an asymptotically optimum decoding
// algorithm", IEEE Trans. Inf. Theory 13, 1967. States of L bits follow each other by K bits, so that
// what two neighbours share, their overlap, has L − K: the lower bits of one, the upper bits of the
// next. For a sequence of targets y_t, twice the levels wanted, and D_t(m) the least distance of walks
// whose first t states end in overlap m:
//
//   D_{t+1}(m) = min over the 2^K states s that end in m of D_t(⌊s / 2^K⌋) + v(s) (v(s) − y_t)
//
// v (v − y) is (v − y/2)² less what is the same for all walks. Of several minima the one with the lowest
// state is taken. Cost: 2^L per target.

import { trellisLevel } from "../trellis/trellis_code.ts";

/** A trellis: how many bits its states have, and how many of them are new in each. */
export interface Trellis {
  readonly bits: number;
  readonly stateBits: number;
}

/**
 * The states that tail-biting finds: those of the sequence, whose last overlap is its first.
 *
 * @param targets Twice the levels wanted, integers, in the order of the walk.
 * @param trellis The trellis.
 * @returns The states, in the same order.
 */
export function tailBitingWalk(targets: readonly number[], trellis: Trellis): number[] {
  const half = targets.length / 2;
  const turned = [...targets.slice(half), ...targets.slice(0, half)];
  // State i of the turned sequence ends in the overlap that the sequence begins with.
  const before = bestWalk(turned, trellis, null)[half - 1];
  return bestWalk(targets, trellis, before % overlapsOf(trellis));
}

/**
 * The nearest walk.
 *
 * @param targets Twice the levels wanted.
 * @param trellis The trellis.
 * @param overlap What it begins and ends with; `null` for anything.
 * @returns Its states.
 */
export function bestWalk(
  targets: readonly number[],
  trellis: Trellis,
  overlap: number | null,
): number[] {
  const { bits, stateBits } = trellis;
  const overlaps = overlapsOf(trellis);
  let distances = new Float64Array(overlaps);
  if (overlap !== null) distances.fill(Infinity)[overlap] = 0;
  const chosen = targets.map((target) => {
    const next = new Float64Array(overlaps).fill(Infinity);
    const states = new Uint16Array(overlaps);
    for (let state = 0; state < 2 ** bits * overlaps; state++) {
      const level = trellisLevel(state, bits, stateBits);
      const distance = distances[state >> bits] + level * (level - target);
      const end = state % overlaps;
      if (distance < next[end]) {
        next[end] = distance;
        states[end] = state;
      }
    }
    distances = next;
    return states;
  });
  let end = overlap ?? distances.indexOf(distances.reduce((a, b) => Math.min(a, b)));
  return chosen.reverse().map((states) => {
    const state = states[end];
    end = state >> bits;
    return state;
  }).reverse();
}

function overlapsOf({ bits, stateBits }: Trellis): number {
  return 2 ** (stateBits - bits);
}
