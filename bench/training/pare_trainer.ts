// Ours: a tape over the WebAssembly device, with the training pass of `@pare/model`.

import {
  createAdamW,
  createParameter,
  createTape,
  crossEntropy,
  mean,
  type Parameter,
  type Tape,
  type Variable,
} from "@pare/autograd";
import { createWasmDevice, type Device, downloadF32 } from "@pare/linalg";
import { trainingLogits } from "@pare/model";
import { timeOperations } from "../devices/time_operations.ts";
import { watchMemory } from "../memory/watch_memory.ts";
import type { Batch, TrainingShape, Weights } from "./shapes.ts";
import { ADAMW, type LossGradients, type Trainer } from "./trainer.ts";

/** Readies ours on any device; whoever made the device frees it, and what was put there. */
export function trainOn(
  device: Device,
  shape: TrainingShape,
  weights: Weights,
  batch: Batch,
): Omit<Trainer, "memoryBytes" | typeof Symbol.asyncDispose> {
  const parameters = [...weights].map(([name, value]) => createParameter(device, name, value));
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const { learningRate, ...constants } = ADAMW;
  const optimizer = createAdamW(device, parameters, {
    ...constants,
    decays: ({ value }) => value.shape.length === 2,
  });
  return {
    differentiate: async () => {
      using tape = createTape(device);
      const loss = lossOf(tape, shape, byName, batch);
      tape.backward(loss);
      const gradients: LossGradients["gradients"] = new Map(
        await Promise.all(parameters.map((parameter) => takeGradient(device, parameter))),
      );
      return { loss: await numberOf(device, loss), gradients };
    },
    step: async () => {
      using tape = createTape(device);
      const loss = lossOf(tape, shape, byName, batch);
      tape.backward(loss);
      optimizer.step({ learningRate });
      return await numberOf(device, loss);
    },
  };
}

/** Ours, and where its time went. */
export interface PareTrainer extends Trainer {
  /** The ms spent in each operation of the device so far. */
  readonly spentMs: ReadonlyMap<string, number>;
}

/** Readies ours on WebAssembly. */
export async function createPareTrainer(
  shape: TrainingShape,
  weights: Weights,
  batch: Batch,
  threads: number,
): Promise<PareTrainer> {
  const { made, bytes } = await watchMemory(() => createWasmDevice({ threads }));
  const { device, spentMs } = timeOperations(made);
  return {
    ...trainOn(device, shape, weights, batch),
    spentMs,
    memoryBytes: bytes,
    [Symbol.asyncDispose]: () => {
      device[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

function lossOf(
  tape: Tape,
  { config, windows, tokens }: TrainingShape,
  parameters: ReadonlyMap<string, Parameter>,
  { inputs, targets }: Batch,
): Variable {
  const weights = (name: string) => {
    const parameter = parameters.get(name);
    if (!parameter) throw new RangeError(`Cannot train as there must be a weight ${name}`);
    return tape.parameter(parameter);
  };
  const logits = trainingLogits(config, tape, weights, inputs);
  const data = new Uint32Array(windows * tokens);
  targets.forEach((window, i) => data.set(window, i * tokens));
  const next = tape.device.upload({ dtype: "u32", shape: [windows, tokens], data });
  return mean(crossEntropy(logits, next));
}

async function takeGradient(
  device: Device,
  parameter: Parameter,
): Promise<readonly [name: string, gradient: Float32Array]> {
  if (!parameter.gradient) {
    throw new RangeError(`Cannot train as the loss must depend on ${parameter.name}`);
  }
  using gradient = parameter.gradient;
  parameter.gradient = null;
  return [parameter.name, (await downloadF32(device, gradient)).data];
}

async function numberOf(device: Device, { value }: Variable): Promise<number> {
  return (await downloadF32(device, value)).data[0];
}
