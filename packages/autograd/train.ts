import type { Device } from "@pare/linalg";
import { type Check, checkOptions, integer, number } from "@pare/tensor";
import { filled } from "./filled.ts";
import type { AdamW } from "./optimizer/adamw.ts";
import { clipFactor, gradientNorm } from "./optimizer/gradient_norm.ts";
import type { Parameter } from "./parameter.ts";
import { createTape, type Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/** Options of {@linkcode train}. */
export interface TrainOptions {
  /** Where the parameters are. */
  device: Device;
  /** What is trained. */
  parameters: readonly Parameter[];
  /** What changes them; its count of steps tells where a run goes on. */
  optimizer: AdamW;
  /** The number of the step to stop before. */
  steps: number;
  /** Tells the learning rate of a step, which is counted from 0. */
  learningRate: (step: number) => number;
  /**
   * Computes the loss of one micro-batch, a variable of one number on the given tape. What it depends
   * on beside the parameters follows from the two numbers alone if a run is to be repeatable.
   */
  loss: (tape: Tape, step: number, microBatch: number) => Variable | Promise<Variable>;
  /** How many micro-batches' gradients are averaged in one step. @default {1} */
  accumulation?: number;
  /** What the norm of all gradients is clipped to; not at all by default. */
  maxNorm?: number;
  /** Stops before the next step. */
  signal?: AbortSignal;
}

/** What is known after one step. */
export interface TrainedStep {
  /** The number of the step, from 0. */
  readonly step: number;
  /** The mean loss of its micro-batches, before the parameters were changed. */
  readonly loss: number;
  /** The norm of all gradients, before clipping. */
  readonly gradientNorm: number;
  /** The learning rate. */
  readonly learningRate: number;
}

const callable: Check = {
  wanted: "a function",
  schema: {},
  test: (value) => typeof value === "function",
};
const given: Check = {
  wanted: "an object",
  schema: {},
  test: (value) => typeof value === "object" && value !== null,
};

/**
 * Trains, one step per iteration: gradients of micro-batches are gathered, clipped by their common
 * norm, and handed to the optimizer.
 *
 * Whoever iterates decides between steps: measure, save `optimizer.download()`, stop. A run goes on
 * where the optimizer's count of steps says, to the same bytes as if it had not been interrupted.
 *
 * @example Ten steps towards the origin
 * ```ts
 * import { createAdamW, createParameter, squaredNorm, train } from "@pare/autograd";
 * import { createReferenceDevice } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assert } from "@std/assert";
 *
 * using device = createReferenceDevice();
 * const x = createParameter(device, "x", tensor(Float32Array.of(3, -4), [2]));
 * using optimizer = createAdamW(device, [x]);
 * const losses: number[] = [];
 * const run = train({
 *   device,
 *   parameters: [x],
 *   optimizer,
 *   steps: 10,
 *   learningRate: () => 0.1,
 *   loss: (tape) => squaredNorm(tape.parameter(x)),
 * });
 * for await (const { loss } of run) losses.push(loss);
 * assert(losses.length === 10 && losses[9] < losses[0]);
 * ```
 *
 * @param options What to train, on what loss, how long.
 * @returns The steps as they are made.
 * @throws {RangeError} If a loss or a gradient is not finite: the parameters are then as they were
 * before that step. Or if an option is out of range.
 * @throws {TypeError} If an option is unknown.
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainedStep, void, void> {
  checkOptions("Cannot train", options, {
    device: given,
    parameters: given,
    optimizer: given,
    steps: integer(0),
    learningRate: callable,
    loss: callable,
    accumulation: integer(1),
    maxNorm: number(Number.MIN_VALUE, Number.MAX_VALUE),
    signal: given,
  });
  const { device, parameters, optimizer, steps, learningRate, maxNorm, signal } = options;
  while (optimizer.steps < steps) {
    // Where a device answers at once nothing else has had a turn: not what calls for the end, either.
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
    const step = optimizer.steps;
    try {
      const loss = await gather(options, step);
      const norm = await gradientNorm(device, parameters);
      checkFinite(step, "the loss", loss);
      checkFinite(step, "the norm of gradients", norm);
      const rate = learningRate(step);
      const gradientScale = maxNorm === undefined ? 1 : clipFactor(norm, maxNorm);
      optimizer.step({ learningRate: rate, gradientScale });
      yield { step, loss, gradientNorm: norm, learningRate: rate };
    } finally {
      // What a step that failed has gathered must not be added to the next one's.
      for (const parameter of parameters) discard(parameter);
    }
  }
}

/** Runs all micro-batches of a step forward and back, and tells their mean loss. */
async function gather(options: TrainOptions, step: number): Promise<number> {
  const { device, accumulation = 1 } = options;
  let total = 0;
  for (let microBatch = 0; microBatch < accumulation; microBatch++) {
    using tape = createTape(device);
    const loss = await options.loss(tape, step, microBatch);
    const { shape, dtype } = loss.value;
    tape.backward([loss, filled(tape.device, 1 / accumulation, shape, dtype)]);
    total += Number((await device.download(loss.value)).data[0]);
  }
  return total / accumulation;
}

function discard(parameter: Parameter): void {
  parameter.gradient?.[Symbol.dispose]();
  parameter.gradient = null;
}

function checkFinite(step: number, what: string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new RangeError(
    `Cannot train as ${what} must be finite: current value in step ${step} is ${value}`,
  );
}
