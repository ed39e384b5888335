/**
 * Measures what methods cost a model on several texts, at several sizes.
 *
 * ```sh
 * deno run --allow-read --allow-write=. bench/quality/compare_methods.ts --set low-rank demo
 * ```
 *
 * "layers" are the bytes on disk of the matrices of the blocks, side information included, and bits
 * per weight are of them; "folder" counts everything, manifest and names of tensors too. KL divergence
 * and agreement are of the original's next tokens. The error of the outputs is the mean over the layers of ‖(W - Ŵ) X‖² / ‖W X‖² on the calibration text. A method that cannot
 * be measured is named with the reason, and the others go on.
 *
 * @module
 */

import { createWasmDevice } from "@pare/linalg";
import { DEMO_CALIBRATION, DEMO_TEXTS, demoPath } from "../../packages/cli/demo.ts";
import type { Command, CommandInput } from "../../packages/cli/flags.ts";
import { baseName, openSource } from "../../packages/cli/open_source.ts";
import { requireTokenizer } from "../../packages/cli/open_tokenizer.ts";
import { readDocuments } from "../../packages/cli/text.ts";
import { UsageError } from "../../packages/cli/user_error.ts";
import { packDocuments, sampleDocuments } from "../../packages/cli/windows.ts";
import { type Domain, DOMAINS } from "../../tools/demo/text/domains.ts";
import { documents } from "../../tools/demo/text/generate_document.ts";
import { commonFlags, readNames, runCommand } from "../linalg/command_line.ts";
import { readyResults, saveResults, writeResults } from "../linalg/results_file.ts";
import { gatherInMemory } from "./compress_in_memory.ts";
import { CONTENDERS } from "./contenders.ts";
import { formatMean } from "./format_mean.ts";
import { measureContender } from "./measure_contender.ts";
import { formatQuality, qualityMarkdown } from "./quality_report.ts";
import type { EqualSize, FailedRow, QualityRow } from "./quality_row.ts";

/** Where JSON goes if nothing else is said: a folder that git leaves out. */
const OUTPUT = ".tmp/quality.json";

/** By which size methods are made equal. */
const EQUAL: readonly EqualSize[] = ["layers", "folder"];

/** Documents of one domain to calibrate on: 128 windows and more. */
const DEMO_DOCUMENTS = 1000;

const COMMAND: Command = {
  name: "compare_methods",
  summary: "Measures what methods cost a model on several texts, at several sizes.",
  operands: "<model> [<text>…]",
  flags: {
    set: {
      kind: "text",
      value: "<names>",
      help: `what is compared, by comma: ${Object.keys(CONTENDERS).join(", ")}`,
    },
    tokenizer: { kind: "text", value: "<file>", help: "the tokenizer, where the model has none" },
    calibration: {
      kind: "text",
      value: "<text>",
      help: `what methods calibrate on; of the demo model also one of ${DOMAINS.join(", ")}`,
    },
    windows: {
      kind: "integer",
      value: "<n>",
      help: "calibration windows; by default 128, or all there are",
    },
    equal: {
      kind: "text",
      value: "<size>",
      help: "what the sets of quantizers have in common: bytes of the layers, or of the folder",
    },
    "test-windows": { kind: "integer", value: "<n>", help: "windows of each text; 32 by default" },
    markdown: { kind: "text", value: "<file>", help: "where the tables are written as Markdown" },
    ...commonFlags(OUTPUT),
  },
  examples: [
    ["--set low-rank demo", "the low-rank methods on the demo model and its texts"],
    ["--set quantizers-2 --calibration stories demo", "all quantizers at about 2 bits"],
    ["--set rtn,low-rank --calibration a.txt model b.txt c.txt", "a model of one's own"],
  ],
  run: measureAll,
};

function isDomain(name: string): name is Domain {
  return (DOMAINS as readonly string[]).includes(name);
}

/** Documents of one of the demo model's domains, of a seed that it was not trained with. */
function demoDocuments(domain: Domain): string[] {
  return documents(domain, "train", { seed: 2 }).take(DEMO_DOCUMENTS).toArray();
}

async function measureAll({ operands, values }: CommandInput): Promise<number> {
  const [path, ...given] = operands;
  if (path === undefined) throw new UsageError("Cannot compare as a model must be named");
  const source = await openSource(path);
  const { tokenizer } = await requireTokenizer(source, values.text("tokenizer"));
  const calibration = values.text("calibration") ??
    (source.isDemo ? demoPath(DEMO_CALIBRATION) : undefined);
  const texts = given.length || !source.isDemo ? given : DEMO_TEXTS.map((t) => demoPath(t.file));
  if (calibration === undefined || texts.length === 0) {
    throw new UsageError("Cannot compare as --calibration and texts must be named");
  }
  const [equal] = readNames("size", values.text("equal") ?? "layers", EQUAL) as EqualSize[];
  const sets = readNames("set", values.text("set"), Object.keys(CONTENDERS));
  const output = readyResults(values.text("output"), OUTPUT);
  const asked = values.text("markdown");
  const markdown = asked === undefined ? undefined : readyResults(asked, asked);
  using device = await createWasmDevice();
  const length = source.model.config.maxPositions;
  const count = values.number("windows") ?? null;
  const calibrated = source.isDemo && isDomain(calibration)
    ? demoDocuments(calibration)
    : await readDocuments(calibration);
  const windows = sampleDocuments(calibrated, tokenizer, length, count, 0);
  const statistics = await gatherInMemory(source, windows, device);
  const most = values.number("test-windows") ?? 32;
  const tests = new Map<string, Uint32Array[]>();
  for (const text of texts) {
    const packed = packDocuments(await readDocuments(text), tokenizer, length);
    tests.set(baseName(text), packed.slice(0, most));
  }
  const rows: QualityRow[] = [];
  const failures: FailedRow[] = [];
  const originals: Record<string, number> = {};
  const common = {
    model: baseName(path),
    calibration: baseName(calibration),
    windows: windows.length,
  };
  const ground = { source, statistics, device, tests, equal };
  const all = () => [...rows, ...failures].map((row) => ({ ...common, ...row }));
  for (const contender of sets.flatMap((set) => CONTENDERS[set])) {
    const { group, name } = contender;
    const first = rows.find((row) => row.group === group);
    try {
      const measured = await measureContender(contender, ground, first);
      const { row } = measured;
      rows.push(row);
      Object.assign(originals, measured.originals);
      const shown = Object.values(row.scores).map(({ perplexity }) => formatMean(perplexity));
      console.error(`${group}  ${name}  ${shown.join("  ")}  ${row.compressMs} ms`);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failures.push({ group, name, failed: error.message });
      console.error(`${group}  ${name}  failed: ${error.message}`);
    }
    saveResults(output, all());
  }
  const report = { rows, failures, originals };
  console.log(formatQuality(report));
  if (markdown !== undefined) {
    const title = `${sets.join(", ")} on ${common.model}, calibrated on ${common.calibration}`;
    Deno.writeTextFileSync(markdown, qualityMarkdown(report, title, commandLine()));
  }
  writeResults(output, all());
  return failures.length > 0 ? 1 : 0;
}

/** How this was run, paths without their folders. */
function commandLine(): string {
  const operands = Deno.args.map((arg) => arg.includes("/") ? baseName(arg) : arg);
  return ["deno run --allow-read --allow-write=. bench/quality/compare_methods.ts", ...operands]
    .join(" ");
}

await runCommand(COMMAND);
