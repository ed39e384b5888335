import {
  add,
  createParameter,
  createTape,
  crossEntropy,
  linear,
  matmul,
  mean,
  multiply,
  type Parameter,
  squaredNorm,
  subtract,
  type Tape,
  type Variable,
} from "@pare/autograd";
import { createReferenceDevice, type Device, downloadF32 } from "@pare/linalg";
import { type Tensor, tensor, toF32 } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { DEVICE_KINDS } from "#devices";
import { HAS_SHARED, readSharedText } from "#shared";
import { bindModel, runModel } from "./bind_model.ts";
import { openModel } from "./open_model.ts";
import { parseConfig } from "./parse_config.ts";
import { FAMILIES, TOKENS } from "./testing/families.ts";
import {
  goldenConfig,
  goldenTensors,
  GRADIENT_NORMS,
  INPUTS,
  KEPT,
  LOGITS,
  LOSS,
  PERTURBED_LOSS,
  PERTURBED_NORMS,
  PROJECTED_GAINS,
  PROJECTIONS,
  PRUNED_LOSS,
  TARGETS,
} from "./testing/golden_llama.ts";
import { checkpointOf, tensorsOf, tinyCheckpoint } from "./testing/tiny_checkpoint.ts";
import { type TrainedTensor, trainingLogits } from "./training_logits.ts";

/** As near as the loss and the gradients must come. */
const NEAR = { f32: 1e-4, f64: 1e-8 };

type Floats = Tensor | Tensor<"f64">;
type Parameters = ReadonlyMap<string, Parameter>;

function parametersOf(
  device: Device,
  tensors: ReadonlyMap<string, Tensor<"f64">>,
  dtype: "f32" | "f64",
): Parameters {
  const rounded = (values: Tensor<"f64">): Floats => dtype === "f64" ? values : toF32(values);
  return new Map(
    [...tensors].map(([name, values]) => [name, createParameter(device, name, rounded(values))]),
  );
}

function found<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new Error(`No ${name}`);
  return value;
}

/** The loss of the golden model's tokens on a tape. */
function goldenLoss(logits: Variable): Variable {
  return mean(crossEntropy(logits, logits.tape.device.upload(tensor(TARGETS, [1, 3], "u32"))));
}

async function numbersOf(device: Device, array: Parameter["gradient"]): Promise<Float64Array> {
  if (!array) throw new Error("No gradient");
  return Float64Array.from((await device.download(array)).data as Iterable<number>);
}

async function normOf(device: Device, parameter: Parameter): Promise<number> {
  return Math.hypot(...await numbersOf(device, parameter.gradient));
}

