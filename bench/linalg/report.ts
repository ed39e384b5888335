// The table of ratios.

import { formatTable } from "../../packages/cli/table.ts";
import type { ContenderResult, Ratio, RowResult } from "./result.ts";

const HEADER = ["row", "threads", "ours", "against", "of minima", "of medians", "goal", ""];

/** A rate where the work is known, a time otherwise; both by the minimum. */
export function formatSpeed({ flops, minMs }: ContenderResult): string {
  if (flops !== undefined) return `${(flops / minMs / 1e6).toPrecision(3)} GFLOP/s`;
  return minMs >= 1000 ? `${(minMs / 1000).toPrecision(3)} s` : `${minMs.toPrecision(3)} ms`;
}

function formatRatio(ratio: number | null): string {
  return ratio === null ? "not installed" : ratio.toFixed(2);
}

/** Whether a goal is reached by both measures, by one of them, or by none. */
function formatVerdict({ ofMinima, ofMedians, goal }: Ratio): string {
  if (goal === undefined || ofMinima === null || ofMedians === null) return "";
  const reached = [ofMinima, ofMedians].filter((ratio) => ratio >= goal).length;
  return ["missed", "nearly", "reached"][reached];
}

/** The lines of a row: one for each ratio, below one of its own where none is about the first contender. */
function linesOf({ name, threads, contenders, ratios }: RowResult): string[][] {
  const [first] = contenders;
  const titled = ratios.length > 0 && ratios.every(({ of }) => of !== first.name);
  const title = [name, String(threads), formatSpeed(first), first.name, "", "", "", ""];
  const lines = ratios.map((ratio, i) => {
    const who = contenders.find((contender) => contender.name === ratio.of);
    // A line about somebody else than the first one says who.
    const another = who !== first;
    const opens = i === 0 && !titled;
    return [
      opens ? name : another ? `  ${ratio.of}` : "",
      opens ? String(threads) : "",
      who && (opens || another) ? formatSpeed(who) : "",
      ratio.against,
      formatRatio(ratio.ofMinima),
      formatRatio(ratio.ofMedians),
      ratio.goal === undefined ? "" : `≥ ${ratio.goal}`,
      formatVerdict(ratio),
    ];
  });
  return titled ? [title, ...lines] : lines;
}

function titleOf({ name, threads }: RowResult): string {
  return `${name}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}

/** Lays out results as a table of ratios, where more than 1 is faster, and notes below it. */
export function formatReport(results: readonly RowResult[]): string {
  const align = ["left", "right", "right", "left", "right", "right", "right", "left"] as const;
  const table = formatTable(HEADER, results.flatMap(linesOf), align);
  const notes = results.flatMap((result) =>
    (result.notes ?? []).map((note) => `${titleOf(result)}: ${note}`)
  );
  return [table, ...notes].join("\n");
}

/** One line about a row as it comes, with everyone's speed. */
export function formatProgress(result: RowResult): string {
  const { contenders, notes = [] } = result;
  const speeds = contenders.map((contender) => `${contender.name} ${formatSpeed(contender)}`);
  return `${titleOf(result)}: ${[...speeds, ...notes].join(", ")}`;
}
