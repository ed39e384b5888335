// From samples to ratios.

import { median, minimum } from "./measure.ts";
import type { Row } from "./row.ts";

/** How long a contender took. */
export interface ContenderResult {
  readonly name: string;
  /** The floating-point operations that one run is worth, if that is told. */
  readonly flops?: number;
  readonly minMs: number;
  readonly medianMs: number;
  readonly rounds: number;
}

/** A ratio of rates: how many times as fast one is as the fastest of some others. */
export interface Ratio {
  readonly of: string;
  /** Who was the fastest by minimum, or who is missing. */
  readonly against: string;
  /** By the minima; null where nobody to compare with is installed. */
  readonly ofMinima: number | null;
  /** By the medians. */
  readonly ofMedians: number | null;
  readonly goal?: number;
}

/** What came of a row. */
export interface RowResult {
  readonly section: string;
  readonly name: string;
  readonly threads: number;
  readonly contenders: readonly ContenderResult[];
  readonly ratios: readonly Ratio[];
  /** What is told beside the ratios. */
  readonly notes?: readonly string[];
}

/** Work per ms; where no work is told, runs per ms. */
function rate({ flops = 1 }: ContenderResult, ms: number): number {
  return flops / ms;
}

/**
 * Evaluates a row.
 *
 * @param row The row.
 * @param samples The ms of its contenders, in their order.
 * @returns The results of its contenders and its ratios.
 */
export function evaluate(
  row: Pick<Row, "contenders" | "comparisons">,
  samples: readonly (readonly number[])[],
): Pick<RowResult, "contenders" | "ratios"> {
  const contenders = row.contenders.map(({ name, flops }, i): ContenderResult => ({
    name,
    flops,
    minMs: minimum(samples[i]),
    medianMs: median(samples[i]),
    rounds: samples[i].length,
  }));
  const ratios = row.comparisons.map((comparison): Ratio => {
    const { of = contenders[0].name, against, goal } = comparison;
    const ours = contenders.find(({ name }) => name === of);
    const others = contenders.filter(({ name }) => against.includes(name));
    if (!ours) throw new RangeError(`Cannot compare as ${of} must be in the row`);
    if (others.length === 0) {
      return { of, against: against.join(", "), ofMinima: null, ofMedians: null, goal };
    }
    const fastest = others.reduce((a, b) => rate(a, a.minMs) >= rate(b, b.minMs) ? a : b);
    // The fastest by median may be another one: the ratio is the smallest either way.
    const fastestMedian = Math.max(...others.map((other) => rate(other, other.medianMs)));
    return {
      of,
      against: fastest.name,
      ofMinima: rate(ours, ours.minMs) / rate(fastest, fastest.minMs),
      ofMedians: rate(ours, ours.medianMs) / fastestMedian,
      goal,
    };
  });
  return { contenders, ratios };
}
