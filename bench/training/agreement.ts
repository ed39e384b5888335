import type { LossGradients } from "./trainer.ts";

/** How far two are apart. */
export interface Disagreement {
  /** The difference of the losses, in units of the second one. */
  readonly loss: number;
  /** The largest ‖g − g'‖ / ‖g'‖ of a gradient, and the weight it is of. */
  readonly gradient: number;
  readonly worst: string;
}

/** The largest that counts as agreement, both of losses and of gradients. */
export const AGREEMENT = 1e-4;

/** Compares losses and gradients; these element by element, as norms might agree by chance. */
export function disagreement(actual: LossGradients, wanted: LossGradients): Disagreement {
  let gradient = 0;
  let worst = "";
  for (const [name, expected] of wanted.gradients) {
    const distance = relativeDistance(actual.gradients.get(name) ?? new Float32Array(), expected);
    if (distance > gradient) [gradient, worst] = [distance, name];
  }
  return { loss: Math.abs(actual.loss - wanted.loss) / Math.abs(wanted.loss), gradient, worst };
}

/** ‖a − e‖ / ‖e‖; infinite where there is none. */
function relativeDistance(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Infinity;
  let [distance, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    distance += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  const relative = Math.sqrt(distance / norm);
  return Number.isNaN(relative) ? Infinity : relative;
}