for (const { kind, ignore, create } of DEVICE_KINDS) {
  Deno.test({
    name: `trainingLogits() gives the golden model's loss and gradients on ${kind}`,
    ignore,
    fn: async () => {
      using device = await create();
      for (const dtype of ["f32", "f64"] as const) {
        if (!device.supports(dtype)) continue;
        using scope = device.scope();
        const parameters = parametersOf(scope, goldenTensors(), dtype);
        using tape = createTape(scope);
        const weights = (name: string) => tape.parameter(found(parameters, name));
        const logits = trainingLogits(goldenConfig(), tape, weights, [INPUTS]);
        const [first] = [await numbersOf(scope, logits.value)];
        LOGITS.forEach((wanted, i) => assertAlmostEquals(first[i], wanted, 1e-6));
        const loss = goldenLoss(logits);
        tape.backward(loss);
        assertAlmostEquals((await numbersOf(scope, loss.value))[0], LOSS, NEAR[dtype], dtype);
        for (const [name, wanted] of Object.entries(GRADIENT_NORMS)) {
          const norm = await normOf(scope, found(parameters, name));
          assertAlmostEquals(norm, wanted, NEAR[dtype], `${dtype} ${name}`);
        }
        assertEquals(Object.keys(GRADIENT_NORMS).length, parameters.size);
      }
    },
  });

  Deno.test({
    name: `trainingLogits() takes trained projections for weights on ${kind}`,
    ignore,
    fn: async () => {
      using device = await create();
      for (const dtype of ["f32", "f64"] as const) {
        if (!device.supports(dtype)) continue;
        using scope = device.scope();
        const frozen = new Map(
          [...parametersOf(scope, goldenTensors(), dtype)].map(([name, { value }]) =>
            [name, value] as const
          ),
        );
        const lossAt = async (perturbation: number) => {
          const parameters = parametersOf(scope, projections(perturbation), dtype);
          using tape = createTape(scope);
          const weights = (name: string) => projected(tape, name, parameters, frozen);
          const loss = goldenLoss(trainingLogits(goldenConfig(3, 4), tape, weights, [INPUTS]));
          tape.backward(loss);
          return { parameters, loss: (await numbersOf(scope, loss.value))[0] };
        };
        assertAlmostEquals((await lossAt(0)).loss, PRUNED_LOSS, NEAR[dtype], dtype);
        const { parameters, loss } = await lossAt(0.1);
        assertAlmostEquals(loss, PERTURBED_LOSS, NEAR[dtype], dtype);
        assertEquals(parameters.size, Object.keys(PERTURBED_NORMS).length);
        for (const [name, wanted] of Object.entries(PERTURBED_NORMS)) {
          const norm = await normOf(scope, found(parameters, name));
          assertAlmostEquals(norm, wanted, NEAR[dtype], `${dtype} ${name}`);
        }
      }
    },
  });
}

/** All that a projection trains: at first it picks channels, and adds nothing. */
function projections(perturbation: number): Map<string, Tensor<"f64">> {
  const tensors = goldenTensors();
  const parameters = new Map<string, Tensor<"f64">>();
  for (const [letter, name, out, into] of PROJECTIONS) {
    const [rows, cols] = found(tensors, name).shape;
    if (out) parameters.set(`${letter}.out`, picking(KEPT[out], rows, true));
    if (into) parameters.set(`${letter}.in`, picking(KEPT[into], cols, false));
    const shape = [out ? KEPT[out].length : rows, into ? KEPT[into].length : cols];
    parameters.set(`${letter}.aux`, tensor(new Float64Array(shape[0] * shape[1]), shape));
  }
  for (const [letter, name] of PROJECTED_GAINS) {
    const gain = found(tensors, name).data;
    const kept = Float64Array.from(KEPT.hidden, (i) => gain[i]);
    parameters.set(letter, tensor(kept, [kept.length]));
  }
  [...parameters.keys()].sort().forEach((name, q) => {
    const { data } = found(parameters, name);
    data.forEach((_, a) => data[a] += perturbation * Math.cos(0.3 * q + 0.7 * a));
  });
  return parameters;
}

/** A matrix of ones and zeros that picks rows from the left, or columns from the right. */
function picking(kept: readonly number[], count: number, isOut: boolean): Tensor<"f64"> {
  const data = new Float64Array(kept.length * count);
  kept.forEach((channel, i) => data[isOut ? i * count + channel : channel * kept.length + i] = 1);
  return tensor(data, isOut ? [kept.length, count] : [count, kept.length]);
}

/** P_out W P_in + aux, or a gain. */
function projected(
  tape: Tape,
  name: string,
  parameters: Parameters,
  frozen: ReadonlyMap<string, Parameter["value"]>,
): Variable {
  const gain = PROJECTED_GAINS.find(([, known]) => known === name);
  if (gain) return tape.parameter(found(parameters, gain[0]));
  const projection = PROJECTIONS.find(([, known]) => known === name);
  if (!projection) throw new Error(`No ${name}`);
  const [letter, , out, into] = projection;
  let weight = tape.constant(found(frozen, name));
  if (out) weight = matmul(tape.parameter(found(parameters, `${letter}.out`)), weight);
  if (into) weight = matmul(weight, tape.parameter(found(parameters, `${letter}.in`)));
  return add(weight, tape.parameter(found(parameters, `${letter}.aux`)));
}

