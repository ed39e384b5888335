// How far the weights of each group are clamped before they are rounded, by what the layer loses.

import type { Device, DeviceArray } from "@pare/linalg";
import { type Tensor, tensor } from "@pare/tensor";
import { groupBounds } from "./groups.ts";
import { groupLosses, layerLoss } from "./layer_loss.ts";
import type { RtnOptions } from "./rtn_options.ts";
import { encodeOnGrid, fitGrid, gridSettings, valuesOnGrid } from "./uniform_grid.ts";

/** Shares of the largest weight of a group to clamp to, the first of equals taken. */
const SHARES = Array.from({ length: 10 }, (_, i) => 1 - i / 20);

/**
 * Clamps each group of a matrix to the share of its largest weight with which rounding loses least of
 * what the group adds to the layer's output.
 *
 * @param weight What will be rounded, `[rows, cols]`.
 * @param factors What columns are multiplied with afterwards.
 * @param gram The Gram matrix of the inputs on the device.
 * @param options Of the grid.
 * @returns The clamped matrix, or the given one where the whole layer loses more by that.
 */
export async function clipGroups(
  action: string,
  device: Device,
  weight: Tensor,
  factors: Float32Array,
  gram: DeviceArray,
  options: RtnOptions,
): Promise<Tensor> {
  const [rows, cols] = weight.shape;
  const settings = gridSettings(action, [rows, cols], options);
  const { group, perTensor } = settings;
  const perRow = Math.ceil(cols / group);
  const rounded = (matrix: Tensor) => {
    const grid = fitGrid(action, matrix, settings);
    return valuesOnGrid(encodeOnGrid(matrix.data, grid), grid);
  };
  const largest = largestOf(weight, group, perTensor);
  const least = new Float32Array(rows * perRow).fill(Infinity);
  const chosen = new Float32Array(rows * perRow).fill(1);
  for (const share of SHARES) {
    const clamped = clampTo(weight, group, (g) => share * largest[g]);
    const losses = await groupLosses(device, weight, rounded(clamped), factors, gram, group);
    // One scale for all: rows gain or lose together.
    if (perTensor) losses.fill(losses.reduce((sum, loss) => sum + loss, 0));
    losses.forEach((loss, g) => {
      if (loss < least[g]) [least[g], chosen[g]] = [loss, share];
    });
  }
  const clipped = clampTo(weight, group, (g) => chosen[g] * largest[g]);
  const lossOf = (matrix: Tensor) => layerLoss(device, weight, rounded(matrix), factors, gram);
  return await lossOf(clipped) < await lossOf(weight) ? clipped : weight;
}

/** max |w| of each group, or of the whole matrix for every one. */
function largestOf({ data, shape: [rows, cols] }: Tensor, group: number, perTensor: boolean) {
  const largest = new Float32Array(rows * Math.ceil(cols / group));
  largest.forEach((_, g) => {
    const [start, end] = groupBounds(g, cols, group);
    for (let i = start; i < end; i++) largest[g] = Math.max(largest[g], Math.abs(data[i]));
  });
  return perTensor
    ? largest.fill(largest.reduce((max, value) => Math.max(max, value), 0))
    : largest;
}

function clampTo(
  { data, shape }: Tensor,
  group: number,
  limitOf: (g: number) => number,
): Tensor {
  const [rows, cols] = shape;
  const clamped = data.slice();
  for (let g = 0; g < rows * Math.ceil(cols / group); g++) {
    const limit = limitOf(g);
    const [start, end] = groupBounds(g, cols, group);
    for (let i = start; i < end; i++) clamped[i] = Math.min(Math.max(clamped[i], -limit), limit);
  }
  return tensor(clamped, shape);
}
