import {
  byteLengthOf,
  type GroupNodes,
  type MatrixShape,
  type OperatorNode,
} from "@pare/operators";
import { DEFAULT_DAMPING, planHadamardSides } from "@pare/quantizers";
import { checkOptions, sizeOf } from "@pare/tensor";
import { denseStore, type FactorStore, quantizerStore } from "../factor_store.ts";
import { type QuantizerWith, quantizerWith } from "../quantizer_with.ts";
import { largestWithin } from "../largest_within.ts";
import { CALDERA_CHECKS, type CalderaOptions, type Preset, withPreset } from "./caldera_options.ts";
import { type FactorPart, planProducts } from "./factor_parts.ts";

/** What begins the messages of errors. */
export const ACTION = "Cannot compress by CALDERA";

/** The options for a matrix of known shape, every default filled in. */
export interface ResolvedOptions
  extends Omit<Preset, "quantizer" | "leftQuantizer" | "rightQuantizer"> {
  /** How the backbone is stored. */
  readonly quantizer: QuantizerWith;
  /** How the factors are; their ranks add up to the rank, none for a backbone alone. */
  readonly parts: readonly FactorPart[];
  /** What is added to the diagonal of the Gram matrix. */
  readonly damping: number;
  /** Whether a random basis is taken. */
  readonly rotate: boolean;
  /** Which random numbers. */
  readonly seed: number;
}

/**
 * Tells what {@linkcode caldera} returns for a matrix of the given shape.
 *
 * @example Two bits a weight, and two for each number of two factors of rank 64
 * ```ts
 * import { planCaldera } from "@pare/decomposers";
 * import { bitsPerWeight } from "@pare/operators";
 * import { assert } from "@std/assert";
 *
 * assert(bitsPerWeight(planCaldera([1024, 1024], { rank: 64 })) < 2.26);
 * ```
 *
 * @param shape `[m, n]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range, the rank is larger than the matrix or than
 * `bitsPerWeight` has room for.
 * @throws {TypeError} If an option is unknown.
 */
export function planCaldera(shape: MatrixShape, options: CalderaOptions = {}): OperatorNode {
  return nodeWith(shape, resolveOptions([shape], options));
}

/**
 * Tells what {@linkcode calderaTogether} returns for weights of the given shapes.
 *
 * @example A rank costs its rows in every weight, and its columns once
 * ```ts
 * import { planCalderaTogether } from "@pare/decomposers";
 * import { byteLengthOf } from "@pare/operators";
 * import { assertEquals } from "@std/assert";
 *
 * const bytesAt = (rank: number) => {
 *   const shapes = [[64, 64], [32, 64], [32, 64]] as const;
 *   const { nodes, shared } = planCalderaTogether(shapes, { rank, factorDtype: "f16" });
 *   return nodes.reduce(
 *     (sum, node, i) => sum + byteLengthOf(node, i > 0 ? { layer: "first", parts: shared } : null),
 *     0,
 *   );
 * };
 * assertEquals(bytesAt(5) - bytesAt(4), 2 * (64 + 32 + 32 + 64));
 * ```
 *
 * @param shapes `[m₁, n], [m₂, n], …`.
 * @param options The same options.
 * @returns The node of each operator, and what they have in common.
 * @throws {RangeError} If an option is out of range, the weights are of different widths, the rank is
 * larger than all of them together or than `bitsPerWeight` has room for.
 * @throws {TypeError} If an option is unknown.
 */
export function planCalderaTogether(
  shapes: readonly MatrixShape[],
  options: CalderaOptions = {},
): GroupNodes {
  return nodesWith(shapes, resolveOptions(shapes, options));
}

/** The options for weights of those shapes; throws what {@linkcode planCalderaTogether} does. */
export function resolveOptions(
  shapes: readonly MatrixShape[],
  options: CalderaOptions,
): ResolvedOptions {
  checkOptions(ACTION, options, CALDERA_CHECKS);
  const { damping = DEFAULT_DAMPING, rotate = true, seed = 0, fineTuneRank = 0 } = options;
  const { factorDtype, leftQuantizer, rightQuantizer } = options;
  if (factorDtype !== undefined && (leftQuantizer ?? rightQuantizer) !== undefined) {
    throw new RangeError(
      `${ACTION} as only one of factorDtype and a quantizer of factors must be given: current ` +
        `values are ${factorDtype} and ${JSON.stringify(leftQuantizer ?? rightQuantizer)}`,
    );
  }
  const chosen = withPreset(options);
  const store = storeOf(chosen, damping);
  const withRank = (rank: number): ResolvedOptions => ({
    ...chosen,
    quantizer: quantizerWith(chosen.quantizer, { damping }),
    parts: partsOf(rank, fineTuneRank, store),
    damping,
    rotate,
    seed,
  });
  const shape = stackedShape(shapes);
  const bitsWith = (rank: number) =>
    8 * byteLengthOfAll(nodesWith(shapes, withRank(rank))) / sizeOf(shape);
  const rank = rankFor(shape, options, bitsWith);
  if (fineTuneRank > rank) {
    throw new RangeError(
      `${ACTION} as fineTuneRank must be at most the rank, ${rank}: current value is ${fineTuneRank}`,
    );
  }
  return withRank(rank);
}

