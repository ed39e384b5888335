// What the layers of each part read of the calibration text.
//
// As a rule it is what they read in the original model, gathered now or before; with `sequential`, what
// the same layers read once the blocks before them are compressed. A method that needs both has two streams run side by
// side, which takes twice the hidden states and Gram matrices, and up to three passes over a block:
// the original one on either stream, the compressed one on the second.

import { type InputStatistics, startStream, type StreamContext } from "./calibration_stream.ts";
import { needsOf } from "./needs_of.ts";
import type { Part } from "./plan.ts";

/** What the layers of one part read. */
export interface PartInputs {
  /** What methods see of the inputs, by the name of the input. */
  readonly original: InputStatistics;
  /** What comes out of the compressed blocks before them; `null` where no method asks for it. */
  readonly compressed: InputStatistics | null;
}

/** The inputs of all parts, asked for one after the other. */
export interface Inputs {
  /** What the layers of a part read; `null` outside the blocks and without calibration. */
  observe(part: Part): Promise<PartInputs | null>;
  /** Goes past a part, which is finished. */
  pass(part: Part): Promise<void>;
}

/** Starts in front of the first part. */
export function openInputs(context: StreamContext): Inputs {
  const { job: { calibration, statistics, recipe, registry }, plan: { parts } } = context;
  const stream = (isCompressed: boolean, last: Part | undefined) =>
    calibration && last ? startStream(context, { isCompressed, last }) : null;
  const needsBoth = ({ layers }: Part) =>
    layers.some(({ step }) => step && needsOf(step, registry) === "both-grams");
  const main = statistics ? null : stream(
    recipe.calibration.sequential,
    parts.findLast(({ block }) => block !== null),
  );
  const second = stream(true, parts.findLast(needsBoth));
  return {
    observe: async (part) => {
      if (part.block === null) return null;
      const original = await (statistics ? statistics.block(part.block) : main?.observe(part));
      if (!original) return null;
      const compressed = second && needsBoth(part) ? await second.observe(part) : null;
      return { original, compressed };
    },
    pass: async (part) => {
      await main?.pass(part);
      await second?.pass(part);
    },
  };
}
