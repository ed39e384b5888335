import type { Device } from "@pare/linalg";
import { logitsOf, type Model, type WindowLogits } from "@pare/model";
import { ShapeError } from "@pare/tensor";
import { summarize, type Summary } from "./summary.ts";
import { addScores, scoreWindow, type WindowScore } from "./window_score.ts";

/** Options of {@linkcode evaluate}. */
export interface EvaluateOptions {
  /** The original, to compare the model with. */
  against?: Model;
  /** How many characters each window's predicted tokens spell, for bits per character. */
  characters?: readonly number[];
  /** Where to run; a device of WebAssembly of one's own by default. */
  device?: Device;
  /** Called as the work goes on, with shares of it. */
  onProgress?: (progress: { done: number; total: number }) => void;
  /** Stops the work. */
  signal?: AbortSignal;
}

/**
 * Measures how well a model predicts a text, and how far it is from the one it was made from.
 *
 * Blocks are loaded one at a time, so that a model larger than the memory can be measured.
 *
 * @param model The model.
 * @param windows The text as windows of tokens; the first token of each is not predicted, and
 * nothing is carried from one window to the next.
 * @param options The original, and where to run.
 * @returns Cross-entropy, perplexity, and what the original has to do with it.
 * @throws {RangeError} If there are no windows or a logit is not finite.
 * @throws {ShapeError} If the two models have different vocabularies.
 */
export async function evaluate(
  model: Model,
  windows: readonly Uint32Array[],
  options: EvaluateOptions = {},
): Promise<Summary> {
  const { against, characters, device, onProgress, signal } = options;
  const { vocabularySize } = model.config;
  if (against && against.config.vocabularySize !== vocabularySize) {
    throw new ShapeError("Cannot compare models", [against.config.vocabularySize], [
      vocabularySize,
    ]);
  }
  // The two models take turns from the first logits on: what counts is what both have done.
  const done = against ? [0, 0] : [0];
  const run = (of: Model, index: number) =>
    logitsOf(of, windows, {
      ...(device && { device }),
      ...(signal && { signal }),
      onProgress: (progress) => {
        done[index] = progress.done;
        const sum = done.reduce((total, part) => total + part, 0);
        onProgress?.({ done: sum, total: done.length * progress.total });
      },
    });
  const originals = against ? run(against, 1) : null;
  const scores: WindowScore[] = [];
  try {
    for await (const piece of run(model, 0)) {
      const original = originals ? await samePiece(originals, piece) : null;
      const { window, start, logits } = piece;
      const score = scoreWindow(windows[window], logits.data, original, { vocabularySize, start });
      scores[window] = scores[window] ? addScores(scores[window], score) : score;
    }
    // Nothing is left of the original but to say that it is done.
    await originals?.next();
  } finally {
    await originals?.return();
  }
  return summarize(scores, characters ?? null);
}

/** The original's logits of the same tokens: both models are cut into the same pieces. */
async function samePiece(
  originals: AsyncGenerator<WindowLogits, void, void>,
  { window, start, logits }: WindowLogits,
): Promise<Float32Array> {
  const { value } = await originals.next();
  if (!value || value.window !== window || value.start !== start) {
    throw new RangeError(
      `Cannot compare models as both must give the same tokens: current window ${window} has no match`,
    );
  }
  if (value.logits.shape[0] !== logits.shape[0]) {
    throw new ShapeError("Cannot compare models", logits.shape, value.logits.shape);
  }
  return value.logits.data;
}
