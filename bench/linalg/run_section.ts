// Measures one section in a process of its own: threads are fixed when peers load, and nothing that
// a section leaves in memory disturbs the next. Started by run.ts; writes a line of JSON per row.

import { interleave } from "./measure.ts";
import { evaluate, type RowResult } from "./result.ts";
import type { MeasuredRow, Row } from "./row.ts";
import { SECTIONS } from "./sections.ts";
import { createSetup } from "./setup.ts";

/** What is asked for, in the process's one argument. */
export interface SectionRequest {
  readonly section: string;
  readonly threads: number;
  readonly quick: boolean;
  /** Only rows whose name has this in it. */
  readonly filter: string;
}

/** About how long one row may take, in ms, once everything is ready. */
const BUDGET_MS = { full: 4000, quick: 800 };

async function measureRow(
  row: Row | MeasuredRow,
  { section, threads, quick }: SectionRequest,
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

if (import.meta.main) {
  const request: SectionRequest = JSON.parse(Deno.args[0]);
  const { section, threads, quick, filter } = request;
  await using resources = new AsyncDisposableStack();
  const setup = await createSetup(threads, quick, resources);
  const rowsOf = await SECTIONS[section]();
  for (const row of rowsOf(setup)) {
    if (!row.name.includes(filter)) continue;
    console.log(JSON.stringify(await measureRow(row, request)));
  }
  await resources.disposeAsync();
  // Workers of peers would keep the process alive.
  Deno.exit();
}
