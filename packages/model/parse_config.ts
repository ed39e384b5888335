import { type Architecture, ARCHITECTURES } from "./architecture.ts";
import type { LinearRole, Llama3RotaryScaling, ModelConfig, ModelFamily } from "./config.ts";
import { type Fields, fieldsOf } from "./fields.ts";

// Far beyond every model there is, and low enough that products of two are exact.
const MAX_WIDTH = 2 ** 20;
const MAX_VOCABULARY = 2 ** 24;
const MAX_COUNT = 2 ** 12;
const MAX_POSITIONS = 2 ** 30;

/**
 * Reads a `config.json` that was parsed from JSON; it is not trusted.
 *
 * Older field names and those of Transformers v5 are both known, and a text model's configuration
 * nested in `text_config`. What would change the results and is not supported is refused by name.
 *
 * @example The configuration of a small model
 * ```ts
 * import { parseConfig } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseConfig({
 *   model_type: "llama", vocab_size: 512, hidden_size: 64, intermediate_size: 172,
 *   num_hidden_layers: 5, num_attention_heads: 8, num_key_value_heads: 4,
 *   max_position_embeddings: 512, tie_word_embeddings: true,
 * }, "stories260K");
 * assertEquals(config.headSize, 8);
 * ```
 *
 * @param json What `JSON.parse` returned.
 * @param name How error messages name the model.
 * @returns The same under our names.
 * @throws {FormatError} If a field is missing, out of range, or asks for what is not supported.
 */
export function parseConfig(json: unknown, name: string): ModelConfig {
  const action = `Cannot read the configuration of ${name}`;
  const outer = fieldsOf(json, action);
  const fields = textFields(outer);
  const family = readFamily(fields);
  const architecture = ARCHITECTURES[family];
  refuseUnsupported(fields);
  const vocabularySize = fields.integer("vocab_size", 1, MAX_VOCABULARY);
  const hiddenSize = fields.integer("hidden_size", 1, MAX_WIDTH);
  const layers = fields.integer("num_hidden_layers", 1, MAX_COUNT);
  const heads = fields.integer("num_attention_heads", 1, MAX_COUNT);
  const kvHeads = fields.integer("num_key_value_heads", 1, heads, heads);
  if (heads % kvHeads !== 0) {
    fields.fail("num_key_value_heads", `must divide num_attention_heads of ${heads}`);
  }
  return {
    family,
    vocabularySize,
    hiddenSize,
    intermediateSize: fields.integer("intermediate_size", 1, MAX_WIDTH),
    layers,
    heads,
    kvHeads,
    headSize: readHeadSize(fields, architecture, hiddenSize, heads),
    biases: readBiases(fields, architecture),
    maxPositions: fields.integer("max_position_embeddings", 1, MAX_POSITIONS),
    normEpsilon: fields.number("rms_norm_eps", 1e-12, 1, 1e-6),
    ...readRotary(fields),
    tiedEmbeddings: fields.boolean("tie_word_embeddings", false),
    slidingWindow: readWindow(fields, architecture, layers),
    ...readEnds(fields, vocabularySize),
  };
}

/** The fields of the text model, which may be nested; the outer ones fill in what is not in it. */
function textFields(outer: Fields): Fields {
  const text = outer.nested("text_config");
  if (!text) return outer;
  const inherited = ["tie_word_embeddings", "bos_token_id", "eos_token_id", "quantization_config"];
  const known = inherited.filter((field) => outer.has(field) && !text.has(field));
  const added = Object.fromEntries(known.map((field) => [field, outer.get(field)]));
  return fieldsOf({ ...text.record, ...added }, outer.action);
}

function readFamily(fields: Fields): ModelFamily {
  const type = fields.get("model_type");
  if (isFamily(type)) return type;
  const known = Object.keys(ARCHITECTURES).map((family) => `"${family}"`).join(", ");
  return fields.fail("model_type", `must be one of ${known}`);
}

function isFamily(type: unknown): type is ModelFamily {
  return typeof type === "string" && Object.hasOwn(ARCHITECTURES, type);
}

function refuseUnsupported(fields: Fields): void {
  const activation = fields.get("hidden_act") ?? "silu";
  if (activation !== "silu" && activation !== "swish") fields.fail("hidden_act", `must be "silu"`);
  if ((fields.get("partial_rotary_factor") ?? 1) !== 1) {
    fields.fail("partial_rotary_factor", "must be 1");
  }
  if (fields.has("quantization_config")) fields.fail("quantization_config", "must be absent");
}

function readHeadSize(
  fields: Fields,
  architecture: Architecture,
  hiddenSize: number,
  heads: number,
): number {
  const usual = architecture.headSize ?? hiddenSize / heads;
  if (!fields.has("head_dim") && !Number.isInteger(usual)) {
    fields.fail("num_attention_heads", `must divide hidden_size of ${hiddenSize}`);
  }
  const headSize = fields.integer("head_dim", 2, MAX_WIDTH, usual);
  if (headSize % 2 !== 0) {
    const source = fields.has("head_dim") ? "head_dim" : "num_attention_heads";
    fields.fail(source, "must make heads of even width");
  }
  return headSize;
}

