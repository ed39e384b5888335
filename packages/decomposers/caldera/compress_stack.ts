import { type Device, type DeviceArray, withDevice } from "@pare/linalg";
import {
  checkStatistics,
  type OnIteration,
  type Operator,
  rotate,
  rotated,
  type RotatedSides,
  rotateGram,
  type Statistics,
} from "@pare/operators";
import { dampedHessian, hadamardSides } from "@pare/quantizers";
import { castTo, type Tensor } from "@pare/tensor";
import type { DeviceOptions } from "../low_rank_options.ts";
import { checkWeight } from "../projector.ts";
import { alternateBlocks, backboneAlone, type CompressedStack } from "./alternate_blocks.ts";
import type { CalderaOptions } from "./caldera_options.ts";
import { ACTION, resolveOptions } from "./plan_caldera.ts";
import { type RowBlock, stackRows } from "./stack.ts";
import { weightedSquare } from "./weighted_square.ts";

/** Where CALDERA computes, and whom it tells how far it is. */
export interface CalderaRun extends DeviceOptions {
  /** Called behind each result, with how many there were; what it throws ends the work. */
  onIteration?: OnIteration;
}

/** Compresses weights of one input: in the random basis of either side, and back. */
export async function compressStack(
  weights: readonly Tensor[],
  statistics: Statistics | null,
  options: CalderaOptions & CalderaRun,
): Promise<CompressedStack> {
  const { device: given, onIteration, ...rest } = options;
  const shapes = weights.map((weight) => checkWeight(ACTION, weight));
  const resolved = { ...resolveOptions(shapes, rest), onIteration };
  const { gram } = checkStatistics(ACTION, shapes[0], statistics);
  const sides = shapes.map((shape): RotatedSides =>
    resolved.rotate ? hadamardSides(shape, resolved) : {}
  );
  // Of one width and one seed: the rotation of the inputs is one.
  const [{ right }] = sides;
  return await withDevice(given, async (device) => {
    const turned: Tensor[] = [];
    for (const [i, weight] of weights.entries()) {
      turned.push(await rotate(weight, sides[i], { device }));
    }
    const turnedGram = right ? await rotateGram(gram, right, { device }) : gram;
    const damped = dampedHessian(turnedGram, resolved.damping);
    return await withDevice(device, async (exact) => {
      using scope = device.scope();
      const hessian = scope.upload(castTo(damped, "f32"));
      const blocks = await blocksOf(turned, hessian, scope);
      const layer = {
        weight: scope.upload(stackRows(turned, blocks)),
        blocks,
        hessian,
        damped,
        gram: turnedGram,
        device: scope,
        exact,
      };
      const { operators, convergence } = resolved.parts.length === 0
        ? await backboneAlone(layer, resolved.quantizer)
        : await alternateBlocks(layer, resolved);
      const back = (operator: Operator, i: number) =>
        resolved.rotate ? rotated(operator, sides[i]) : operator;
      return { operators: operators.map(back), convergence };
    }, "f64");
  });
}

/** The rows of each weight, and what it is divided by where there are several. */
async function blocksOf(
  weights: readonly Tensor[],
  hessian: DeviceArray,
  device: Device,
): Promise<RowBlock[]> {
  const blocks: RowBlock[] = [];
  for (const weight of weights) {
    const scale = weights.length > 1 ? await scaleOf(weight, hessian, device) : 1;
    blocks.push({ rows: weight.shape[0], scale });
  }
  return blocks;
}

/** The root of what a weight weighs, to the nearest power of two; 1 where that is nothing. */
async function scaleOf(weight: Tensor, hessian: DeviceArray, outer: Device): Promise<number> {
  using device = outer.scope();
  const square = await weightedSquare(device, device.upload(weight), hessian);
  return square > 0 ? 2 ** Math.round(Math.log2(square) / 2) : 1;
}
