// Short flags for recipes of one step.

import { ALLOCATION_RULES } from "@pare/decomposers";
import type { Registry } from "@pare/pipeline";
import type { Flags, FlagValues } from "./flags.ts";
import { compact, isStepGiven, stepFromFlags } from "./step_flags.ts";
import { UsageError } from "./user_error.ts";

const RULES = Object.keys(ALLOCATION_RULES).join(", ");

/** The flags that make up a recipe. */
export const RECIPE_FLAGS: Flags = {
  recipe: {
    kind: "text",
    value: "<file>",
    help: "A recipe in JSON, instead of --method and its flags",
  },
  method: {
    kind: "text",
    value: "<name>",
    help: "The method of the only step: one of those below",
  },
  layers: {
    kind: "text",
    value: "<globs>",
    help: "Layers to compress, by comma; those of all blocks by default",
  },
  except: { kind: "text", value: "<globs>", help: "Layers to leave alone, by comma" },
  bits: {
    kind: "integer",
    value: "<n>",
    help: "quantizers: bits of a code, where they leave a choice",
  },
  group: {
    kind: "text",
    value: "<n>",
    help: "quantizers: how many weights of a row share a scale; or row, or tensor",
  },
  "partial-groups": {
    kind: "switch",
    help: "quantizers: let the last group of a row be shorter",
  },
  symmetric: { kind: "switch", help: "quantizers: no zero points" },
  feedback: {
    kind: "switch",
    help: "quantizers: let columns make up for what rounding does to others (ldlq)",
  },
  rotate: {
    kind: "switch",
    help: "quantizers: round in a random basis, where no weight stands out (incoherence)",
  },
  keep: {
    kind: "number",
    value: "<share>",
    help: "low rank: share of the numbers to keep; 0.8 by default",
  },
  rank: {
    kind: "integer",
    value: "<n>",
    help: "low rank: the rank, instead of --keep; caldera: that of the correction",
  },
  "bits-per-weight": {
    kind: "number",
    value: "<n>",
    help: "caldera: what a weight may take, all counted; the largest rank within it",
  },
  allocation: {
    kind: "text",
    value: "<rule>",
    help: `low rank: one --keep for all layers: ${RULES}`,
  },
  storage: {
    kind: "text",
    value: "<form>",
    help: "low rank: factors (default), or junction: a larger rank for the same numbers",
  },
  "factor-bits": {
    kind: "integer",
    value: "<n>",
    help: "low rank: factors rounded to codes of so many bits, 1 to 8; f16 without",
  },
  "factor-group": {
    kind: "text",
    value: "<n>",
    help: "low rank: as --group, of such factors",
  },
  variant: {
    kind: "text",
    value: "<0|I|II>",
    help: "asvd, nsvd, nid: how inputs weigh; I by default",
  },
  share: {
    kind: "number",
    value: "<share>",
    help: "nsvd, nid: share of the rank that the inputs decide; 0.95 by default",
  },
  "shared-right": {
    kind: "switch",
    help: "caldera: one right factor for layers that read the same input",
  },
  dtype: {
    kind: "text",
    value: "<dtype>",
    help: "Of tensors that are not compressed: source (default), f32, f16 or bf16",
  },
  seed: { kind: "integer", value: "<n>", help: "Seeds every random choice; 0 by default" },
  windows: {
    kind: "integer",
    value: "<n>",
    help: "Calibration windows; by default 128, or all there are",
  },
  "window-length": {
    kind: "integer",
    value: "<n>",
    help: "Tokens in a window; the context, at most 2048",
  },
  "skip-first-tokens": {
    kind: "integer",
    value: "<n>",
    help: "Tokens at the start of each window that do not count; 0 by default",
  },
  sequential: {
    kind: "switch",
    help: "Calibrate each block on what the compressed ones before it give",
  },
};

/**
 * Makes a recipe of flags, or lays those that are not a step's over one that was read.
 *
 * @param values The flags that were given.
 * @param registry The methods.
 * @param base The parsed recipe file, if there is one.
 * @returns The recipe as JSON, not yet checked.
 */
export function recipeFromFlags(
  values: FlagValues,
  registry: Registry,
  base?: unknown,
): unknown {
  const method = values.text("method");
  const isStep = isStepGiven(values);
  if (base !== undefined && (method || isStep)) {
    throw new UsageError(
      "Cannot compress as --recipe must stand alone: --method and its flags go into its steps",
    );
  }
  if (!method && isStep) {
    const known = Object.keys(registry).join(", ");
    throw new UsageError(`Cannot compress as --method must be named: known methods are ${known}`);
  }
  const given = base === undefined ? { version: 1 } : base;
  // What is no recipe at all is left for the check of recipes to refuse.
  if (!isRecord(given)) return given;
  const calibration = compact({
    windows: values.number("windows"),
    windowLength: values.number("window-length"),
    skipFirstTokens: values.number("skip-first-tokens"),
    sequential: values.on("sequential") || undefined,
  });
  const overlaid = Object.keys(calibration).length > 0 &&
    (given.calibration === undefined || isRecord(given.calibration));
  return {
    ...given,
    ...compact({ seed: values.number("seed"), dtype: values.text("dtype") }),
    ...(overlaid &&
      { calibration: { ...given.calibration as object | undefined, ...calibration } }),
    ...(method && { steps: [stepFromFlags(method, values, registry)] }),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
