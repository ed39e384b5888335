import { interleave } from "./measure.ts";
import { evaluate, type RowResult } from "./result.ts";
import type { MeasuredRow, Row } from "./row.ts";

/** How a row is measured. */
export interface RowRequest {
  readonly section: string;
  readonly threads: number;
  readonly quick: boolean;
}

/** About how long one row may take, in ms, once everything is ready. */
const BUDGET_MS = { full: 4000, quick: 800 };

/** Measures a row: its contenders take turns, or it measures itself. */
export async function measureRow(
  row: Row | MeasuredRow,
  { section, threads, quick }: RowRequest,
): Promise<RowResult> {
  const head = { section, name: row.name, threads };
  if ("measure" in row) return { ...head, ...await row.measure() };
  await using resources = new AsyncDisposableStack();
  const runs = await row.prepare(resources);
  const samples = await interleave(runs, {
    budgetMs: quick ? BUDGET_MS.quick : BUDGET_MS.full,
    minSampleMs: 10,
    pauseMs: threads > 1 ? 30 : 0,
  });
  return { ...head, ...evaluate(row, samples) };
}