function readBiases(fields: Fields, architecture: Architecture): LinearRole[] {
  const biases = [...architecture.biases];
  for (const field of ["attention_bias", "mlp_bias"]) {
    if (!fields.boolean(field, false)) continue;
    const known = Object.hasOwn(architecture.biasFields, field);
    if (!known) fields.fail(field, `must be false in this family`);
    biases.push(...architecture.biasFields[field]);
  }
  return biases;
}

function readRotary(fields: Fields): Pick<ModelConfig, "rotaryBase" | "rotaryScaling"> {
  const parameters = fields.nested("rope_parameters") ?? fields.nested("rope_scaling");
  const outer = parameters?.has("rope_theta") ? parameters : fields;
  const rotaryBase = outer.number("rope_theta", 1, 1e12, 10_000);
  return { rotaryBase, rotaryScaling: parameters ? readScaling(parameters) : null };
}

function readScaling(parameters: Fields): Llama3RotaryScaling | null {
  const field = parameters.has("rope_type") ? "rope_type" : "type";
  const type = parameters.get(field) ?? "default";
  if ((parameters.get("partial_rotary_factor") ?? 1) !== 1) {
    parameters.fail("partial_rotary_factor", "must be 1");
  }
  for (const kind of ["full_attention", "sliding_attention"]) {
    if (parameters.has(kind)) parameters.fail(kind, "must be absent: one rotary serves all blocks");
  }
  if (type === "default") return null;
  if (type !== "llama3") parameters.fail(field, `must be "default" or "llama3"`);
  const lowFreqFactor = parameters.number("low_freq_factor", 1e-6, 1e6);
  const highFreqFactor = parameters.number("high_freq_factor", 1e-6, 1e6);
  if (highFreqFactor <= lowFreqFactor) {
    parameters.fail("high_freq_factor", `must be above low_freq_factor of ${lowFreqFactor}`);
  }
  return {
    factor: parameters.number("factor", 1, 1e6),
    lowFreqFactor,
    highFreqFactor,
    originalMaxPositions: parameters.integer("original_max_position_embeddings", 1, MAX_POSITIONS),
  };
}

function readWindow(fields: Fields, architecture: Architecture, layers: number): number | null {
  const switched = architecture.window === "switched" &&
    !fields.boolean("use_sliding_window", false);
  const hasWindow = architecture.window !== "none" && !switched &&
    fields.get("sliding_window") !== null;
  const isSliding = slidingLayers(fields, architecture, layers, hasWindow);
  if (isSliding.every((sliding) => !sliding)) return null;
  if (!isSliding.every((sliding) => sliding)) {
    const field = fields.has("layer_types") ? "layer_types" : "max_window_layers";
    fields.fail(field, "must make all blocks attend alike");
  }
  if (architecture.window === "none") fields.fail("layer_types", "must all be full_attention");
  const usual = fields.get("sliding_window") === undefined ? 4096 : undefined;
  return fields.integer("sliding_window", 1, MAX_POSITIONS, usual);
}

/** Which blocks attend through a window. */
function slidingLayers(
  fields: Fields,
  architecture: Architecture,
  layers: number,
  hasWindow: boolean,
): boolean[] {
  const types = fields.get("layer_types");
  if (types !== undefined && types !== null) {
    if (!Array.isArray(types) || types.length !== layers) {
      return fields.fail("layer_types", `must be a list of num_hidden_layers of ${layers}`);
    }
    return types.map((type: unknown) => {
      if (type === "full_attention") return false;
      if (type === "sliding_attention") return true;
      return fields.fail("layer_types", "must be full_attention or sliding_attention");
    });
  }
  // In the switched families the first blocks see everything.
  const first = architecture.window === "switched" && hasWindow
    ? fields.integer("max_window_layers", 0, MAX_COUNT, 28)
    : 0;
  return Array.from({ length: layers }, (_, index) => hasWindow && index >= first);
}

function readEnds(
  fields: Fields,
  vocabularySize: number,
): Pick<ModelConfig, "bosTokenId" | "eosTokenIds"> {
  const last = vocabularySize - 1;
  const ids = fields.get("eos_token_id");
  const eosTokenIds = Array.isArray(ids)
    ? fields.integers("eos_token_id", 0, last)
    : fields.has("eos_token_id")
    ? [fields.integer("eos_token_id", 0, last)]
    : [];
  const bosTokenId = fields.has("bos_token_id") ? fields.integer("bos_token_id", 0, last) : null;
  return { bosTokenId, eosTokenIds };
}
