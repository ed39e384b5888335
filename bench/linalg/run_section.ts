// Measures one section in a process of its own: threads are fixed when peers load, and nothing that
// a section leaves in memory disturbs the next. Started by run.ts; writes a line of JSON per row.

import { measureRow } from "./measure_row.ts";
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
