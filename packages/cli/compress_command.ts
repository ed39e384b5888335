import {
  compress,
  type CompressionJob,
  estimateMemory,
  type Manifest,
  parseRecipe,
  planJob,
  type PlannedJob,
  type Recipe,
} from "@pare/pipeline";
import { DEVICE_FLAGS, openDevice } from "./device.ts";
import {
  checkFree,
  exists,
  fileDigest,
  openOutputFolder,
  partialPath,
  readText,
  statOf,
} from "./files.ts";
import type { Command, CommandInput, FlagValues } from "./flags.ts";
import {
  checkTokenizer,
  type OpenedTokenizer,
  openModelTokenizer,
  TOKENIZER_FLAG,
} from "./open_tokenizer.ts";
import { baseName, type OpenedSource, openSource, sourceRecord } from "./open_source.ts";
import { RECIPE_FLAGS, recipeFromFlags } from "./recipe_flags.ts";
import { REGISTRY } from "./registry.ts";
import { reportCompression, reportPlan } from "./compress_report.ts";
import { print, tell, terminalProgress } from "./terminal.ts";
import { readDocuments } from "./text.ts";
import { UsageError, UserError } from "./user_error.ts";
import { CREATOR } from "./version.ts";
import { sampleDocuments } from "./windows.ts";

