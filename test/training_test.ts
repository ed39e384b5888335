// A small Llama in training, over all packages that take part: every device goes the same way, and
// goes it again to the last bit.

import {
  createAdamW,
  createParameter,
  crossEntropy,
  mean,
  type Parameter,
  type Tape,
  train,
  type Variable,
} from "@pare/autograd";
import { createReferenceDevice, type Device } from "@pare/linalg";
import { parseConfig, trainingLogits } from "@pare/model";
import { randomNormal, tensor } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { DEVICE_KINDS } from "#devices";

const VOCABULARY = 40;
const WINDOWS = 2;
/** More than a tile of attention, and no multiple of one. */
const TOKENS = 45;

const CONFIG = parseConfig({
  model_type: "llama",
  vocab_size: VOCABULARY,
  hidden_size: 32,
  intermediate_size: 56,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: TOKENS,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
}, "a model to be trained");

/** Rows and columns of the matrices of a block, by the ends of their names. */
const MATRICES: readonly [name: string, rows: number, cols: number][] = [
  ["self_attn.q_proj", 32, 32],
  ["self_attn.k_proj", 16, 32],
  ["self_attn.v_proj", 16, 32],
  ["self_attn.o_proj", 32, 32],
  ["mlp.gate_proj", 56, 32],
  ["mlp.up_proj", 56, 32],
  ["mlp.down_proj", 32, 56],
];

/** The parameters: normal numbers, or ones. */
function parametersOn(device: Device): Map<string, Parameter> {
  const parameters = new Map<string, Parameter>();
  const put = (name: string, shape: readonly number[]) => {
    const { data } = randomNormal(shape, { seed: parameters.size });
    const values = shape.length > 1 ? data.map((x) => 0.2 * x) : data.map(() => 1);
    parameters.set(name, createParameter(device, name, tensor(values, shape)));
  };
  put("model.embed_tokens.weight", [VOCABULARY, 32]);
  for (const block of [0, 1]) {
    const prefix = `model.layers.${block}.`;
    for (const [name, rows, cols] of MATRICES) put(`${prefix}${name}.weight`, [rows, cols]);
    put(`${prefix}input_layernorm.weight`, [32]);
    put(`${prefix}post_attention_layernorm.weight`, [32]);
  }
  put("model.norm.weight", [32]);
  return parameters;
}

/** Sequences that go up by a step of their own. */
function windowsOf(step: number): Uint32Array<ArrayBuffer>[] {
  return Array.from({ length: WINDOWS }, (_, i) =>
    Uint32Array.from(
      { length: TOKENS + 1 },
      (_, t) => (7 * step + (1 + (step + i) % 3) * t) % VOCABULARY,
    ));
}

function lossOf(tape: Tape, step: number, parameters: ReadonlyMap<string, Parameter>): Variable {
  const windows = windowsOf(step);
  const weights = (name: string) => {
    const parameter = parameters.get(name);
    if (!parameter) throw new Error(`No ${name}`);
    return tape.parameter(parameter);
  };
  const inputs = windows.map((window) => window.subarray(0, TOKENS));
  const logits = trainingLogits(CONFIG, tape, weights, inputs);
  const targets = Uint32Array.from(windows.flatMap((window) => [...window.subarray(1)]));
  return mean(crossEntropy(
    logits,
    tape.device.upload(tensor(targets, [WINDOWS, TOKENS], "u32")),
  ));
}

/** Trains for some steps; the losses, and what is needed to go on. */
async function trained(device: Device) {
  const parameters = parametersOn(device);
  const all = [...parameters.values()];
  using optimizer = createAdamW(device, all, { epsilon: 0.01 });
  const steps = await Array.fromAsync(train({
    device,
    parameters: all,
    optimizer,
    steps: 6,
    maxNorm: 1,
    learningRate: () => 0.01,
    loss: (tape, step) => lossOf(tape, step, parameters),
  }));
  return { losses: steps.map(({ loss }) => loss), state: await optimizer.download() };
}

for (const { kind, ignore, create } of DEVICE_KINDS.filter(({ kind }) => kind !== "reference")) {
  Deno.test({
    name: `training a Llama on ${kind} goes as on the reference, and twice to the same bytes`,
    ignore,
    fn: async () => {
      using reference = createReferenceDevice();
      const wanted = (await trained(reference)).losses;
      assert(wanted[5] < wanted[0] - 0.5, `the loss must fall: it goes ${wanted}`);
      using device = await create();
      const { losses, state } = await trained(device);
      // Entries of a gradient of norm 1 err by some 100 roundings, 6e-6; AdamW moves a parameter by at
      // most rate / ε = 1 times that, in directions as random as the roundings: 6e-6 a step and a step's
      // own rounding in the loss.
      losses.forEach((loss, step) => assertAlmostEquals(loss, wanted[step], 1e-4, `step ${step}`));
      using again = await create();
      assertEquals((await trained(again)).state, state);
    },
  });
}
