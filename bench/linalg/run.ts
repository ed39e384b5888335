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

import {
  type Command,
  commandHelp,
  type FlagValues,
  parseFlags,
} from "../../packages/cli/flags.ts";
import { UsageError, UserError } from "../../packages/cli/user_error.ts";
import { formatProgress, formatReport } from "./report.ts";
import type { RowResult } from "./result.ts";
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
    output: {
      kind: "text",
      value: "<file>",
      help: `where everything measured is written, as JSON; ${OUTPUT} by default`,
    },
    help: { kind: "switch", help: "print this" },
  },
  examples: [
    ["--quick", "all sections, in two minutes"],
    ["--only matmul --rows 1024 --threads 2", "one row"],
  ],
  run: ({ values }) => run(values),
};

/** The sections and numbers of threads that are asked for. */
function readRequests(values: FlagValues): SectionRequest[] {
  const sections = values.text("only")?.split(",") ?? Object.keys(SECTIONS);
  const wrong = sections.find((section) => !Object.hasOwn(SECTIONS, section));
  if (wrong !== undefined) {
    const names = Object.keys(SECTIONS).join(", ");
    throw new UsageError(
      `Cannot measure as a section must be one of ${names}: current section is ${wrong}`,
    );
  }
  const text = values.text("threads");
  const counts = text?.split(",").map(Number) ?? [...new Set([1, navigator.hardwareConcurrency])];
  if (!counts.every((count) => Number.isInteger(count) && count >= 1 && count <= 256)) {
    throw new UsageError(
      `Cannot measure as threads must be integers from 1 to 256: current threads is ${text}`,
    );
  }
  const [quick, filter] = [values.on("quick"), values.text("rows") ?? ""];
  return sections.flatMap((section) =>
    counts.map((threads) => ({ section, threads, quick, filter }))
  );
}

/** Refuses a file that cannot be written now rather than when all is measured. */
function checkWritable(path: string): void {
  try {
    Deno.openSync(path, { append: true, create: true }).close();
  } catch (error) {
    throw new UsageError(
      `Cannot measure as --output must be a file that can be written, below this repository: ` +
        `current value is ${path}`,
      error,
    );
  }
}

/** Measures a section in a process of its own, handing on each row as it comes. */
async function runSection(
  request: SectionRequest,
  onRow: (result: RowResult) => void,
): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--ignore-env",
      // So that a section can tell what memory is left when garbage is gone.
      "--v8-flags=--expose-gc",
      "--allow-read",
      "--allow-run=/usr/bin/python3",
      new URL("run_section.ts", import.meta.url).pathname,
      JSON.stringify(request),
    ],
    stdout: "piped",
  }).spawn();
  let text = "";
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (text + piece).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) onRow(JSON.parse(line));
  }
  const { code } = await child.status;
  if (code !== 0) {
    throw new UserError(
      `Cannot measure ${request.section} as its process must succeed: current exit code is ${code}`,
    );
  }
}

/** Measures what is asked for. */
async function run(values: FlagValues): Promise<number> {
  const requests = readRequests(values);
  const output = values.text("output") ?? OUTPUT;
  if (output === OUTPUT) Deno.mkdirSync(".tmp", { recursive: true });
  checkWritable(output);
  const rows: RowResult[] = [];
  for (const request of requests) {
    await runSection(request, (result) => {
      rows.push(result);
      console.error(formatProgress(result));
    });
  }
  console.log(formatReport(rows));
  const date = new Date().toISOString();
  const head = { date, deno: Deno.version.deno, processors: navigator.hardwareConcurrency };
  // A line for each row, so that two files can be compared.
  const lines = rows.map((row) => JSON.stringify(row)).join(",\n");
  const opening = JSON.stringify(head).slice(0, -1);
  Deno.writeTextFileSync(output, `${opening},"rows":[\n${lines}\n]}\n`);
  console.error(`Written to ${output}`);
  return 0;
}

try {
  const input = parseFlags(COMMAND, Deno.args);
  if (input.values.on("help")) console.log(commandHelp(COMMAND));
  else await COMMAND.run({ ...input, signal: new AbortController().signal });
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  Deno.exit(1);
}
