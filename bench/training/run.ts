/**
 * Measures a training step against jax-js and prints one table of ratios.
 *
 * ```sh
 * deno task bench:training --only llama --threads 1
 * ```
 *
 * It starts one process per model and number of threads, which may read; it may itself start Deno and
 * write below this repository.
 *
 * @module
 */

import type { Command, FlagValues } from "../../packages/cli/flags.ts";
import { commonFlags, readNames, readThreads, runCommand } from "../linalg/command_line.ts";
import { measureApart } from "../linalg/measure_apart.ts";
import { formatProgress, formatReport } from "../linalg/report.ts";
import { readyResults, writeResults } from "../linalg/results_file.ts";
import type { StepRequest, StepResult } from "./measure_step.ts";
import { SHAPES } from "./shapes.ts";

/** Where JSON goes if nothing else is said: a folder that git leaves out. */
const OUTPUT = ".tmp/training.json";

/** The models that are measured if nothing else is said. */
const MODELS = ["llama", "demo"];

const COMMAND: Command = {
  name: "bench:training",
  summary: "Measures a training step against jax-js and prints one table of ratios.",
  operands: "",
  flags: {
    only: {
      kind: "text",
      value: "<names>",
      help: `models, separated by commas: ${Object.keys(SHAPES).join(", ")}; ` +
        `${MODELS.join(" and ")} by default`,
    },
    threads: {
      kind: "text",
      value: "<counts>",
      help: "numbers of threads, separated by commas; one and all processors by default",
    },
    alone: { kind: "switch", help: "without jax-js, which has no room for the demo model anyway" },
    ...commonFlags(OUTPUT),
  },
  examples: [
    ["", "everything, in two minutes"],
    ["--only llama --threads 2 --alone", "where the time of a step goes"],
  ],
  run: ({ values }) => run(values),
};

/** Measures what is asked for. */
async function run(values: FlagValues): Promise<number> {
  const models = readNames("model", values.text("only") ?? MODELS.join(), Object.keys(SHAPES));
  const counts = readThreads(values.text("threads"));
  const output = readyResults(values.text("output"), OUTPUT);
  const module = new URL("measure_step.ts", import.meta.url);
  const rows: StepResult[] = [];
  for (const model of models) {
    for (const threads of counts) {
      const request: StepRequest = { model, threads, alone: values.on("alone") };
      await measureApart<StepResult>({ module, request, name: model }, (result) => {
        rows.push(result);
        console.error(formatProgress(result));
      });
    }
  }
  console.log(formatReport(rows));
  writeResults(output, rows);
  return 0;
}

await runCommand(COMMAND);
