import {
  add,
  attention,
  embedding,
  gatedActivation,
  linear,
  rmsNorm,
  rotary,
  type RotaryAngles,
  type Tape,
  type Variable,
} from "@pare/autograd";
import type { DeviceArray } from "@pare/linalg";
import type { VectorRole } from "./architecture.ts";
import type { LinearRole, ModelConfig } from "./config.ts";
import { checkTokens, checkWindows, type Tokens } from "./embed.ts";
import { linearsOfBlock, topLevel, vectorsOfBlock } from "./layout.ts";
import { bindPositions } from "./rotary.ts";

/**
 * How a tensor of a model takes part in training: as numbers, trained or computed from what is
 * trained, or, for the weight of a linear layer, as a function of the layer's input.
 */
export type TrainedTensor = Variable | ((x: Variable) => Variable);

/**
 * Gives the tensor of a name, as `tensorSpecs` lists them: `model.layers.0.self_attn.q_proj.weight`.
 *
 * It is asked for every tensor once in a pass, for a tied embedding twice.
 */
export type TrainedWeights = (name: string) => TrainedTensor;

/** Options of {@linkcode trainingLogits}. */
export interface TrainingOptions {
  /**
   * Sees the residual stream `[windows, tokens, hidden]` before and after each block, and returns
   * what the next one reads: `after`, or an expression of the two.
   */
  onBlock?: (index: number, before: Variable, after: Variable) => Variable;
}

/**
 * Computes logits so that they can be differentiated with respect to whatever the weights are made of.
 *
 * @example One step's gradients
 * ```ts
 * import { createParameter, createTape, crossEntropy, mean } from "@pare/autograd";
 * import { createReferenceDevice } from "@pare/linalg";
 * import { parseConfig, tensorSpecs, trainingLogits } from "@pare/model";
 * import { randomNormal, tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseConfig({
 *   model_type: "llama", vocab_size: 8, hidden_size: 4, intermediate_size: 6,
 *   num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 16,
 * }, "tiny");
 * using device = createReferenceDevice();
 * const parameters = new Map(
 *   [...tensorSpecs(config)].map(([name, shape], seed) =>
 *     [name, createParameter(device, name, randomNormal(shape, { seed }))] as const
 *   ),
 * );
 * using tape = createTape(device);
 * const weights = (name: string) => tape.parameter(parameters.get(name)!);
 * const logits = trainingLogits(config, tape, weights, [[1, 2, 3], [4, 5, 6]]);
 * const targets = tape.device.upload(tensor(Uint32Array.of(2, 3, 4, 5, 6, 7), [2, 3], "u32"));
 * tape.backward(mean(crossEntropy(logits, targets)));
 * assertEquals(parameters.get("model.norm.weight")?.gradient?.shape, [4]);
 * ```
 *
 * @param config The model's configuration.
 * @param tape What records the pass.
 * @param weights What every tensor is.
 * @param windows Windows of tokens, of one length.
 * @param options What happens between blocks.
 * @returns `[windows, tokens, vocabulary]`.
 * @throws {RangeError} If there are no windows, they differ in length, are empty or too long, or a
 * token is unknown.
 * @throws {TypeError} If a vector or the embedding is a function.
 */
export function trainingLogits(
  config: ModelConfig,
  tape: Tape,
  weights: TrainedWeights,
  windows: readonly Tokens[],
  options: TrainingOptions = {},
): Variable {
  const { embedding: table, finalNorm, head } = topLevel(config);
  const tokens = uploadTokens(config, tape, windows);
  const matrix = variableOf(weights, `${table.name}.weight`);
  // Freed with the tape, as what it is for is.
  const { dtype } = matrix.value;
  const angles = bindPositions(config, tape.device, tokens.shape[1], {
    dtype: dtype === "f64" ? "f64" : "f32",
  });
  let hidden = embedding(matrix, tokens);
  for (let index = 0; index < config.layers; index++) {
    const after = runTrainedBlock(config, weights, index, hidden, angles);
    hidden = options.onBlock?.(index, hidden, after) ?? after;
  }
  const normalized = rmsNorm(hidden, variableOf(weights, finalNorm.name), config.normEpsilon);
  return apply(weights(`${head.name}.weight`), normalized);
}

/** One block: attention and MLP, each on a normalized input and added to what came in. */
function runTrainedBlock(
  config: ModelConfig,
  weights: TrainedWeights,
  index: number,
  hidden: Variable,
  angles: RotaryAngles,
): Variable {
  const { normEpsilon, heads, kvHeads, slidingWindow } = config;
  const linears = new Map(linearsOfBlock(config, index).map(({ role, name }) => [role, name]));
  const vectors = new Map(vectorsOfBlock(config, index).map(({ role, name }) => [role, name]));
  // What a rotation or a sum was given is read no more, in the backward pass either; but what a function
  // returned may be, by whoever wrote it.
  const made = new Set<Variable>();
  const ours = (x: Variable) => {
    made.add(x);
    return x;
  };
  const release = (x: Variable, result: Variable) => {
    if (made.has(x)) x.tape.release(x);
    return result;
  };
  const normalize = (role: VectorRole, x: Variable) => {
    const name = vectors.get(role);
    return name === undefined ? x : ours(rmsNorm(x, variableOf(weights, name), normEpsilon));
  };
  const project = (role: LinearRole, x: Variable) => {
    const weight = weights(`${linears.get(role)}.weight`);
    const y = typeof weight === "function" ? weight(x) : ours(linear(x, weight));
    const bias = vectors.get(`${role}Bias`);
    return bias === undefined ? y : ours(add(y, variableOf(weights, bias)));
  };

  const turn = (x: Variable) => release(x, rotary(x, angles));
  const addTo = (stream: Variable, x: Variable) => release(x, add(stream, x));

  const x = normalize("attentionNorm", hidden);
  const q = turn(normalize("qNorm", project("q", x)));
  const k = turn(normalize("kNorm", project("k", x)));
  const v = project("v", x);
  const attended = attention(q, k, v, { heads, kvHeads, window: slidingWindow ?? undefined });
  const middle = addTo(hidden, project("o", attended));

  const y = normalize("mlpNorm", middle);
  const inner = gatedActivation(project("gate", y), project("up", y), "silu");
  return addTo(middle, project("down", inner));
}

/** A linear layer without its bias. */
function apply(weight: TrainedTensor, x: Variable): Variable {
  return typeof weight === "function" ? weight(x) : linear(x, weight);
}

/** A tensor that must be numbers. */
function variableOf(weights: TrainedWeights, name: string): Variable {
  const found = weights(name);
  if (typeof found !== "function") return found;
  throw new TypeError(
    `Cannot run a model as ${name} must be a variable: current value is a function`,
  );
}

/** The ids of all windows, u32 `[windows, tokens]`. */
function uploadTokens(
  config: ModelConfig,
  tape: Tape,
  windows: readonly Tokens[],
): DeviceArray {
  checkWindows("a model", windows);
  const length = windows[0].length;
  const data = new Uint32Array(windows.length * length);
  windows.forEach((window, i) => data.set(checkTokens(config, window), i * length));
  return tape.device.upload({ dtype: "u32", shape: [windows.length, length], data });
}
