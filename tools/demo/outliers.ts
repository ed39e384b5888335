// How far activations of a model stand out from the rest, as they do in real language models.
//
// T. Dettmers et al., "LLM.int8(): 8-bit Matrix Multiplication for Transformers at Scale", 2022,
// arXiv:2208.07339, section 4; M. Sun et al., "Massive Activations in Large Language Models", 2024,
// arXiv:2402.17762. For activations x [tokens, n], with r_j the root mean square of channel j:
//
//   peak = max |x| / rms(x)    channel = max_j r_j / median_j r_j

import type { Device } from "@pare/linalg";
import {
  bindBlock,
  embed,
  INPUT_GROUPS,
  type InputGroup,
  type Model,
  observeBlock,
} from "@pare/model";
import type { Tensor } from "@pare/tensor";

/** How far activations of one kind stand out. */
export interface OutlierRatios {
  /** The largest number over the root mean square of all; that of a Gaussian grows to about 5. */
  readonly peak: number;
  /** Root mean square of the largest channel over that of the median channel; 1 if all are alike. */
  readonly channel: number;
}

/** The activations of one block. */
export interface BlockOutliers {
  /** The number of the block, from 0. */
  readonly index: number;
  /** What stands in front of the block. */
  readonly residual: OutlierRatios;
  /** What each group of linear layers reads. */
  readonly inputs: Readonly<Record<InputGroup, OutlierRatios>>;
}

/**
 * Measures outliers of a model's activations, block by block.
 *
 * @param model The model.
 * @param windows Windows of tokens.
 * @param device Where to compute.
 * @returns The ratios of every block.
 */
export async function measureOutliers(
  model: Model,
  windows: readonly Uint32Array[],
  device: Device,
): Promise<BlockOutliers[]> {
  const blocks: BlockOutliers[] = [];
  let hidden: readonly Tensor[] = await embed(model, windows);
  for (let index = 0; index < model.config.layers; index++) {
    using block = await bindBlock(model, index, device);
    const { statistics, outputs } = await observeBlock(block, hidden, { needs: "channels" });
    const inputs: Partial<Record<InputGroup, OutlierRatios>> = {};
    for (const group of INPUT_GROUPS) {
      const { maxAbs, squareSum, tokens } = statistics[group];
      inputs[group] = outlierRatios(Math.max(...maxAbs.data), squareSum.data, tokens);
    }
    const residual = ratiosOf(hidden);
    blocks.push({ index, residual, inputs: inputs as BlockOutliers["inputs"] });
    hidden = outputs;
  }
  return blocks;
}

/**
 * Computes the two ratios from sums over channels.
 *
 * @param largest max |x|.
 * @param squareSums Σ x² of each channel.
 * @param tokens Over how many tokens.
 * @returns The ratios.
 */
export function outlierRatios(
  largest: number,
  squareSums: ArrayLike<number>,
  tokens: number,
): OutlierRatios {
  const sums = Float64Array.from(squareSums).sort();
  const rms = Math.sqrt(sums.reduce((total, sum) => total + sum, 0) / (tokens * sums.length));
  const middle = sums.length >> 1;
  const median = sums.length % 2 === 1 ? sums[middle] : (sums[middle - 1] + sums[middle]) / 2;
  return { peak: largest / rms, channel: Math.sqrt(sums[sums.length - 1] / median) };
}

/** The ratios of a residual stream `[tokens, n]` per window. */
function ratiosOf(hidden: readonly Tensor[]): OutlierRatios {
  const [{ shape: [, n] }] = hidden;
  const squareSums = new Float64Array(n);
  let largest = 0;
  let tokens = 0;
  for (const { data } of hidden) {
    data.forEach((value, i) => {
      squareSums[i % n] += value * value;
      largest = Math.max(largest, Math.abs(value));
    });
    tokens += data.length / n;
  }
  return outlierRatios(largest, squareSums, tokens);
}