Deno.test({
  name: "trainingLogits() gives every element of the golden model's gradients",
  ignore: !HAS_SHARED,
  fn: async () => {
    const { golden_dense } = JSON.parse(
      readSharedText("../specs/oracle-decomposition-projection.json"),
    );
    const names: Record<string, string> = Object.fromEntries(
      [...PROJECTIONS, ...PROJECTED_GAINS].map(([letter, name]) => [letter, name]),
    );
    using device = createReferenceDevice();
    const parameters = parametersOf(device, goldenTensors(), "f64");
    using tape = createTape(device);
    const weights = (name: string) => tape.parameter(found(parameters, name));
    tape.backward(goldenLoss(trainingLogits(goldenConfig(), tape, weights, [INPUTS])));
    const gradients: [string, number[] | number[][]][] = Object.entries(golden_dense.grads);
    assertEquals(gradients.length, parameters.size);
    for (const [letter, wanted] of gradients) {
      const numbers = await numbersOf(device, found(parameters, names[letter]).gradient);
      wanted.flat().forEach((value, i) => assertAlmostEquals(numbers[i], value, 1e-8, letter));
    }
  },
});

for (const { name, config: json } of FAMILIES) {
  Deno.test(`trainingLogits() agrees with runModel(): ${name}`, async () => {
    using device = createReferenceDevice();
    const config = parseConfig(json, "tiny");
    const windows = [TOKENS, TOKENS.toReversed()];
    using model = await bindModel(openModel(tinyCheckpoint(json)), device);
    using hidden = await runModel(model, windows);
    using wanted = model.head.logits(hidden);
    const tensors = tensorsOf(json);
    using tape = createTape(device);
    const weights = (name: string) =>
      tape.constant(tape.device.upload(found<Tensor>(tensors, name)));
    const logits = trainingLogits(config, tape, weights, windows);
    const { data, shape } = await downloadF32(device, logits.value);
    assertEquals(shape, [2, TOKENS.length, config.vocabularySize]);
    // SwiGLU in one step rounds once less.
    const { data: expected } = await downloadF32(device, wanted);
    data.forEach((value, i) => assertAlmostEquals(value, expected[i], 1e-5));
  });

  Deno.test(`trainingLogits() sends a gradient to every tensor: ${name}`, async () => {
    using device = createReferenceDevice();
    const config = parseConfig(json, "tiny");
    const tensors = tensorsOf(json);
    const parameters = new Map(
      [...tensors].map(([name, value]) => [name, createParameter(device, name, value)] as const),
    );
    using tape = createTape(device);
    const weights = (name: string) => tape.parameter(found(parameters, name));
    tape.backward(squaredNorm(trainingLogits(config, tape, weights, [TOKENS])));
    for (const parameter of parameters.values()) {
      const norm = await normOf(device, parameter);
      assert(norm > 0, parameter.name);
    }
  });
}

/** The golden model on a tape, with what is asked for in the place of some of its weights. */
function goldenOn(
  tape: Tape,
  replaced: Readonly<Record<string, (weight: Variable) => TrainedTensor>>,
) {
  const tensors = goldenTensors();
  return (name: string) => {
    const weight = tape.constant(tape.device.upload(found(tensors, name)));
    return replaced[name]?.(weight) ?? weight;
  };
}

Deno.test("trainingLogits() takes a function for a linear layer", async () => {
  using device = createReferenceDevice();
  using tape = createTape(device);
  const name = "model.layers.0.mlp.up_proj.weight";
  const seen: (readonly number[])[] = [];
  const weights = goldenOn(tape, {
    [name]: (weight) => (x) => {
      seen.push(x.value.shape);
      return linear(x, weight);
    },
  });
  const logits = trainingLogits(goldenConfig(), tape, weights, [INPUTS]);
  assertEquals(seen, [[1, 3, 4]]);
  assertAlmostEquals((await numbersOf(device, goldenLoss(logits).value))[0], LOSS, 1e-8);
});

