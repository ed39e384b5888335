// The options that all methods with error feedback have, and what they do with them.

import { type Device, withDevice } from "@pare/linalg";
import type { Operator } from "@pare/operators";
import { type Check, type Checks, integer, number, type Tensor } from "@pare/tensor";
import type { ColumnOrder } from "./column_order.ts";
import type { ColumnRounding } from "./column_quantizer.ts";
import { feedbackFactors } from "./feedback_factors.ts";
import { type FeedbackProblem, refineOnce, roundWithFeedback } from "./feedback_rounding.ts";
import { DEFAULT_DAMPING } from "./hessian.ts";

/** Options of all methods that round with error feedback. */
export interface FeedbackOptions {
  /**
   * σ of H = G / d + σ I, d the mean diagonal of the Gram matrix G; 0 for a matrix that is damped
   * already. It is raised tenfold, from 1e-6 on, as long as H is not positive definite.
   *
   * @default {0.01}
   */
  damping?: number;
  /**
   * How often all columns are rounded again, each to what is best for it as the others are.
   *
   * @default {2}
   */
  refinements?: number;
  /**
   * The columns whose errors go on to all others at once, 1 to 128; it decides the time, and the last
   * bits.
   *
   * @default {128}
   */
  panel?: number;
}

/** One rule per option. */
export const FEEDBACK_CHECKS: Checks<FeedbackOptions> = {
  damping: number(0, 1e6),
  refinements: integer(0, 100),
  panel: integer(1, 128),
} satisfies Record<keyof FeedbackOptions, Check>;

/** What is not an option of a recipe. */
export interface FeedbackContext {
  /** Where to compute; a WebAssembly device made for the call by default. */
  device?: Device;
  /** Is told σ if it had to be raised. */
  onDamping?: (damping: number) => void;
}

/** What is rounded, and how. */
export interface FeedbackSettings {
  /** W, f32 `[m, n]`. */
  readonly weight: Tensor;
  /** G. */
  readonly gram: Tensor<"f64">;
  /** The columns, the last of which is rounded first. */
  readonly order: ColumnOrder;
  /** How many columns are rounded at once. */
  readonly blockSize: number;
  /** Whether D tells the nearest codeword. */
  readonly isMetric: boolean;
  /** Begins to round. */
  readonly begin: (device: Device) => ColumnRounding | Promise<ColumnRounding>;
}

/** Rounds a matrix with error feedback, and refines it. */
export async function quantizeWithFeedback(
  settings: FeedbackSettings,
  { damping = DEFAULT_DAMPING, refinements = 2, panel = 128 }: FeedbackOptions,
  { device, onDamping }: FeedbackContext,
): Promise<Operator> {
  const { weight, gram, order, blockSize, isMetric } = settings;
  return await withDevice(device, async (outer) => {
    const factors = await feedbackFactors(gram, {
      damping,
      order,
      blockSize,
      isRefined: refinements > 0,
      device: outer,
    });
    if (factors.damping !== damping) onDamping?.(factors.damping);
    using scope = outer.scope();
    using rounding = await settings.begin(scope);
    const columns = scope.upload({ dtype: "u32", shape: [order.length], data: order });
    const problem: FeedbackProblem = {
      rounding,
      blockSize,
      order,
      panelWidth: panel,
      weight: scope.gatherCols(scope.upload(weight), columns),
    };
    const errors = roundWithFeedback(scope, problem, factors, isMetric);
    const { refining } = factors;
    for (let pass = 0; refining && pass < refinements; pass++) {
      refineOnce(scope, problem, refining, errors);
    }
    return await rounding.finish();
  });
}
