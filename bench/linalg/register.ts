// The rows of a section as benches of `deno bench`: the same contenders, ours against the rest.

import { OURS } from "./contenders.ts";
import type { Run } from "./measure.ts";
import type { Row } from "./row.ts";
import { SECTIONS } from "./sections.ts";
import { createSetup } from "./setup.ts";

/** Readies rows one at a time: the operands of one are freed when the next is asked for. */
function oneAtATime(): (row: Row) => Promise<Run[]> {
  let current: Row | undefined;
  let resources = new AsyncDisposableStack();
  let runs: Promise<Run[]> = Promise.resolve([]);
  return async (row) => {
    if (row !== current) {
      current = row;
      await resources.disposeAsync();
      resources = new AsyncDisposableStack();
      runs = row.prepare(resources);
    }
    return await runs;
  };
}

/**
 * Registers the benches of a section, in small sizes.
 *
 * @param section Its name.
 * @param threads How many threads everyone may use; one number for the whole process.
 */
export async function registerSection(section: string, threads: number): Promise<void> {
  const resources = new AsyncDisposableStack();
  globalThis.addEventListener("unload", () => void resources.disposeAsync());
  const setup = await createSetup(threads, true, resources);
  const prepare = oneAtATime();
  const rowsOf = await SECTIONS[section]();
  for (const row of rowsOf(setup)) {
    if ("measure" in row) continue;
    const peer = row.contenders.findIndex(({ name }) => !name.startsWith(OURS));
    for (const [i, { name, flops }] of row.contenders.entries()) {
      // Times are compared here, and one run of it is worth something else.
      if (flops !== row.flops) continue;
      Deno.bench(
        name,
        { group: `${row.name}, threads: ${threads}`, baseline: i === peer },
        async (bench) => {
          const run = (await prepare(row))[i];
          bench.start();
          await run();
          bench.end();
        },
      );
    }
  }
}
