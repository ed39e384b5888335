// What calibration keeps of the input X `[tokens, n]` of linear layers:
//
//   Σ |x| / tokens   max |x|   Σ x²   per channel, and, where asked for, the Gram matrix Σ x xᵀ
//
// Sums per channel over one batch are the device's, sums over batches are f64. Σ x² is the diagonal of
// the Gram matrix where there is one. Cost: tokens · n² multiply-adds for the Gram matrix.
//
// The Gram matrix is summed in f64 at every width, token by token, from activations in f32, whose
// products are exact there; a device without f64 sums pairs of f32 with 48 bits (`Device.gram`). The
// two triangles are of the same bits in the end.

import { type Device, type DeviceArray, downloadF32, downloadF64 } from "@pare/linalg";
import type { Statistics } from "@pare/operators";
import { type Tensor, tensor } from "@pare/tensor";
import { checkFinite } from "./checks.ts";

/** What calibration saw channel by channel. */
export interface ChannelStatistics extends Omit<Statistics, "gram"> {
  /** Σ x² per channel, `[n]`: the diagonal of the Gram matrix. */
  readonly squareSum: Tensor<"f64">;
}

/** What calibration saw, the Gram matrix included. */
export interface GramStatistics extends ChannelStatistics, Statistics {}

/** Statistics in the making. */
export interface Accumulator {
  /** Adds the tokens of a matrix `[tokens, n]`; throws where one is not finite. */
  add(x: DeviceArray, device: Device): Promise<void>;
  /** The statistics of all that was added. */
  finish(): Promise<ChannelStatistics>;
}

/** Makes empty statistics of `n` channels; `action` begins the message about what is not finite. */
export function createAccumulator(
  action: string,
  n: number,
  device: Device,
  hasGram: boolean,
): Accumulator {
  const absSum = new Float64Array(n);
  const maxAbs = new Float64Array(n);
  const squareSum = new Float64Array(n);
  const gram = hasGram ? device.zeros([n, n], "f64") : null;
  let tokens = 0;
  return {
    add: async (x, scope) => {
      const reduced = async (reduction: "absSum" | "absMax" | "squareSum") => {
        const { data } = await downloadF32(scope, scope.reduceCols(x, reduction));
        checkFinite(action, "the input, summed by channel,", data);
        return data;
      };
      const sums = await reduced("absSum");
      const largest = await reduced("absMax");
      sums.forEach((sum, i) => absSum[i] += sum);
      largest.forEach((value, i) => maxAbs[i] = Math.max(maxAbs[i], value));
      if (gram) scope.gram(x, gram);
      else (await reduced("squareSum")).forEach((sum, i) => squareSum[i] += sum);
      tokens += x.shape[0];
    },
    finish: async () => {
      const channels = {
        tokens,
        meanAbs: tensor(absSum.map((sum) => sum / tokens), [n]),
        maxAbs: tensor(maxAbs, [n]),
      };
      if (!gram) return { ...channels, squareSum: tensor(squareSum, [n]) };
      const full = symmetrized(await downloadF64(device, gram));
      const diagonal = squareSum.map((_, i) => full.data[i * n + i]);
      const statistics: GramStatistics = {
        ...channels,
        squareSum: tensor(diagonal, [n]),
        gram: full,
      };
      return statistics;
    },
  };
}

/** (G + Gᵀ) / 2, for a device that sums the two triangles in different orders. */
function symmetrized({ shape, data }: Tensor<"f64">): Tensor<"f64"> {
  const [n] = shape;
  const out = new Float64Array(data.length);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) out[i * n + j] = (data[i * n + j] + data[j * n + i]) / 2;
  }
  return tensor(out, shape);
}