/** `compress`: makes a model smaller. */
export const COMPRESS: Command = {
  name: "compress",
  summary: "Makes a language model smaller and writes it to a new folder.",
  operands: "<model>",
  flags: {
    output: {
      kind: "text",
      value: "<folder>",
      help: "Where to write; <model>-<method> by default",
    },
    ...RECIPE_FLAGS,
    calibration: {
      kind: "text",
      value: "<file>",
      help: "Text to calibrate on: .txt, .json (list of strings) or .jsonl",
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
  examples: [
    ["model/ --method rtn --bits 4 --group 32", "Quantize to 4 bits in groups of 32"],
    [
      "model/ --method asvd --keep 0.8 --calibration stories.txt --output smaller/",
      "Split matrices by activation-aware SVD, keeping 80 % of the numbers",
    ],
    ["stories.bin --tokenizer tok.bin --format hf --output hf/", "Convert a llama2.c file"],
    ["model/ --recipe recipe.json --dry-run", "See how large the result of a recipe will be"],
  ],
  run: runCompress,
};

async function runCompress({ operands, values, signal }: CommandInput): Promise<number> {
  if (operands.length === 0) {
    tell(
      "There is no built-in model yet: name one to compress.\n\n" +
        "  deno task compress <model> --method rtn --bits 4 --group 32\n\n" +
        "<model> is a Hugging Face folder (config.json, *.safetensors, tokenizer.json) or a\n" +
        "llama2.c file (.bin, with --tokenizer). `deno task compress --help` shows all flags.",
    );
    return 2;
  }
  if (operands.length > 1) {
    throw new UsageError(
      `Cannot compress as there must be one model: current ones are ${operands.join(", ")}`,
    );
  }
  const recipe = await readRecipe(values);
  const source = await openSource(operands[0]);
  const format = values.text("format") ?? "pare";
  if (format !== "pare" && format !== "hf") {
    throw new UsageError(
      `Cannot compress as --format must be pare or hf: current value is ${format}`,
    );
  }
  if (recipe.steps.length === 0 && format === "pare") {
    throw new UsageError(
      "Cannot compress as there must be something to do: name --method, --recipe or --format hf",
    );
  }
  const output = values.text("output") ?? defaultOutput(source, recipe, format);
  const tokenizer = await openModelTokenizer(source, values.text("tokenizer"));
  using device = await openDevice(values);
  const job: CompressionJob = {
    creator: CREATOR,
    model: source.model,
    source: await sourceRecord(source),
    recipe,
    registry: REGISTRY,
    device,
    calibration: await readCalibration(source, tokenizer, recipe, values),
    files: textFiles(source, tokenizer, recipe, format),
    format,
    maxShardBytes: values.number("shard-size"),
  };
  const planned = planJob(job);
  if (!tokenizer) {
    tell("The result will have no tokenizer, as the model has none: name one with --tokenizer.");
  }
  const memory = memoryOf(planned, job);
  if (values.on("dry-run")) {
    print(
      await reportPlan({ source, tokenizer, output, planned, memory, json: values.on("json") }),
    );
    return 0;
  }
  await checkFree(output);
  await announceResume(output, values);
  const start = performance.now();
  const manifest = await runJob(job, output, signal);
  const seconds = (performance.now() - start) / 1000;
  print(
    await reportCompression({
      source,
      tokenizer,
      output,
      planned,
      manifest,
      seconds,
      json: values.on("json"),
    }),
  );
  return 0;
}

async function runJob(job: CompressionJob, output: string, signal: AbortSignal): Promise<Manifest> {
  const progress = terminalProgress();
  try {
    return await compress(job, await openOutputFolder(output), {
      signal,
      onProgress: (event) => progress.update(event),
    });
  } catch (error) {
    progress.clear();
    if (signal.aborted) {
      tell(`Interrupted. Run the same command again to go on from ${partialPath(output)}.`);
    }
    throw error;
  } finally {
    progress.clear();
  }
}

async function readRecipe(values: FlagValues): Promise<Recipe> {
  const path = values.text("recipe");
  if (path === undefined) {
    const given = recipeFromFlags(values, REGISTRY);
    try {
      return parseRecipe(given, REGISTRY);
    } catch (error) {
      throw error instanceof Error ? new UsageError(error.message, error) : error;
    }
  }
  const text = await readText(path);
  try {
    return parseRecipe(recipeFromFlags(values, REGISTRY, JSON.parse(text)), REGISTRY);
  } catch (error) {
    if (error instanceof Error) throw new UserError(`${path}: ${error.message}`, error);
    throw error;
  }
}

async function readCalibration(
  source: OpenedSource,
  opened: OpenedTokenizer | null,
  recipe: Recipe,
  values: FlagValues,
): Promise<CompressionJob["calibration"]> {
  const path = values.text("calibration");
  if (path === undefined) return null;
  const { tokenizer } = checkTokenizer(source, opened);
  const { maxPositions } = source.model.config;
  const { windows: count } = recipe.calibration;
  const length = recipe.calibration.windowLength ?? Math.min(2048, maxPositions);
  if (length > maxPositions) {
    throw new UserError(
      `Cannot calibrate as a window must have at most the model's ${maxPositions} tokens: current length is ${length}`,
    );
  }
  const documents = await readDocuments(path);
  const windows = sampleDocuments(documents, tokenizer, length, count, recipe.seed);
  return { text: { name: baseName(path), sha256: await fileDigest(path) }, windows };
}

/** Configuration and tokenizer, as they go along with the weights. */
function textFiles(
  source: OpenedSource,
  tokenizer: OpenedTokenizer | null,
  recipe: Recipe,
  format: "pare" | "hf",
): Map<string, string> {
  const dtype =
    { f32: "float32", f16: "float16", bf16: "bfloat16", source: undefined }[recipe.dtype];
  const config = format === "hf" && dtype
    ? { ...source.config, torch_dtype: dtype }
    : source.config;
  const files = new Map([["config.json", JSON.stringify(config, null, 2) + "\n"]]);
  for (const [name, text] of tokenizer?.files ?? []) files.set(name, text);
  return files;
}

function memoryOf({ plan }: PlannedJob, { calibration, model }: CompressionJob): number {
  const text = calibration && {
    windows: calibration.windows.length,
    windowLength: calibration.windows[0].length,
  };
  return estimateMemory(plan, text, model.config.hiddenSize);
}

function defaultOutput(source: OpenedSource, recipe: Recipe, format: string): string {
  const methods = [...new Set(recipe.steps.map(({ method }) => method))];
  // "." and ".." have a name only when they are followed.
  const path = /(^|\/)\.{1,2}\/*$/.test(source.path) ? Deno.realPathSync(source.path) : source.path;
  const stem = path.replace(/\/+$/, "").replace(/\.bin$/, "");
  return `${stem}-${methods.length ? methods.join("-") : format}`;
}

async function announceResume(output: string, values: FlagValues): Promise<void> {
  const partial = partialPath(output);
  if (!await exists(partial)) return;
  const names = (await statOf(partial)).isDirectory
    ? await Array.fromAsync(Deno.readDir(partial), ({ name }) => name)
    : [""];
  // A run that ended before its journal stood has left nothing else.
  if (names.every((name) => name === "progress.jsonl.new")) return;
  if (!names.includes("progress.jsonl")) {
    throw new UserError(
      `Cannot write to ${partial} as it must be the work of an interrupted run: ` +
        "remove it, or name another folder with --output",
    );
  }
  if (!values.on("restart")) return tell(`Going on from ${partial}; --restart throws it away.`);
  await Deno.remove(partial, { recursive: true });
}