Deno.test("trainingLogits() leaves alone what a function returned", async () => {
  using device = createReferenceDevice();
  using tape = createTape(device);
  const factor = createParameter(device, "factor", tensor(Float64Array.of(1), [1]));
  const seen: Variable[] = [];
  const scaled = (weight: Variable) => (x: Variable) => {
    const y = multiply(linear(x, weight), tape.parameter(factor));
    seen.push(y);
    return y;
  };
  const block = "model.layers.0.";
  const names = ["self_attn.q_proj", "self_attn.o_proj", "mlp.down_proj"];
  const weights = goldenOn(
    tape,
    Object.fromEntries(names.map((name) => [`${block}${name}.weight`, scaled])),
  );
  let loss = goldenLoss(trainingLogits(goldenConfig(), tape, weights, [INPUTS]));
  assertEquals(seen.length, 3);
  for (const output of seen) loss = add(loss, squaredNorm(output));
  tape.backward(loss);
  assert(await normOf(device, factor) > 0);
});

Deno.test("trainingLogits() hands over what stands before and after a block", async () => {
  using device = createReferenceDevice();
  const factor = createParameter(device, "factor", tensor(Float64Array.of(1), [1]));
  const lossAt = async (value: number) => {
    const at = createParameter(device, "factor", tensor(Float64Array.of(value), [1]));
    using tape = createTape(device);
    const loss = goldenLoss(
      trainingLogits(goldenConfig(), tape, goldenOn(tape, {}), [INPUTS], {
        onBlock: (index, before, after) => {
          assertEquals(index, 0);
          return add(before, multiply(subtract(after, before), tape.parameter(at)));
        },
      }),
    );
    tape.backward(loss);
    factor.gradient = at.gradient;
    return (await numbersOf(device, loss.value))[0];
  };
  const h = 1e-5;
  const quotient = (await lossAt(1 + h) - await lossAt(1 - h)) / (2 * h);
  assertAlmostEquals(await lossAt(1), LOSS, 1e-8);
  assertAlmostEquals((await numbersOf(device, factor.gradient))[0], quotient, 1e-8);
  assert(Math.abs(quotient) > 1e-3);
});

Deno.test("trainingLogits() refuses windows and weights that it cannot run", () => {
  using device = createReferenceDevice();
  using tape = createTape(device);
  const weights = goldenOn(tape, {});
  const run = (windows: number[][]) => () => trainingLogits(goldenConfig(), tape, weights, windows);
  assertThrows(run([]), RangeError, "windows must be 1 or more");
  assertThrows(run([[1, 2], [1]]), RangeError, "windows must all be 2 tokens long");
  assertThrows(run([[5]]), RangeError, "tokens must be integers from 0 to 4");
  assertThrows(run([[0, 0, 0, 0, 0, 0, 0, 0, 0]]), RangeError, "from 1 to 8 tokens");
  const name = "model.norm.weight";
  const wrong = goldenOn(tape, { [name]: () => (x) => x });
  assertThrows(
    () => trainingLogits(goldenConfig(), tape, wrong, [INPUTS]),
    TypeError,
    `${name} must be a variable`,
  );
});

Deno.test("trainingLogits() gives what its checkpoint gives, however it is stored", async () => {
  using device = createReferenceDevice();
  const tensors = new Map([...goldenTensors()].map(([name, value]) => [name, toF32(value)]));
  const source = checkpointOf({
    model_type: "llama",
    vocab_size: 5,
    hidden_size: 4,
    intermediate_size: 6,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    max_position_embeddings: 8,
    rms_norm_eps: 1e-5,
  }, tensors);
  using model = await bindModel(openModel(source), device);
  using hidden = await runModel(model, [INPUTS]);
  using logits = model.head.logits(hidden);
  const { data } = await downloadF32(device, logits);
  LOGITS.forEach((wanted, i) => assertAlmostEquals(data[i], wanted, 1e-6));
});
