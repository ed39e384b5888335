// A training run from its first step or from where it was interrupted to its last.

import { scheduleOf } from "./learning_rate.ts";
import { perDomain } from "./per_domain.ts";
import type { TrainingRecipe } from "./recipe.ts";
import type { Domain } from "./text/domains.ts";
import type { Trainer } from "./trainer.ts";
import type { LogEntry, TrainingState } from "./training_files.ts";

/** Options of {@linkcode runTraining}. */
export interface TrainingRunOptions {
  /** The model in training, with its initial weights. */
  readonly trainer: Trainer;
  /** The recipe that the trainer has. */
  readonly recipe: TrainingRecipe;
  /** Windows of validation text. */
  readonly heldOut: Readonly<Record<Domain, readonly Uint32Array[]>>;
  /** Where an earlier run stopped, or `null`. */
  readonly state: TrainingState | null;
  /** Keeps a state to go on from. */
  readonly save: (state: TrainingState) => Promise<void>;
  /** After how many steps the state is saved. */
  readonly saveEvery: number;
  /** Called after every step. */
  readonly onStep: (entry: LogEntry) => void;
  /** Stops after the step that is being made, with a state that was saved. */
  readonly signal: AbortSignal;
}

/**
 * Trains to the end, or until interrupted.
 *
 * @param options What to train, and what to do on the way.
 * @returns What was measured in all steps.
 * @throws {unknown} The reason of the signal if that was aborted.
 */
export async function runTraining(options: TrainingRunOptions): Promise<LogEntry[]> {
  const { trainer, recipe, heldOut, state, save, saveEvery, onStep, signal } = options;
  const log = [...state?.log ?? []];
  if (state) trainer.upload(state.tensors);
  const schedule = scheduleOf(recipe);
  const keep = async () => await save({ tensors: await trainer.download(), schedule, log });
  const lossesOf = () => perDomain((domain) => trainer.lossOf(heldOut[domain]));
  for await (const { loss, gradientNorm, learningRate } of trainer.train()) {
    const step = trainer.steps;
    const tokens = step * recipe.windows * recipe.windowLength;
    const entry = { step, tokens, loss, gradientNorm, learningRate };
    const isLast = step === recipe.steps;
    const isMeasured = isLast || step % recipe.heldOutEvery === 0;
    log.push(isMeasured ? { ...entry, heldOut: await lossesOf() } : entry);
    onStep(log[log.length - 1]);
    if (isLast || signal.aborted || step % saveEvery === 0) await keep();
    if (!isLast) signal.throwIfAborted();
  }
  return log;
}
