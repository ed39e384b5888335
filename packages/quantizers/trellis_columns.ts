// Trellis-coded quantization for LDLQ: a column at a time, as tiles are cut from columns, or a few where
// columns are short. The scale is that of the whole weight, as the columns that LDLQ asks for are not far
// from those.

import type { Device } from "@pare/linalg";
import { trellisCoded, type TrellisOperator } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import { matrixShapeOf } from "./check_weight.ts";
import type { ColumnQuantizer, ColumnRounding } from "./column_quantizer.ts";
import { deviationScales } from "./deviation_scales.ts";
import {
  planTrellis,
  TRELLIS_CHECKS,
  type TrellisOptions,
  trellisSettings,
} from "./trellis_options.ts";
import { searchTrellisScale } from "./trellis_scale.ts";
import { trellisTarget } from "./trellis_target.ts";

const ACTION = "Cannot quantize by a trellis";

/** `trellis` as LDLQ knows it. */
export const TRELLIS_COLUMNS: ColumnQuantizer<TrellisOptions> = {
  checks: TRELLIS_CHECKS,
  plan: planTrellis,
  blockSize: (options, [rows]) => trellisSettings(ACTION, rows, options).tileWidth,
  begin: beginTrellis,
};

/** Begins to encode a matrix; any number of tiles may be encoded at once where there is no metric. */
export async function beginTrellis(
  weight: Tensor,
  options: TrellisOptions,
  outer: Device,
): Promise<ColumnRounding<TrellisOperator>> {
  const [rows, cols] = matrixShapeOf(ACTION, weight);
  const settings = trellisSettings(ACTION, rows, options);
  const { bits, stateBits, tileHeight, tileWidth, granularity } = settings;
  const scale = options.scale ?? await searchTrellisScale(ACTION, weight, settings, outer);
  const scales = deviationScales(ACTION, weight, { ...settings, scale });
  const device = outer.scope();
  const target = trellisTarget(device, [rows, cols], settings, scales);
  return {
    round: (columns, first, place, roundOptions) => {
      const { inverses } = target;
      return place.encodeTrellis(columns, target.weight, { ...roundOptions, inverses, col: first });
    },
    finish: async () =>
      trellisCoded({
        shape: [rows, cols],
        ...{ bits, stateBits, tileHeight, tileWidth, granularity },
        codes: await device.download(target.weight.codes) as Tensor<"u8">,
        scales,
      }),
    [Symbol.dispose]: () => device[Symbol.dispose](),
  };
}
