import {
  boolean,
  type Check,
  checkOptions,
  FormatError,
  integer,
  oneOf,
  optionsSchema,
  record,
} from "@pare/tensor";
import type { Options, Registry } from "./registry.ts";
import { shareSchemas } from "./share_schemas.ts";
import { ALLOCATION_CHECKS, parseAllocation, type StepAllocation } from "./step_allocation.ts";

/** One step of a recipe: a method, where it applies, and its options. */
export interface Step {
  /** The method's name in the registry. */
  readonly method: string;
  /** Globs of layer names; a layer takes the last step that matches it. */
  readonly layers: readonly string[];
  /** Globs of layer names that this step leaves alone. */
  readonly except: readonly string[];
  /** The method's options. */
  readonly options: Options;
  /** How the layers get their ranks, where the options do not say so. */
  readonly allocation?: StepAllocation;
}

/** How calibration text is sampled. */
export interface CalibrationOptions {
  /** How many windows, which the text must have; `null` for 128, or all it has where it has fewer. */
  readonly windows: number | null;
  /** Tokens in a window; `null` for the model's longest context, at most 2048. */
  readonly windowLength: number | null;
  /** How many tokens at the beginning of each window are not counted. */
  readonly skipFirstTokens: number;
  /** Whether each block is calibrated on the outputs of the blocks compressed before it. */
  readonly sequential: boolean;
}

/** What to do with a model, in full: every default filled in. */
export interface Recipe {
  /** The version of the recipe's format. */
  readonly version: 1;
  /** Seeds every random choice. */
  readonly seed: number;
  /** The dtype of tensors that no step compresses; `source` leaves them as they are. */
  readonly dtype: "source" | "f32" | "f16" | "bf16";
  /** How calibration text is sampled. */
  readonly calibration: CalibrationOptions;
  /** The steps. */
  readonly steps: readonly Step[];
}

/** The linear layers of the decoder blocks: what a step compresses unless it says otherwise. */
const DECODER_LAYERS = ["model.layers.**"];

const RECIPE_CHECKS: Readonly<Record<string, Check>> = {
  $schema: { wanted: "a string", schema: { type: "string" }, test: isString },
  version: { wanted: "1", schema: { const: 1 }, test: (value) => value === 1 },
  seed: integer(0),
  dtype: oneOf("source", "f32", "f16", "bf16"),
  calibration: record(),
  steps: { wanted: "a list", schema: { type: "array" }, test: Array.isArray },
};

const CALIBRATION_CHECKS: Readonly<Record<keyof CalibrationOptions, Check>> = {
  windows: orNull(integer(1, 1_000_000)),
  windowLength: orNull(integer(2, 1_000_000)),
  skipFirstTokens: integer(0, 1_000_000),
  sequential: boolean(),
};

const STEP_CHECKS: Readonly<Record<keyof Step, Check>> = {
  method: { wanted: "a method's name", schema: { type: "string" }, test: isString },
  layers: globs(1),
  except: globs(0),
  options: record(),
  allocation: record(),
};

/**
 * Reads a recipe: checks it and fills in the defaults.
 *
 * @param value The parsed JSON.
 * @param registry The methods that steps may name.
 * @returns The recipe in full.
 * @throws {FormatError} If it is not an object, or the version or a step's method is missing.
 * @throws {TypeError} If a key or an option is unknown.
 * @throws {RangeError} If a value breaks its rule.
 */
export function parseRecipe(value: unknown, registry: Registry): Recipe {
  const action = "Cannot read the recipe";
  if (!isRecord(value)) throw wrongKind(action, "it", "an object", value);
  checkOptions(action, value, RECIPE_CHECKS);
  if (value.version === undefined) throw wrongKind(action, "version", "1", value.version);
  const { seed = 0, dtype = "source", calibration = {}, steps = [] } = value;
  checkOptions(`${action}'s calibration`, calibration as Options, CALIBRATION_CHECKS);
  const { windows = null, windowLength = null, skipFirstTokens = 0, sequential = false } =
    calibration as Options;
  return {
    version: 1,
    seed: seed as number,
    dtype: dtype as Recipe["dtype"],
    calibration: { windows, windowLength, skipFirstTokens, sequential } as CalibrationOptions,
    steps: (steps as unknown[]).map((step, i) => parseStep(step, i, seed as number, registry)),
  };
}

function parseStep(value: unknown, index: number, seed: number, registry: Registry): Step {
  const action = `Cannot read step ${index + 1} of the recipe`;
  if (!isRecord(value)) throw wrongKind(action, "it", "an object", value);
  checkOptions(action, value, STEP_CHECKS);
  const { method, layers = DECODER_LAYERS, except = [], options: given = {}, allocation } = value;
  const known = Object.keys(registry).map((name) => `"${name}"`).join(", ");
  if (!isString(method) || !Object.hasOwn(registry, method)) {
    throw wrongKind(action, "method", `one of ${known}`, method);
  }
  const { checks } = registry[method];
  checkOptions(`${action} (${method})`, given as Options, checks);
  // Methods that choose at random do so by the seed of the recipe, unless they have one of their own.
  const options = { ...(Object.hasOwn(checks, "seed") && { seed }), ...given as Options };
  const step = { name: method, method: registry[method], options };
  return {
    method,
    layers: isString(layers) ? [layers] : layers as string[],
    except: isString(except) ? [except] : except as string[],
    options,
    ...(allocation !== undefined &&
      { allocation: parseAllocation(action, allocation as Options, step) }),
  };
}

/**
 * Describes recipes as JSON Schema (draft 2020-12), for editors and other tools.
 *
 * @param registry The methods that steps may name.
 * @returns The schema.
 */
export function recipeSchema(registry: Registry): Record<string, unknown> {
  const allocation = { ...optionsSchema(ALLOCATION_CHECKS), required: ["rule"] };
  const steps = Object.entries(registry).map(([method, { summary, checks, spectrum }]) => ({
    title: method,
    description: summary,
    type: "object",
    properties: {
      method: { const: method },
      layers: STEP_CHECKS.layers.schema,
      except: STEP_CHECKS.except.schema,
      options: optionsSchema(checks),
      ...(spectrum && { allocation }),
    },
    required: ["method"],
    additionalProperties: false,
  }));
  return shareSchemas({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "pare recipe",
    description: "What to do with a model: steps, each a compression method and where it applies",
    type: "object",
    properties: {
      ...optionsSchema(RECIPE_CHECKS).properties,
      calibration: optionsSchema(CALIBRATION_CHECKS),
      steps: { type: "array", items: { oneOf: steps } },
    },
    required: ["version"],
    additionalProperties: false,
  });
}

/** Accepts a glob, or a list of at least `minItems` globs. */
function globs(minItems: 0 | 1): Check {
  const list = { type: "array", items: { type: "string" }, ...(minItems && { minItems }) };
  return {
    wanted: "a glob or a list of globs",
    schema: { anyOf: [{ type: "string" }, list] },
    test: (value) =>
      isString(value) ||
      (Array.isArray(value) && value.length >= minItems && value.every(isString)),
  };
}

/** Accepts `null` as well. */
function orNull({ wanted, schema, test }: Check): Check {
  return {
    wanted: `${wanted}, or null`,
    schema: { anyOf: [schema, { type: "null" }] },
    test: (value) => value === null || test(value),
  };
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongKind(action: string, field: string, wanted: string, value: unknown): FormatError {
  return new FormatError(
    action,
    field,
    `must be ${wanted}: current value is ${JSON.stringify(value)}`,
  );
}
