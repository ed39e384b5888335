import {
  checkJob,
  compress,
  type CompressionJob,
  estimateMemory,
  type Manifest,
  needsOf,
  planJob,
  type PlannedJob,
  resolveRanks,
} from "@pare/pipeline";
import { compareModels, type Comparison, readTestTexts, type TestText } from "./compare_models.ts";
import { CALIBRATION_FLAG } from "./calibration_text.ts";
import { makeJob, readFormat, readRecipe, withStatistics } from "./compress_job.ts";
import {
  announceResume,
  checkPlace,
  clearPlace,
  type OutputPlace,
  placeOf,
} from "./compress_output.ts";
import { reportCompression, reportPlan } from "./compress_report.ts";
import { DEVICE_FLAGS, openDevice } from "./device.ts";
import { exists, openOutputFolder, partialPath } from "./files.ts";
import type { Command, CommandInput } from "./flags.ts";
import { openDemo, openSource } from "./open_source.ts";
import { openModelTokenizer, TOKENIZER_FLAG } from "./open_tokenizer.ts";
import type { ProgressEvent } from "./progress.ts";
import { RECIPE_FLAGS } from "./recipe_flags.ts";
import { REGISTRY } from "./registry.ts";
import { print, tell, terminalProgress } from "./terminal.ts";
import { UsageError } from "./user_error.ts";

/** `compress`: makes a model smaller. */
export const COMPRESS: Command = {
  name: "compress",
  summary: "Makes a language model smaller and writes it to a new folder.",
  operands: "[<model>]",
  flags: {
    output: {
      kind: "text",
      value: "<folder>",
      help: "Where to write; <model>-<method> by default",
    },
    ...RECIPE_FLAGS,
    calibration: CALIBRATION_FLAG,
    statistics: {
      kind: "text",
      value: "<path>",
      help: "What calibrate wrote; or a folder where those of the text are kept and found again",
    },
    evaluate: {
      kind: "text",
      value: "<files>",
      help: "Texts to measure perplexity on, before and after, by comma",
    },
    tokenizer: TOKENIZER_FLAG,
    format: {
      kind: "text",
      value: "<format>",
      help: "pare (default): compressed, with a manifest; hf: a dense Hugging Face folder",
    },
    "shard-size": {
      kind: "integer",
      value: "<bytes>",
      help: "The largest weight file; 5 GB by default",
    },
    "dry-run": { kind: "switch", help: "Say what would be read and written, and do nothing" },
    restart: { kind: "switch", help: "Throw away what an interrupted run has left" },
    json: { kind: "switch", help: "Print the result as JSON" },
    ...DEVICE_FLAGS,
    help: { kind: "switch", help: "Show this help" },
  },
  glossary: [
    "Methods",
    Object.fromEntries(
      Object.entries(REGISTRY).map(([name, { summary }]) => [
        name,
        needsOf({ method: name, options: {} }, REGISTRY) === "nothing"
          ? summary
          : `${summary}; wants a text`,
      ]),
    ),
  ],
  examples: [
    ["", "Compress the demo model that comes with pare, and see what it costs"],
    ["model/ --method rtn --bits 4 --group 32", "Quantize to 4 bits in groups of 32"],
    [
      "model/ --method e8p --feedback --rotate --calibration stories.txt",
      "Quantize to 2 bits by a lattice, errors made up for, in a random basis",
    ],
    [
      "model/ --method caldera --bits-per-weight 2.5 --calibration stories.txt",
      "The same and a correction of low rank, in 2.5 bits a weight with all that is stored",
    ],
    [
      "model/ --method asvd --keep 0.8 --calibration stories.txt --output smaller/",
      "Split matrices by activation-aware SVD, keeping 80 % of the numbers",
    ],
    [
      "model/ --method nsvd --allocation greedy --keep 0.7 --calibration stories.txt",
      "Keep 70 % of the bytes, and spend them on the layers where they lower the loss most",
    ],
    [
      "model/ --method asvd --calibration stories.txt --statistics statistics/",
      "Keep what the text does to the model, so that the next run need not run it again",
    ],
    ["stories.bin --tokenizer tok.bin --format hf --output hf/", "Convert a llama2.c file"],
    ["model/ --recipe recipe.json --dry-run", "See how large the result of a recipe will be"],
  ],
  run: runCompress,
};

