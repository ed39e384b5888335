// What compress is asked to do, as a job of the pipeline.

import {
  type Calibration,
  checkSameText,
  type CompressionJob,
  needsOf,
  parseRecipe,
  type Recipe,
} from "@pare/pipeline";
import type { Device } from "@pare/linalg";
import {
  demoCalibration,
  flagsAsRecipe,
  readCalibration,
  SAMPLING_FLAGS,
} from "./calibration_text.ts";
import { DEMO_RECIPE } from "./demo.ts";
import { readText as readTextFile } from "./files.ts";
import type { FlagValues } from "./flags.ts";
import { type OpenedSource, sourceRecord } from "./open_source.ts";
import type { OpenedTokenizer } from "./open_tokenizer.ts";
import { recipeFromFlags } from "./recipe_flags.ts";
import { REGISTRY } from "./registry.ts";
import {
  findOrGather,
  findStatistics,
  readStatistics,
  type StatisticsPlace,
  statisticsPlace,
} from "./statistics_files.ts";
import { tell } from "./terminal.ts";
import { UsageError, UserError } from "./user_error.ts";
import { CREATOR } from "./version.ts";

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
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

/** A job, and where it has statistics from. */
export interface MadeJob {
  /** The job. */
  readonly job: CompressionJob;
  /** The folder in which its statistics are looked up before it starts; `null` for none. */
  readonly folder: string | null;
}

/** Makes the job: its calibration text is read and sampled, and a file of statistics checked. */
export async function makeJob(input: JobInput): Promise<MadeJob> {
  const { source, recipe, format, device, values, signal } = input;
  const place = await statisticsPlace(values);
  const calibration = await readText(input, place);
  if (place) checkPlace(input, place, calibration);
  const owner = { model: source.model, source: await sourceRecord(source) };
  const statistics = place?.kind === "file"
    ? await readStatistics(place.path, owner, signal)
    : undefined;
  if (statistics && calibration) {
    await checkSameText(statistics, calibration, recipe.calibration.skipFirstTokens);
  }
  const job = {
    creator: CREATOR,
    ...owner,
    recipe,
    registry: REGISTRY,
    device,
    calibration,
    statistics,
    files: textFiles(input),
    format,
    maxShardBytes: values.number("shard-size"),
  };
  return { job, folder: place?.kind === "folder" ? place.path : null };
}

/**
 * The job with the statistics of its text from the folder that it has them in.
 *
 * @param made The job and the folder.
 * @param options Whether statistics that are not there are gathered and put there; interruption.
 * @returns The job itself where it has no folder, or nothing may be put there.
 */
export async function withStatistics(
  { job, folder }: MadeJob,
  { mayGather, signal }: { readonly mayGather: boolean; readonly signal: AbortSignal },
): Promise<CompressionJob> {
  const { calibration, recipe: { calibration: { skipFirstTokens } } } = job;
  if (folder === null || !calibration) return job;
  const observed = { ...job, ...calibration, skipFirstTokens };
  const find = mayGather ? findOrGather : findStatistics;
  const found = await find(observed, folder, signal);
  if (!found) return job;
  tell(`Statistics: ${found.path}${found.isNew ? "" : ", which was there already"}.`);
  return { ...job, statistics: found.statistics };
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
    return flagsAsRecipe(values, isDemo && !asked ? DEMO_RECIPE as object : {});
  }
  const text = await readTextFile(path);
  try {
    return parseRecipe(recipeFromFlags(values, REGISTRY, JSON.parse(text)), REGISTRY);
  } catch (error) {
    if (error instanceof Error) throw new UserError(`${path}: ${error.message}`, error);
    throw error;
  }
}

/** The text that is named, or that of the demo model where a method needs one. */
async function readText(
  input: JobInput,
  place: StatisticsPlace | null,
): Promise<Calibration | null> {
  const { source: { isDemo }, recipe: { steps }, values } = input;
  const isNeeded = steps.some((step) => needsOf(step, REGISTRY) !== "nothing");
  const ownText = isDemo && isNeeded && place?.kind !== "file" ? demoCalibration() : undefined;
  const path = values.text("calibration") ?? ownText;
  return path === undefined ? null : await readCalibration(path, input);
}

/** Refuses --statistics where they would have no effect, or the flags beside it. */
function checkPlace(
  { recipe, values }: JobInput,
  { kind, path }: StatisticsPlace,
  calibration: Calibration | null,
): void {
  if (recipe.calibration.sequential) {
    throw new UsageError(
      "Cannot compress as --statistics must be left out where calibration is sequential: " +
        "saved statistics are of the original model",
    );
  }
  if (calibration) return;
  if (kind === "folder") {
    throw new UsageError(
      `Cannot compress as --calibration must name the text whose statistics are in the folder ` +
        `${path}: current value is none; or name one file with --statistics`,
    );
  }
  const needless = SAMPLING_FLAGS.find((flag) => values.number(flag) !== undefined);
  if (needless) {
    throw new UsageError(
      `Cannot compress as --${needless} must be left out without --calibration: ` +
        `how the text was sampled stands in ${path}`,
    );
  }
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
