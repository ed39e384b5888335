/**
 * Measures the linear algebra against peers and prints one table of ratios.
 *
 * ```sh
 * deno task bench:linalg --quick --only matmul --threads 2
 * ```
 *
 * It starts one process per section and number of threads, which may read, and start
 * `/usr/bin/python3` for numpy; it may itself start Deno and write below this repository.
 *
 * @module
 */

import type { Command, FlagValues } from "../../packages/cli/flags.ts";
import { commonFlags, readNames, readThreads, runCommand } from "./command_line.ts";
import { measureApart } from "./measure_apart.ts";
import { formatProgress, formatReport } from "./report.ts";
import type { RowResult } from "./result.ts";
import { readyResults, writeResults } from "./results_file.ts";
import type { SectionRequest } from "./run_section.ts";
import { SECTIONS } from "./sections.ts";

/** Where JSON goes if nothing else is said: a folder that git leaves out. */
const OUTPUT = ".tmp/linalg.json";

const COMMAND: Command = {
  name: "bench:linalg",
  summary: "Measures the linear algebra against peers and prints one table of ratios.",
  operands: "",
  flags: {
    only: {
      kind: "text",
      value: "<names>",
      help: `sections, separated by commas: ${Object.keys(SECTIONS).join(", ")}`,
    },
    rows: { kind: "text", value: "<text>", help: "only rows with this in their name" },
    threads: {
      kind: "text",
      value: "<counts>",
      help: "numbers of threads, separated by commas; one and all processors by default",
    },
    quick: { kind: "switch", help: "small sizes and few rounds" },
    ...commonFlags(OUTPUT),
  },
  examples: [
    ["--quick", "all sections, in two minutes"],
    ["--only matmul --rows 1024 --threads 2", "one row"],
  ],
  run: ({ values }) => run(values),
};

/** The sections and numbers of threads that are asked for. */
function readRequests(values: FlagValues): SectionRequest[] {
  const sections = readNames("section", values.text("only"), Object.keys(SECTIONS));
  const counts = readThreads(values.text("threads"));
  const [quick, filter] = [values.on("quick"), values.text("rows") ?? ""];
  return sections.flatMap((section) =>
    counts.map((threads) => ({ section, threads, quick, filter }))
  );
}

/** Measures what is asked for. */
async function run(values: FlagValues): Promise<number> {
  const requests = readRequests(values);
  const output = readyResults(values.text("output"), OUTPUT);
  const module = new URL("run_section.ts", import.meta.url);
  const rows: RowResult[] = [];
  for (const request of requests) {
    await measureApart<RowResult>({ module, request, name: request.section }, (result) => {
      rows.push(result);
      console.error(formatProgress(result));
    });
  }
  console.log(formatReport(rows));
  writeResults(output, rows);
  return 0;
}

await runCommand(COMMAND);
