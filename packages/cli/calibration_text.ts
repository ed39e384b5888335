// Calibration text: read, and sampled for windows.

import { type Calibration, parseRecipe, type Recipe } from "@pare/pipeline";
import { DEMO_CALIBRATION, demoPath } from "./demo.ts";
import { fileDigest } from "./files.ts";
import type { Flag, FlagValues } from "./flags.ts";
import { baseName, type OpenedSource } from "./open_source.ts";
import { checkTokenizer, type OpenedTokenizer } from "./open_tokenizer.ts";
import { RECIPE_FLAGS, recipeFromFlags } from "./recipe_flags.ts";
import { REGISTRY } from "./registry.ts";
import { readDocuments } from "./text.ts";
import { UsageError, UserError } from "./user_error.ts";
import { sampleDocuments } from "./windows.ts";

/** The flag that names a calibration text. */
export const CALIBRATION_FLAG: Flag = {
  kind: "text",
  value: "<file>",
  help: "Text to calibrate on: .txt, .json (list of strings) or .jsonl",
};

/** The flags that say which windows of a text are calibrated on. */
export const SAMPLING_FLAGS = ["windows", "window-length", "skip-first-tokens"] as const;

/** The calibration text that comes with the demo model. */
export function demoCalibration(): string {
  return demoPath(DEMO_CALIBRATION);
}

/**
 * Makes a recipe of flags alone.
 *
 * @param values The flags.
 * @param defaults What holds where the flags say nothing.
 */
export function flagsAsRecipe(values: FlagValues, defaults: object = {}): Recipe {
  const given = recipeFromFlags(values, REGISTRY);
  try {
    return parseRecipe({ ...given as object, ...defaults }, REGISTRY);
  } catch (error) {
    throw error instanceof Error ? new UsageError(error.message, error) : error;
  }
}

/** The flags of a recipe that say how a text is sampled. */
export function samplingFlags(): Record<string, Flag> {
  return Object.fromEntries(
    [...SAMPLING_FLAGS, "seed"].map((name) => [name, RECIPE_FLAGS[name]]),
  );
}

/** What a text is read for. */
export interface CalibrationInput {
  /** The model. */
  readonly source: OpenedSource;
  /** Its tokenizer, if there is one. */
  readonly tokenizer: OpenedTokenizer | null;
  /** What it says of calibration counts. */
  readonly recipe: Recipe;
}

/** Reads a text and samples it as a recipe says. */
export async function readCalibration(
  path: string,
  { source, tokenizer: opened, recipe }: CalibrationInput,
): Promise<Calibration> {
  const { tokenizer } = checkTokenizer(source, opened);
  const { maxPositions } = source.model.config;
  const { windows: count, windowLength, skipFirstTokens } = recipe.calibration;
  const length = windowLength ?? Math.min(2048, maxPositions);
  if (length > maxPositions) {
    throw new UserError(
      `Cannot calibrate as a window must have at most the model's ${maxPositions} tokens: current length is ${length}`,
    );
  }
  if (length <= skipFirstTokens) {
    throw new UserError(
      `Cannot calibrate as a window must have more tokens than the ${skipFirstTokens} that are left out: current length is ${length}`,
    );
  }
  const documents = await readDocuments(path);
  try {
    const windows = sampleDocuments(documents, tokenizer, length, count, recipe.seed);
    return { text: { name: baseName(path), sha256: await fileDigest(path) }, windows };
  } catch (error) {
    throw error instanceof RangeError ? new UserError(`${path}: ${error.message}`, error) : error;
  }
}
