// The first codebook of k-means: points drawn with a chance that grows with their distance.
//
// D. Arthur and S. Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007: each
// point is drawn with a chance in proportion to w_i D_i², D_i its distance from the points drawn so
// far. As in B. Bahmani et al., "Scalable K-Means++", VLDB 2012, arXiv:1203.6402, several are drawn at
// a time once there are many, so that a round over all points pays.
//
// Departs from the second: a round adds a quarter of the points drawn so far, until there are enough,
// instead of more than enough that are clustered in turn. Of four times as many candidates it keeps one
// after the other with a chance in proportion to what is left of their D_i², so that hardly two come
// from one cluster. Up to eight points this is k-means++. Cost: about 5 ln(clusters) rounds, in all the
// distances of one step of Lloyd's, and clusters² / 2 distances among candidates.

import { randomUniform } from "@pare/tensor";

/** What is to be known of the points. */
export interface PointDistances {
  /** The squared distance of every point from the nearest of some points, given by number. */
  fromNearest(numbers: readonly number[]): Promise<Float64Array>;
  /** The squared distance of two points. */
  between(i: number, j: number): number;
}

/** Candidates for each point that is kept. */
const CANDIDATES = 4;

/** The part of their D_i², summed, that candidates must have left to stand for all points. */
const LEAST_LEFT = 0.25;

/**
 * Draws points to begin with.
 *
 * @param clusters How many; no more than there are points with a weight.
 * @param weights The weight of each point.
 * @param seed Which random numbers.
 * @param points How far they are from each other.
 * @returns Their numbers. Where fewer points are distinct, some are at the place of another one.
 */
export async function drawSeeds(
  clusters: number,
  weights: Float64Array,
  seed: number,
  points: PointDistances,
): Promise<number[]> {
  const seeds = draw(weights, 1, seed, 0);
  let distances: Float64Array | undefined;
  let recent: readonly number[] = seeds;
  for (let round = 1; seeds.length < clusters; round++) {
    const next = await points.fromNearest(recent);
    distances = distances ? lower(distances, next) : next;
    const chances = distances.map((distance, i) => distance * weights[i]);
    const count = Math.min(Math.floor(seeds.length / 4), clusters - seeds.length);
    const candidates = draw(chances, count > 1 ? CANDIDATES * count : 1, seed, 2 * round);
    if (candidates.length === 0) return fillUp(seeds, clusters, weights);
    const { data } = randomUniform([Math.max(count, 1)], { seed, stream: 2 * round + 1 });
    recent = count > 1 ? spread(candidates, data, distances, points) : candidates;
    seeds.push(...recent);
  }
  return seeds;
}

function lower(distances: Float64Array, others: Float64Array): Float64Array {
  for (let i = 0; i < distances.length; i++) {
    if (others[i] < distances[i]) distances[i] = others[i];
  }
  return distances;
}

/** Up to `count` different numbers, each drawn with a chance in proportion; none if all are zero. */
function draw(chances: Float64Array, count: number, seed: number, stream: number): number[] {
  let total = 0;
  for (const chance of chances) total += chance;
  if (!(total > 0)) return [];
  const words = randomUniform([2 * count], { seed, stream }).data;
  // Two draws of 24 bits, so that every one of many points can be hit.
  const places = Float64Array.from(
    { length: count },
    (_, i) => (words[2 * i] + words[2 * i + 1] * 2 ** -24) * total,
  ).sort();
  const drawn: number[] = [];
  let sum = 0;
  let last = -1;
  for (let i = 0, at = 0; i < chances.length && at < count; i++) {
    if (chances[i] === 0) continue;
    sum += chances[i];
    last = i;
    if (places[at] >= sum) continue;
    drawn.push(i);
    while (at < count && places[at] < sum) at++;
  }
  // Where rounding put the last place at the total.
  if (drawn.length === 0) drawn.push(last);
  return drawn;
}

/** Keeps a candidate for each uniform number while they are far from each other; at least one. */
function spread(
  candidates: readonly number[],
  uniform: Float32Array,
  distances: Float64Array,
  points: PointDistances,
): number[] {
  const kept: number[] = [];
  // What is left of the squared distance that each candidate was drawn by.
  const left = new Float64Array(candidates.length).fill(1);
  while (kept.length < uniform.length) {
    const total = left.reduce((sum, part) => sum + part, 0);
    if (total < LEAST_LEFT * candidates.length) break;
    const place = uniform[kept.length] * total;
    let sum = 0;
    const at = left.findIndex((part) => (sum += part) > place);
    kept.push(candidates[at]);
    candidates.forEach((i, n) => {
      left[n] = Math.min(left[n], points.between(i, candidates[at]) / distances[i]);
    });
  }
  return kept;
}

/** Where every point is at the place of one drawn: the first others there are. */
function fillUp(seeds: number[], clusters: number, weights: Float64Array): number[] {
  const drawn = new Set(seeds);
  for (let i = 0; seeds.length < clusters; i++) {
    if (weights[i] > 0 && !drawn.has(i)) seeds.push(i);
  }
  return seeds;
}
