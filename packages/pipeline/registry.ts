import type { Device } from "@pare/linalg";
import type { GroupMethod, GroupPlan, Statistics, WeightMethod, WeightPlan } from "@pare/operators";
import type { Check, Tensor } from "@pare/tensor";

/**
 * What a method needs to know of a layer's inputs: sums per channel, the Gram matrix too, or beside
 * it the Gram matrix of what the layer reads once the blocks before its own are compressed.
 */
export type Needs = "nothing" | "channels" | "gram" | "both-grams";

/** What there is to know, from the least to the most; each has all that stands before it. */
export const NEEDS: readonly Needs[] = ["nothing", "channels", "gram", "both-grams"];

/** A compression method as recipes know it. */
export interface Method {
  /** One sentence for help texts. */
  readonly summary: string;
  /**
   * Which statistics of the inputs it takes, where that depends on its options as a function of
   * them; those who need none run without calibration text.
   */
  readonly needs: Needs | ((options: Options) => Needs);
  /** One rule per option; also what the recipe's schema says of them. */
  readonly checks: Readonly<Record<string, Check>>;
  /** What it will return for a weight of the given shape; throws for options that do not fit. */
  readonly plan: WeightPlan<Options>;
  /** Compresses one weight. */
  readonly compress: WeightMethod<Options>;
  /**
   * How many iterations it tells of at most. Methods that have it return a convergence beside the
   * operator, and the manifest has room for it.
   */
  readonly maxIterations?: (options: Options) => number;
  /** How it compresses layers that read the same input as one, where its options ask for that. */
  readonly together?: {
    /** Whether they do. */
    readonly isAsked: (options: Options) => boolean;
    /** What it will return for weights of the given shapes. */
    readonly plan: GroupPlan<Options>;
    /** Compresses the weights, two or more. */
    readonly compress: GroupMethod<Options>;
  };
  /**
   * What each rank of one weight gains: squared singular values, descending, whose tail is what is
   * lost. Methods that have it take an option `rank`, and their ranks may come from an allocation.
   */
  readonly spectrum?: (
    weight: Tensor,
    statistics: Statistics | null,
    options: Options,
    device: Device,
  ) => Promise<Float64Array>;
}

/** Options of a method, checked against its rules. */
export type Options = Readonly<Record<string, unknown>>;

/** Every method that recipes may name. */
export type Registry = Readonly<Record<string, Method>>;
