// The outer loop of CALDERA: backbone and low-rank part in turn, each fitted to what the other leaves.
//
// R. Saha et al., "Compressing Large Language Models using Low Rank and Low Precision Decomposition",
// 2024, arXiv:2405.18886, algorithm 1. Until the iterations are over, or no better result came about in
// `patience` of them:
//
//   lr   L, R = the low-rank step on W - Q
//   q    Q = W - L R quantized, errors weighed by H_γ (`downdate.ts`), as L and R will be fitted again;
//        then once more by H itself for the same L and R, as a result and not to go on from
//
// What L and R take up of an error E costs a share of it again, as they are rounded: with δ of the
// low-rank step, tr(E H_1 Eᵀ) + δ tr(E (H - H_1) Eᵀ) = tr(E H_{1-δ} Eᵀ) is what E really costs. So the
// more L and R lose by rounding, the less is left to them: γ = max(0, 1 - c δ), or as it is given.
//
// Behind each step, once both parts are there, tr(E H Eᵀ) / tr(W H Wᵀ) is told, E = W - Q - L R, by the
// true H. The result of the least is kept, the first of several: neither step is exact where numbers
// are rounded, so that a step may lose more than the one before.
//
// Departs from the paper: γ, the pass by H, and an end before the last iteration. The paper begins with
// q, its code with lr.
// Several weights of one input are one matrix, one below the other: they have one R, and backbones and
// rows of L of their own. The losses are of all of them.
// Bound: no more is lost than after any smaller number of iterations. Cost: that of the steps, and m n²
// for each result.

import { type Device, type DeviceArray, downloadF32 } from "@pare/linalg";
import { type Convergence, type OnIteration, type Operator, sum } from "@pare/operators";
import { type Tensor, toF64 } from "@pare/tensor";
import type { QuantizerWith } from "../quantizer_with.ts";
import { type Backbone, quantizeBackbone } from "./backbone.ts";
import { downdate } from "./downdate.ts";
import { productsOf, type StoredFactors } from "./factor_parts.ts";
import type { Layer } from "./layer.ts";
import { type LowRankPart, lowRankStep, type LowRankStepOptions } from "./low_rank_step.ts";
import { weightedSquare } from "./weighted_square.ts";

/** c, the best of 0.5, 1, 2 and 4 on real layers. */
const CAUTION = 4;

/** Which part goes first. */
export type Order = "lr-q" | "q-lr";

/** The steps of an iteration. */
const STEPS: Readonly<Record<Order, readonly ("lr" | "q")[]>> = {
  "lr-q": ["lr", "q"],
  "q-lr": ["q", "lr"],
};

/** How backbone and low-rank part take turns. */
export interface AlternationOptions extends LowRankStepOptions {
  /** How the backbone is stored. */
  readonly quantizer: QuantizerWith;
  /** Which part goes first. */
  readonly order: Order;
  /** How often at most, 1 or more. */
  readonly iterations: number;
  /** After how many iterations without a better result it ends. */
  readonly patience: number;
  /** γ; `auto` for what follows from δ. */
  readonly downdate: number | "auto";
  /** Whether a backbone by H_γ is followed by one by H. */
  readonly finalPass: boolean;
  /** Called behind each result, with how many there were. */
  readonly onIteration?: OnIteration;
}

/** What became of the weights. */
export interface CompressedStack {
  /** An operator for each of them. */
  readonly operators: readonly Operator[];
  /** The losses of all of them together. */
  readonly convergence: Convergence;
}

/** The best result so far. */
interface Best {
  readonly backbone: Backbone;
  readonly factors: StoredFactors;
  /** In which iteration it came about. */
  readonly iteration: number;
  /** Which of the results it was. */
  readonly chosen: number;
}

/**
 * Splits the weights of a layer into Q + L R.
 *
 * @param layer The layer.
 * @param options How.
 * @returns The best result, in the basis of the layer, and what all of them lost.
 */
