// How times are taken on a machine that others use too.
//
// The contenders of a row take turns, round after round, so that a slow minute hits all of them. Of
// each the minimum is kept, the time it takes when nobody disturbs, and the median, the time it
// takes here; only ratios of times from the same rounds mean something.

/** Runs once. Returns how long it took, in ms, where that can be measured closer by. */
export type Run = () => void | number | Promise<void | number>;

/** How long and how often things are run. */
export interface MeasureOptions {
  /** About how long the rounds of one row may take together, in ms. */
  readonly budgetMs: number;
  /** The fewest rounds, whatever they take. @default {3} */
  readonly minRounds?: number;
  /** The most rounds. @default {25} */
  readonly maxRounds?: number;
  /** How long one sample lasts at least: a short run is repeated and the mean taken. @default {5} */
  readonly minSampleMs?: number;
  /**
   * How long to wait before each sample, in ms: idle threads of the one before may spin for a while,
   * those of OpenBLAS for some 20 ms. @default {0}
   */
  readonly pauseMs?: number;
  /** The clock, in ms. @default {performance.now} */
  readonly now?: () => number;
}

/** The ms of one run, repeated `repeats` times in a row. */
async function sample(run: Run, repeats: number, now: () => number): Promise<number> {
  let reported = 0;
  const start = now();
  for (let i = 0; i < repeats; i++) {
    const result = run();
    // Awaiting what is no promise would give the turn away for nothing.
    const duration = result instanceof Promise ? await result : result;
    reported += duration ?? NaN;
  }
  const measured = now() - start;
  return (Number.isNaN(reported) ? measured : reported) / repeats;
}

/**
 * Waits without sleeping: after a sleep the system may start all threads of a contender on one
 * processor, and take longer to part them than a sample lasts.
 */
function waitAwake(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/**
 * Measures contenders in turn.
 *
 * Each is run once before, which warms it up and tells how often it must be repeated; one that takes
 * longer than a second needs no warming, and that run is its first sample.
 *
 * @param runs What to run, in the order of each round.
 * @param options How long and how often.
 * @returns For each the ms of one run, round by round.
 */
export async function interleave(
  runs: readonly Run[],
  options: MeasureOptions,
): Promise<number[][]> {
  const { budgetMs, minRounds = 3, maxRounds = 25, minSampleMs = 5, pauseMs = 0 } = options;
  const now = options.now ?? (() => performance.now());
  const samples: number[][] = [];
  const repeats: number[] = [];
  let roundMs = 0;
  for (const run of runs) {
    const first = await sample(run, 1, now);
    samples.push(first > 1000 ? [first] : []);
    // A warm one may be faster than its first run: look again.
    const ms = first > 1000 ? first : await sample(run, 1, now);
    repeats.push(Math.max(1, Math.ceil(minSampleMs / Math.max(ms, minSampleMs / 1000))));
    roundMs += ms * repeats[repeats.length - 1];
  }
  const rounds = Math.max(minRounds, Math.min(maxRounds, Math.floor(budgetMs / roundMs)));
  for (let round = 0; round < rounds; round++) {
    for (const [i, run] of runs.entries()) {
      if (samples[i].length > round) continue;
      if (pauseMs > 0) waitAwake(pauseMs);
      samples[i].push(await sample(run, repeats[i], now));
    }
  }
  return samples;
}

/** The least of some numbers. */
export function minimum(numbers: readonly number[]): number {
  return numbers.reduce((least, value) => Math.min(least, value), Infinity);
}

/** The middle one of some numbers, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
