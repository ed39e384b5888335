import type { Device } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import type { OperatorNode } from "./node.ts";
import type { MatrixShape, Operator } from "./operator.ts";

/** What calibration saw at the input of one linear layer. Plain data. */
export interface Statistics {
  /** How many tokens were seen. */
  readonly tokens: number;
  /** Σ x xᵀ over the tokens, `[n, n]`, neither centred nor divided. */
  readonly gram: Tensor<"f64">;
  /** Mean of |x| per channel, `[n]`. */
  readonly meanAbs: Tensor<"f64">;
  /** Largest |x| per channel, `[n]`. */
  readonly maxAbs: Tensor<"f64">;
  /**
   * What the layer reads of the same tokens once the blocks before its own are compressed, where all
   * else here is of the original model; only for methods that ask for both.
   */
  readonly compressed?: Pick<Statistics, "tokens" | "gram">;
}

/** How a method that iterates went: plain data, for the manifest. */
export interface Convergence {
  /**
   * The loss of each result that it came to, of which an iteration may have several, relative to that
   * of a weight of zeros: ‖(W − Ŵ) X‖² / ‖W X‖² on what the method was shown. One or more.
   */
  readonly losses: readonly number[];
  /** Which result was kept, counted from 0. */
  readonly chosen: number;
}

/** A compressed weight, and how its method got there. */
export interface CompressedWeight {
  /** The weight. */
  readonly operator: Operator;
  /** What the method tells of its iterations. */
  readonly convergence: Convergence;
}

/**
 * What a method that iterates calls behind each iteration, with the number of those that are over. It
 * throws where the work is to stop.
 */
export type OnIteration = (done: number) => void;

/**
 * Compresses one weight: pure, and the same for the same input. `statistics` is of the layer's
 * input, or `null` where no calibration was asked for. A method that iterates tells how it went, and
 * how far it is.
 */
export type WeightMethod<Options extends object> = (
  weight: Tensor,
  statistics: Statistics | null,
  options: Options,
  device: Device,
  onIteration?: OnIteration,
) => Operator | CompressedWeight | Promise<Operator | CompressedWeight>;

/**
 * Tells what a method will return for a weight of the given shape, and so its exact size; throws
 * what the method itself would throw for options that do not fit the shape.
 */
export type WeightPlan<Options extends object> = (
  shape: MatrixShape,
  options: Options,
) => OperatorNode;

/** What became of weights that were compressed as one. */
export interface CompressedGroup {
  /** The weights, in the order in which they were given. */
  readonly operators: readonly Operator[];
  /** What the method tells of its iterations, which were of all weights; `null` for none. */
  readonly convergence: Convergence | null;
}

/**
 * Compresses weights that read one input as one: pure, and the same for the same input. The parts
 * that the plan says are shared are the same in all operators, to the bit.
 */
export type GroupMethod<Options extends object> = (
  weights: readonly Tensor[],
  statistics: Statistics | null,
  options: Options,
  device: Device,
  onIteration?: OnIteration,
) => CompressedGroup | Promise<CompressedGroup>;

/** What a method will return for weights that it compresses as one. */
export interface GroupNodes {
  /** The nodes, in the order of the weights. */
  readonly nodes: readonly OperatorNode[];
  /** The parts that all have in common, by their names within each operator, as `terms.1.right`. */
  readonly shared: readonly string[];
}

/** Tells what a method will return for weights of the given shapes, as a {@linkcode WeightPlan}. */
export type GroupPlan<Options extends object> = (
  shapes: readonly MatrixShape[],
  options: Options,
) => GroupNodes;
