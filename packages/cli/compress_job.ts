// What compress is asked to do, as a job of the pipeline.

import { type CompressionJob, parseRecipe, type Recipe } from "@pare/pipeline";
import type { Device } from "@pare/linalg";
import { DEMO_CALIBRATION, DEMO_RECIPE, demoPath } from "./demo.ts";
import { fileDigest, readText } from "./files.ts";
import type { FlagValues } from "./flags.ts";
import { baseName, type OpenedSource, sourceRecord } from "./open_source.ts";
import { checkTokenizer, type OpenedTokenizer } from "./open_tokenizer.ts";
import { recipeFromFlags } from "./recipe_flags.ts";
import { REGISTRY } from "./registry.ts";
import { readDocuments } from "./text.ts";
import { UsageError, UserError } from "./user_error.ts";
import { CREATOR } from "./version.ts";
import { sampleDocuments } from "./windows.ts";

/** What a job is made of. */
export interface JobInput {
  /** The model. */
  readonly source: OpenedSource;
  /** Its tokenizer, if there is one. */
  readonly tokenizer: OpenedTokenizer | null;
  /** What to do. */
  readonly recipe: Recipe;
  /** What is written. */
  readonly format: CompressionJob["format"];
  /** Where it is computed. */
  readonly device: Device;
  /** The flags. */
  readonly values: FlagValues;
}

/** Makes the job, with its calibration text read and sampled. */
export async function makeJob(input: JobInput): Promise<CompressionJob> {
  const { source, recipe, format, device, values } = input;
  return {
    creator: CREATOR,
    model: source.model,
    source: await sourceRecord(source),
    recipe,
    registry: REGISTRY,
    device,
    calibration: await readCalibration(input),
    files: textFiles(input),
    format,
    maxShardBytes: values.number("shard-size"),
  };
}

/** Reads the format that is asked for. */
export function readFormat(values: FlagValues): CompressionJob["format"] {
  const format = values.text("format") ?? "pare";
  if (format === "pare" || format === "hf") return format;
  throw new UsageError(
    `Cannot compress as --format must be pare or hf: current value is ${format}`,
  );
}

/**
 * Reads the recipe that is asked for.
 *
 * @param values The flags.
 * @param isDemo Whether it is for the demo model, which has a recipe of its own.
 */
export async function readRecipe(values: FlagValues, isDemo: boolean): Promise<Recipe> {
  const path = values.text("recipe");
  if (path === undefined) {
    const asked = ["method", "format"].some((flag) => values.text(flag) !== undefined);
    const given = recipeFromFlags(values, REGISTRY);
    const defaults = isDemo && !asked ? DEMO_RECIPE : {};
    try {
      return parseRecipe({ ...given as object, ...defaults as object }, REGISTRY);
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
  { source, tokenizer: opened, recipe, values }: JobInput,
): Promise<CompressionJob["calibration"]> {
  const path = values.text("calibration") ?? calibrationOfDemo(source, recipe);
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

/** The demo model comes with a text for methods that need one. */
function calibrationOfDemo({ isDemo }: OpenedSource, { steps }: Recipe): string | undefined {
  const isNeeded = steps.some(({ method }) => REGISTRY[method].needs !== "nothing");
  return isDemo && isNeeded ? demoPath(DEMO_CALIBRATION) : undefined;
}

/** Configuration and tokenizer, as they go along with the weights. */
function textFiles(
  { source, tokenizer, recipe, format }: JobInput,
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