async function runCompress({ operands, values, signal }: CommandInput): Promise<number> {
  if (operands.length > 1) {
    throw new UsageError(
      `Cannot compress as there must be one model: current ones are ${operands.join(", ")}`,
    );
  }
  const source = operands.length === 0 ? await openDemo() : await openSource(operands[0]);
  const format = readFormat(values);
  const recipe = await readRecipe(values, source.isDemo);
  if (recipe.steps.length === 0 && format === "pare") {
    throw new UsageError(
      "Cannot compress as there must be something to do: name --method, --recipe or --format hf",
    );
  }
  const place = placeOf(values, source, recipe, format);
  const output = place.path;
  const tokenizer = await openModelTokenizer(source, values.text("tokenizer"));
  using device = await openDevice(values);
  const made = await makeJob({ source, tokenizer, recipe, format, device, values, signal });
  const isDryRun = values.on("dry-run");
  // What can be refused is refused before anything is measured, which takes a while.
  checkJob(made.job);
  const texts = isDryRun ? [] : await readTestTexts(source, tokenizer, values);
  if (!isDryRun) await checkPlace(place);
  const known = await withStatistics(made, { signal, mayGather: !isDryRun });
  const job = await allocateRanks(known, signal);
  const planned = planJob(job);
  if (!tokenizer) {
    tell("The result will have no tokenizer, as the model has none: name one with --tokenizer.");
  }
  const json = values.on("json");
  const report = { source, tokenizer, output, planned, json };
  if (isDryRun) {
    print(await reportPlan({ ...report, memory: memoryOf(planned, job) }));
    return 0;
  }
  await announceResume(output, values);
  print(await reportCompression({ ...report, ...await carryOut(job, place, texts, signal) }));
  return 0;
}

/** Chooses the ranks that the recipe leaves to a rule; how large the result is depends on them. */
async function allocateRanks(job: CompressionJob, signal: AbortSignal): Promise<CompressionJob> {
  const progress = terminalProgress();
  try {
    return await resolveRanks(job, { signal, onProgress: (event) => progress.update(event) });
  } catch (error) {
    progress.clear();
    if (signal.aborted) tell("Interrupted while ranks were chosen: nothing was written.");
    throw error;
  } finally {
    progress.clear();
  }
}

/** Compresses, and measures what came out on the texts. */
async function carryOut(
  job: CompressionJob,
  place: OutputPlace,
  texts: readonly TestText[],
  signal: AbortSignal,
): Promise<{ manifest: Manifest; seconds: number; comparisons: Comparison[] }> {
  const { model, device } = job;
  const progress = terminalProgress();
  const partial = partialPath(place.path);
  const start = performance.now();
  try {
    const folder = await openOutputFolder(place.path, () => clearPlace(place));
    const onProgress = (event: ProgressEvent) => progress.update(event);
    const manifest = await compress(job, folder, { signal, onProgress });
    const seconds = (performance.now() - start) / 1000;
    if (texts.length === 0) return { manifest, seconds, comparisons: [] };
    const result = (await openSource(place.path)).model;
    const comparisons = await compareModels(model, result, texts, { device, signal, onProgress });
    return { manifest, seconds, comparisons };
  } catch (error) {
    progress.clear();
    if (signal.aborted) {
      tell(
        await exists(partial)
          ? `Interrupted. Run the same command again to go on from ${partial}.`
          : `Interrupted. ${place.path} is whole, but was not measured.`,
      );
    }
    throw error;
  } finally {
    progress.clear();
  }
}

function memoryOf(
  { plan }: PlannedJob,
  { calibration, statistics, model }: CompressionJob,
): number {
  const isRun = calibration && (!statistics || plan.needs === "both-grams");
  const text = isRun
    ? { windows: calibration.windows.length, windowLength: calibration.windows[0].length }
    : statistics
    ? { windows: 0, windowLength: 0 }
    : null;
  return estimateMemory(plan, text, model.config.hiddenSize);
}
