// AdamW: I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization", 2019,
// arXiv:1711.05101, algorithm 2. The step itself is the device's (`Device.adamW`), with its formula.
//
// Departs from the paper: the schedule multiplies the learning rate, and so the decay, as most
// implementations have it. Memory: two numbers beside each that is trained.

import type { AdamWMoments, Device, DeviceArray } from "@pare/linalg";
import { type AnyTensor, checkOptions, type Checks, number, sizeOf, tensor } from "@pare/tensor";
import type { Parameter } from "../parameter.ts";

/** Options of {@linkcode createAdamW}. */
export interface AdamWOptions {
  /** The share of the mean gradient that stays in each step. @default {0.9} */
  beta1?: number;
  /** The share of the mean squared gradient that stays in each step. @default {0.999} */
  beta2?: number;
  /** Added to the root of the mean square. @default {1e-8} */
  epsilon?: number;
  /** By how much a parameter shrinks in each step, in units of the learning rate. @default {0.1} */
  weightDecay?: number;
  /** Tells which parameters decay; all of them by default. */
  decays?: (parameter: Parameter) => boolean;
}

/** What one step is given. */
export interface OptimizerStep {
  /** The learning rate. */
  readonly learningRate: number;
  /** What gradients are multiplied with first, as for clipping. @default {1} */
  readonly gradientScale?: number;
}

/** An optimizer and what it remembers. */
export interface AdamW extends Disposable {
  /** How many steps were made. */
  readonly steps: number;
  /**
   * Changes every parameter that has a gradient, and frees the gradient.
   *
   * @throws {RangeError} If a number is not finite.
   */
  step(step: OptimizerStep): void;
  /**
   * Copies everything that a training run has to remember: each parameter under its name, its
   * moments as `<name>.first` and `<name>.second`, and the count of steps as `steps`.
   */
  download(): Promise<Map<string, AnyTensor>>;
  /**
   * Goes on from what `download` returned, to the same bytes.
   *
   * @throws {RangeError} If a tensor is missing, or has another shape; nothing is changed then.
   * @throws {TypeError} If a tensor has another dtype; nothing is changed then.
   */
  upload(state: ReadonlyMap<string, AnyTensor>): void;
}

const ADAMW_CHECKS: Checks<AdamWOptions> = {
  beta1: number(0, 1 - 2 ** -53),
  beta2: number(0, 1 - 2 ** -53),
  epsilon: number(Number.MIN_VALUE, 1),
  weightDecay: number(0, 1e6),
  decays: {
    wanted: "a function",
    schema: {},
    test: (value) => typeof value === "function",
  },
};

/** The name of the count of steps; no parameter has it. */
const STEPS = "steps";

/**
 * Makes an optimizer.
 *
 * @example Down a parabola
 * ```ts
 * import { createAdamW, createParameter, createTape, squaredNorm } from "@pare/autograd";
 * import { createReferenceDevice, downloadF32 } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assert } from "@std/assert";
 *
 * using device = createReferenceDevice();
 * const x = createParameter(device, "x", tensor(Float32Array.of(3, -4), [2]));
 * using optimizer = createAdamW(device, [x], { weightDecay: 0 });
 * for (let step = 0; step < 200; step++) {
 *   using tape = createTape(device);
 *   tape.backward(squaredNorm(tape.parameter(x)));
 *   optimizer.step({ learningRate: 0.05 });
 * }
 * assert((await downloadF32(device, x.value)).data.every((value) => Math.abs(value) < 0.05));
 * ```
 *
 * @param device Where the parameters are.
 * @param parameters What is trained.
 * @param options The constants of the method.
 * @returns The optimizer; the caller frees it, not the parameters.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If an option is unknown, or two parameters have one name.
 */
export function createAdamW(
  device: Device,
  parameters: readonly Parameter[],
  options: AdamWOptions = {},
): AdamW {
  const action = "Cannot make an optimizer";
  checkOptions(action, options, ADAMW_CHECKS);
  checkNames(action, parameters);
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.1 } = options;
  const { decays = () => true } = options;
  const scope = device.scope();
  const trained = parameters.map((parameter) => {
    const { shape, dtype } = parameter.value;
    const moments = { first: scope.zeros(shape, dtype), second: scope.zeros(shape, dtype) };
    return { parameter, moments, decay: decays(parameter) ? weightDecay : 0 };
  });
  let steps = 0;
  return {
    get steps() {
      return steps;
    },
    step: ({ learningRate, gradientScale = 1 }) => {
      steps++;
      for (const { parameter, moments, decay } of trained) {
        if (!parameter.gradient) continue;
        using gradient = parameter.gradient;
        parameter.gradient = null;
        device.adamW(parameter.value, gradient, moments, {
          step: steps,
          learningRate,
          beta1,
          beta2,
          epsilon,
          weightDecay: decay,
          gradientScale,
        });
      }
    },
    download: async () => {
      const state = new Map<string, AnyTensor>();
      for (const [name, array] of arraysOf(trained)) state.set(name, await device.download(array));
      return state.set(STEPS, tensor(Float64Array.of(steps), [1]));
    },
    upload: (state) => {
      const arrays = arraysOf(trained);
      const count = countIn(state);
      for (const [name, array] of arrays) checkTensor(name, state.get(name), array);
      for (const [name, array] of arrays) overwrite(scope, array, state.get(name));
      steps = count;
    },
    [Symbol.dispose]: () => scope[Symbol.dispose](),
  };
}

/** A parameter with what is remembered of it. */
interface Trained {
  readonly parameter: Parameter;
  readonly moments: AdamWMoments;
}

/** Everything that is remembered, by names. */
function arraysOf(trained: readonly Trained[]): [name: string, array: DeviceArray][] {
  return trained.flatMap(({ parameter: { name, value }, moments: { first, second } }) => [
    [name, value],
    [`${name}.first`, first],
    [`${name}.second`, second],
  ]);
}

function checkNames(action: string, parameters: readonly Parameter[]): void {
  const seen = new Set([STEPS]);
  for (const { name } of parameters) {
    for (const used of [name, `${name}.first`, `${name}.second`]) {
      if (seen.has(used)) {
        throw new TypeError(`${action} as names must differ: current name ${used} is used twice`);
      }
      seen.add(used);
    }
  }
}

function countIn(state: ReadonlyMap<string, AnyTensor>): number {
  const count = Number(state.get(STEPS)?.data[0]);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new RangeError(
    `Cannot resume training as "${STEPS}" must hold an integer of 0 or more: ` +
      `current value is ${state.get(STEPS)?.data[0]}`,
  );
}

function checkTensor(name: string, found: AnyTensor | undefined, { shape, dtype }: DeviceArray) {
  const action = `Cannot resume training`;
  if (!found) {
    throw new RangeError(`${action} as there must be a tensor "${name}": current state has none`);
  }
  if (found.shape.join() !== shape.join()) {
    throw new RangeError(
      `${action} as the shape of "${name}" must be [${shape.join(", ")}]: ` +
        `current shape is [${found.shape.join(", ")}]`,
    );
  }
  if (found.dtype !== dtype) {
    throw new TypeError(
      `${action} as the dtype of "${name}" must be ${dtype}: current dtype is ${found.dtype}`,
    );
  }
}

/** Replaces all elements of an array. */
function overwrite(device: Device, array: DeviceArray, source: AnyTensor | undefined): void {
  if (!source) return;
  const size = sizeOf(array.shape);
  using uploaded = device.upload(source);
  using row = device.reshape(uploaded, [1, size]);
  using target = device.reshape(array, [1, size]);
  device.write(target, row, 0, 0);
}
