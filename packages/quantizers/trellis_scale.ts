// The scale of a trellis that a sample of a matrix loses least by.
//
// For normal numbers the best s is known. Weights with longer tails want more room, up to 40 % less error
// at four bits with those of Student's distribution of 8 degrees, others less. From the best for normal
// numbers on, s is lessened, or else enlarged, by steps of 8 % as long as the sample loses less by that: a
// step more or less costs normal numbers half a per cent to three. Cost: three times the sample, most often.

import { type Device, downloadF32 } from "@pare/linalg";
import { type Tensor, tensor } from "@pare/tensor";
import { deviationScales } from "./deviation_scales.ts";
import type { TrellisSettings } from "./trellis_options.ts";
import { trellisTarget } from "./trellis_target.ts";

/** Columns of the sample, at least. */
const COLUMNS = 32;
/** From one s that is tried to the next. */
const STEP = 0.92;
/** The farthest from where the search begins. */
const MOST_STEPS = 12;

/**
 * Searches s.
 *
 * @param action What errors begin with.
 * @param weight The weights, `[rows, cols]`.
 * @param settings Where the search begins, and all else.
 * @param device Where the sample is encoded.
 * @returns s.
 */
export async function searchTrellisScale(
  action: string,
  weight: Tensor,
  settings: TrellisSettings,
  device: Device,
): Promise<number> {
  const sample = sampleOf(weight, settings.tileWidth);
  const lossAt = async (scale: number) => {
    const scales = deviationScales(action, weight, { ...settings, scale });
    using scope = device.scope();
    const { weight: target, inverses } = trellisTarget(
      scope,
      [sample.shape[0], sample.shape[1]],
      settings,
      scales,
    );
    const restored = scope.encodeTrellis(scope.upload(sample), target, { inverses });
    const { data } = await downloadF32(scope, restored);
    return data.reduce((sum, value, i) => sum + (value - sample.data[i]) ** 2, 0);
  };
  let best = { scale: settings.scale, loss: await lossAt(settings.scale) };
  for (const factor of [STEP, 1 / STEP]) {
    const start = best.scale;
    for (let step = 0; step < MOST_STEPS; step++) {
      const scale = best.scale * factor;
      const loss = await lossAt(scale);
      if (loss >= best.loss) break;
      best = { scale, loss };
    }
    if (best.scale !== start) break;
  }
  return best.scale;
}

/** Columns that lie evenly in the matrix, by whole tiles. */
function sampleOf({ shape: [rows, cols], data }: Tensor, tileWidth: number): Tensor {
  const tiles = Math.floor(cols / tileWidth);
  const count = Math.ceil(COLUMNS / tileWidth);
  if (tiles <= count) return tensor(data, [rows, cols]);
  const columns = Array.from({ length: count }, (_, i) => Math.floor((i + 0.5) * tiles / count))
    .flatMap((tile) => Array.from({ length: tileWidth }, (_, col) => tile * tileWidth + col));
  const width = columns.length;
  const numbers = new Float32Array(rows * width).map((_, at) =>
    data[Math.floor(at / width) * cols + columns[at % width]]
  );
  return tensor(numbers, [rows, width]);
}