/** How factors are stored. */
function storeOf(options: CalderaOptions & Preset, damping: number): FactorStore {
  const { factorDtype, leftQuantizer, rightQuantizer } = options;
  if (factorDtype !== undefined) return denseStore(factorDtype);
  return quantizerStore({
    left: quantizerWith(leftQuantizer, { damping, partialGroups: true }),
    right: quantizerWith(rightQuantizer, { damping, partialGroups: true }),
  });
}

/** The components of the rank: those for later training first. */
function partsOf(rank: number, fineTuneRank: number, store: FactorStore): readonly FactorPart[] {
  const trained = Math.min(rank, fineTuneRank);
  const parts = [
    { rank: trained, store: denseStore("f16") },
    { rank: rank - trained, store },
  ];
  return parts.filter((part) => part.rank > 0);
}

/** The rank that is asked for, or has room. */
function rankFor(
  [rows, cols]: MatrixShape,
  { rank, bitsPerWeight }: CalderaOptions,
  bitsWith: (rank: number) => number,
): number {
  const most = Math.min(rows, cols);
  if (rank !== undefined && rank > most) {
    throw new RangeError(
      `${ACTION} as rank must be at most ${most} for a ${rows} × ${cols} matrix: current value is ` +
        `${rank}`,
    );
  }
  if (bitsPerWeight === undefined) return rank ?? defaultRank(most);
  const least = bitsWith(rank ?? 0);
  if (least > bitsPerWeight) {
    throw new RangeError(
      `${ACTION} as bitsPerWeight must be at least ${least} for a ${rows} × ${cols} matrix of rank ` +
        `${rank ?? 0}: current value is ${bitsPerWeight}`,
    );
  }
  return rank ?? largestWithin(0, most, (rank) => bitsWith(rank) <= bitsPerWeight);
}

/** A sixteenth of the shorter side, in whole blocks of eight where there are any. */
function defaultRank(most: number): number {
  const share = most / 16;
  return Math.floor(share < 8 ? Math.max(1, share) : share - share % 8);
}

/** The shape of all weights one below the other. */
function stackedShape(shapes: readonly MatrixShape[]): MatrixShape {
  const [[, cols]] = shapes;
  const other = shapes.find((shape) => shape[1] !== cols);
  if (other) {
    throw new RangeError(
      `${ACTION} as weights of one input must have the same number of columns, ${cols}: current ` +
        `shape is [${other.join(", ")}]`,
    );
  }
  return [shapes.reduce((sum, [rows]) => sum + rows, 0), cols];
}

function byteLengthOfAll({ nodes, shared }: GroupNodes): number {
  const others = { layer: "", parts: shared };
  return nodes.reduce((sum, node, i) => sum + byteLengthOf(node, i === 0 ? null : others), 0);
}

/** All nodes; what they have in common is R and the rotation of the inputs. */
function nodesWith(shapes: readonly MatrixShape[], options: ResolvedOptions): GroupNodes {
  const { parts, rotate } = options;
  const isTurned = rotate && planHadamardSides(shapes[0]).right !== null;
  const factors = parts.map((_, i) => `${rotate ? "inner." : ""}terms.${i + 1}.right`);
  return {
    nodes: shapes.map((shape) => nodeWith(shape, options)),
    shared: [...(isTurned ? ["right"] : []), ...factors],
  };
}

function nodeWith(
  shape: MatrixShape,
  { quantizer, parts, rotate }: ResolvedOptions,
): OperatorNode {
  const terms = [quantizer.plan(shape), ...planProducts(parts, shape)];
  const inner: OperatorNode = terms.length === 1 ? terms[0] : { form: "sum", terms };
  return rotate ? { form: "rotated", inner, ...planHadamardSides(shape) } : inner;
}
