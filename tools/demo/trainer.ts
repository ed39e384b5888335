// A model in training, on a device: the steps of a recipe, and what is measured between them.

import {
  type AdamW,
  createAdamW,
  createParameter,
  createTape,
  crossEntropy,
  mean,
  type Parameter,
  type Tape,
  train,
  type TrainedStep,
  type Variable,
} from "@pare/autograd";
import { type Device, downloadF32 } from "@pare/linalg";
import { type ModelConfig, trainingLogits } from "@pare/model";
import { type AnyTensor, type Tensor, tensor } from "@pare/tensor";
import { initialWeights } from "./initial_weights.ts";
import { learningRateAt } from "./learning_rate.ts";
import type { TrainingRecipe } from "./recipe.ts";

/** What is trained, and on what. */
export interface TrainerOptions {
  /** Where to train. */
  readonly device: Device;
  /** The model's configuration. */
  readonly config: ModelConfig;
  /** How to train it. */
  readonly recipe: TrainingRecipe;
  /** Gives window i of the training text, one token longer than the recipe's windows. */
  readonly window: (index: number) => Uint32Array;
}

/** A model in training. */
export interface Trainer extends Disposable {
  /** How many steps were made. */
  readonly steps: number;
  /** Makes the steps that are left, one per iteration. */
  train(): AsyncGenerator<TrainedStep, void, void>;
  /** Measures the mean loss of windows that are one token longer than those trained on. */
  lossOf(windows: readonly Uint32Array[]): Promise<number>;
  /** Copies the weights, by their names on disk. */
  weights(): Promise<Map<string, Tensor>>;
  /** Copies all that a run needs to go on. */
  download(): Promise<Map<string, AnyTensor>>;
  /** Goes on from what `download` returned, to the same bytes. */
  upload(state: ReadonlyMap<string, AnyTensor>): void;
}

/**
 * Puts a model on a device to train it.
 *
 * @param options What is trained, and on what.
 * @returns The model with its initial weights; the caller frees it.
 */
export function createTrainer({ device, config, recipe, window }: TrainerOptions): Trainer {
  const scope = device.scope();
  const { seed, initialDeviation: deviation } = recipe;
  const parameters = new Map<string, Parameter>();
  for (const [name, value] of initialWeights(config, { seed, deviation })) {
    parameters.set(name, createParameter(scope, name, value));
  }
  const trained = [...parameters.values()];
  const optimizer = optimizerOf(scope, trained, recipe);
  const perBatch = recipe.windows / recipe.microBatches;
  const lossOn = (tape: Tape, windows: readonly Uint32Array[], isTrained: boolean): Variable => {
    const weight = (name: string): Variable => {
      const parameter = parameterOf(parameters, name);
      return isTrained ? tape.parameter(parameter) : tape.constant(parameter.value);
    };
    const inputs = windows.map((tokens) => tokens.subarray(0, -1));
    const logits = trainingLogits(config, tape, weight, inputs);
    return mean(crossEntropy(logits, tape.device.upload(targetsOf(windows))));
  };
  return {
    get steps() {
      return optimizer.steps;
    },
    train: () =>
      train({
        device: scope,
        parameters: trained,
        optimizer,
        steps: recipe.steps,
        accumulation: recipe.microBatches,
        maxNorm: recipe.maxNorm,
        learningRate: (step) => learningRateAt(step, recipe),
        loss: (tape, step, microBatch) => {
          const first = step * recipe.windows + microBatch * perBatch;
          const windows = Array.from({ length: perBatch }, (_, i) => window(first + i));
          return lossOn(tape, windows, true);
        },
      }),
    lossOf: async (windows) => {
      let total = 0;
      for (let i = 0; i < windows.length; i += perBatch) {
        using tape = createTape(scope);
        const batch = windows.slice(i, i + perBatch);
        const { data: [loss] } = await downloadF32(scope, lossOn(tape, batch, false).value);
        total += loss * batch.length;
      }
      return total / windows.length;
    },
    weights: async () => {
      const weights = new Map<string, Tensor>();
      for (const { name, value } of trained) weights.set(name, await downloadF32(scope, value));
      return weights;
    },
    download: () => optimizer.download(),
    upload: (state) => optimizer.upload(state),
    [Symbol.dispose]: () => {
      optimizer[Symbol.dispose]();
      scope[Symbol.dispose]();
    },
  };
}

/** Matrices decay, gains of norms do not. */
function optimizerOf(
  device: Device,
  parameters: readonly Parameter[],
  { beta1, beta2, weightDecay }: TrainingRecipe,
): AdamW {
  const decays = ({ value }: Parameter) => value.shape.length > 1;
  return createAdamW(device, parameters, { beta1, beta2, weightDecay, decays });
}

function parameterOf(parameters: ReadonlyMap<string, Parameter>, name: string): Parameter {
  const parameter = parameters.get(name);
  if (parameter) return parameter;
  throw new RangeError(
    `Cannot run the model as "${name}" must be one of its tensors: current names are ${
      [...parameters.keys()].join(", ")
    }`,
  );
}

/** What comes after each token, `[windows, tokens]`. */
function targetsOf(windows: readonly Uint32Array[]): Tensor<"u32"> {
  const length = windows[0].length - 1;
  const targets = new Uint32Array(windows.length * length);
  windows.forEach((window, i) => targets.set(window.subarray(1), i * length));
  return tensor(targets, [windows.length, length], "u32");
}
