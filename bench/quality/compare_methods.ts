/**
 * Measures what methods cost a model on several texts, at several sizes.
 *
 * ```sh
 * deno run --allow-read --allow-write=. bench/quality/compare_methods.ts --set low-rank demo
 * ```
 *
 * Sizes are of the whole folder; bits per weight count the matrices of the blocks, side information
 * included. KL divergence and agreement are of the original's next tokens. The error of the outputs
 * is the mean over the layers of ‖(W - Ŵ) X‖² / ‖W X‖² on the calibration text.
 *
 * @module
 */

import { evaluate } from "@pare/evaluators";
import { createWasmDevice } from "@pare/linalg";
import { sizeOfLayers } from "@pare/pipeline";
import { DEMO_CALIBRATION, DEMO_TEXTS, demoPath } from "../../packages/cli/demo.ts";
import type { Command, CommandInput } from "../../packages/cli/flags.ts";
import { baseName, openSource } from "../../packages/cli/open_source.ts";
import { requireTokenizer } from "../../packages/cli/open_tokenizer.ts";
import { formatTable } from "../../packages/cli/table.ts";
import { readDocuments } from "../../packages/cli/text.ts";
import { UsageError } from "../../packages/cli/user_error.ts";
import { packDocuments, sampleDocuments } from "../../packages/cli/windows.ts";
import { type Domain, DOMAINS } from "../../tools/demo/text/domains.ts";
import { documents } from "../../tools/demo/text/generate_document.ts";
import { commonFlags, readNames, runCommand } from "../linalg/command_line.ts";
import { readyResults, writeResults } from "../linalg/results_file.ts";
import { compressInMemory, gatherInMemory } from "./compress_in_memory.ts";
import { CONTENDERS } from "./contenders.ts";

/** Where JSON goes if nothing else is said: a folder that git leaves out. */
const OUTPUT = ".tmp/quality.json";

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
    "test-windows": { kind: "integer", value: "<n>", help: "windows of each text; 32 by default" },
    ...commonFlags(OUTPUT),
  },
  examples: [
    ["--set low-rank demo", "the low-rank methods on the demo model and its texts"],
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
  const sets = readNames("set", values.text("set"), Object.keys(CONTENDERS));
  const output = readyResults(values.text("output"), OUTPUT);
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
  const original: Record<string, string> = {};
  const rows = [];
  for (const { name, group, step } of sets.flatMap((set) => CONTENDERS[set])) {
    const started = performance.now();
    const { model, manifest } = await compressInMemory(source, step, statistics, device);
    const compressMs = Math.round(performance.now() - started);
    const layers = Object.values(manifest.layers).filter((layer) => layer.method !== null);
    const errors = layers.map(({ activationNmse }) => activationNmse ?? NaN);
    const scores: Record<string, Record<string, number>> = {};
    for (const [text, test] of tests) {
      const { perplexity, against } = await evaluate(model, test, {
        against: source.model,
        device,
      });
      if (!against) throw new TypeError(`Cannot compare on ${text}`);
      original[text] = against.perplexity.mean.toPrecision(4);
      scores[text] = {
        perplexity: perplexity.mean,
        perplexityError: perplexity.standardError,
        kl: against.kl.mean,
        klError: against.kl.standardError,
        top1Agreement: against.top1Agreement.mean,
      };
    }
    rows.push({
      model: path,
      calibration: baseName(calibration),
      windows: windows.length,
      group,
      name,
      step,
      bitsPerWeight: sizeOfLayers(layers).bitsPerWeight,
      byteLength: manifest.byteLength,
      meanActivationNmse: errors.reduce((sum, error) => sum + error, 0) / errors.length,
      compressMs,
      scores,
    });
    const shown = Object.values(scores).map(({ perplexity }) => perplexity.toPrecision(4));
    console.error(`${group}  ${name}  ${shown.join("  ")}  ${compressMs} ms`);
  }
  const names = [...tests.keys()];
  const header = ["", "method", "bits/weight", "bytes", "error of outputs"];
  console.log(formatTable(
    [...header, ...names.flatMap((text) => [`${text} (${original[text]})`, "KL"])],
    rows.map(({ group, name, bitsPerWeight, byteLength, meanActivationNmse, scores }) => [
      group,
      name,
      bitsPerWeight.toFixed(3),
      String(byteLength),
      meanActivationNmse.toPrecision(3),
      ...names.flatMap((text) => [
        scores[text].perplexity.toPrecision(4),
        scores[text].kl.toPrecision(3),
      ]),
    ]),
  ));
  writeResults(output, rows);
  return 0;
}

await runCommand(COMMAND);