export async function alternateBlocks(
  layer: Layer,
  options: AlternationOptions,
): Promise<CompressedStack> {
  const { order, iterations, patience, onIteration } = options;
  const lossOf = await relativeLoss(layer);
  const losses: number[] = [];
  let backbone: Backbone | undefined;
  let factors: LowRankPart | undefined;
  let best: Best | undefined;
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (best && iteration - best.iteration > patience) break;
    for (const step of STEPS[order]) {
      let backbones: readonly Backbone[] = backbone ? [backbone] : [];
      if (step === "lr") factors = await lowRankPart(layer, backbone, options);
      else [backbone] = backbones = await backbonesFor(layer, factors, options);
      if (!factors) continue;
      for (const candidate of backbones) {
        const chosen = losses.push(await lossOf(candidate, factors)) - 1;
        onIteration?.(losses.length);
        if (best && !(losses[chosen] < losses[best.chosen])) continue;
        best = { backbone: candidate, factors, iteration, chosen };
      }
    }
  }
  if (!best) {
    throw new RangeError(
      `Cannot split a weight as iterations must be 1 or more: current value is ${iterations}`,
    );
  }
  const { backbone: { operators }, factors: found } = best;
  return {
    operators: operators.map((operator, i) => sum(operator, ...productsOf(found, i))),
    convergence: { losses, chosen: best.chosen },
  };
}

/**
 * Stores the weights of a layer as Q alone.
 *
 * @param layer The layer.
 * @param quantizer How.
 */
export async function backboneAlone(
  layer: Layer,
  quantizer: QuantizerWith,
): Promise<CompressedStack> {
  const lossOf = await relativeLoss(layer);
  const backbone = await quantizeBackbone(layer, quantizer, await restBehind(layer));
  const losses = [await lossOf(backbone)];
  return { operators: backbone.operators, convergence: { losses, chosen: 0 } };
}

/** L R for W - Q. */
async function lowRankPart(
  layer: Layer,
  backbone: Backbone | undefined,
  options: LowRankStepOptions,
): Promise<LowRankPart> {
  using scope = layer.device.scope();
  const { weight } = layer;
  const a = backbone ? scope.subtract(weight, scope.upload(backbone.restored)) : weight;
  return await lowRankStep(layer, a, options);
}

/** Q for W - L R: the one to go on from, and perhaps one that is a result only. */
async function backbonesFor(
  layer: Layer,
  factors: LowRankPart | undefined,
  { quantizer, downdate: given, finalPass }: AlternationOptions,
): Promise<readonly [Backbone, ...Backbone[]]> {
  const rest = await restBehind(layer, factors);
  if (!factors) return [await quantizeBackbone(layer, quantizer, rest)];
  const strength = given === "auto" ? Math.max(0, 1 - CAUTION * factors.noise) : given;
  if (strength === 0) return [await quantizeBackbone(layer, quantizer, rest)];
  const right = toF64(factors.right.restored);
  const less = await downdate(layer.damped, right, strength, layer.exact);
  const backbone = await quantizeBackbone(layer, quantizer, rest, less);
  if (!finalPass) return [backbone];
  return [backbone, await quantizeBackbone(layer, quantizer, rest)];
}

/** What L R leave of W. */
async function restBehind({ weight, device }: Layer, factors?: StoredFactors): Promise<Tensor> {
  using scope = device.scope();
  return await downloadF32(scope, factors ? without(scope, weight, factors) : weight);
}

/** tr(E H Eᵀ) / tr(W H Wᵀ) of E = W - Q - L R; of a weight that the inputs do not see, 0. */
async function relativeLoss(
  { weight, hessian, device }: Layer,
): Promise<(backbone: Backbone, factors?: StoredFactors) => Promise<number>> {
  const total = await weightedSquare(device, weight, hessian);
  return async ({ restored }, factors) => {
    using scope = device.scope();
    const rest = scope.subtract(weight, scope.upload(restored));
    const error = factors ? without(scope, rest, factors) : rest;
    return total > 0 ? await weightedSquare(scope, error, hessian) / total : 0;
  };
}

/** A - L R. */
function without(device: Device, a: DeviceArray, { left, right }: StoredFactors): DeviceArray {
  const into = device.cast(a, "f32");
  const [l, r] = [device.upload(left.restored), device.upload(right.restored)];
  return device.matmul(l, r, { alpha: -1, into });
}
