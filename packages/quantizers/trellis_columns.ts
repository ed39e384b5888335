// Trellis-coded quantization for LDLQ: a column at a time, as tiles are cut from columns, or a few where
// columns are short. The scale is that of the whole weight, as the columns that LDLQ asks for are not far
// from those.

import type { Device } from "@pare/linalg";
import {
  trellisCoded,
  trellisCodesShape,
  type TrellisOperator,
  trellisSteps,
} from "@pare/operators";
import { ShapeError, type Tensor, tensor } from "@pare/tensor";
import type { ColumnQuantizer, ColumnRounding } from "./column_quantizer.ts";
import { deviationScales } from "./deviation_scales.ts";
import {
  planTrellis,
  TRELLIS_CHECKS,
  type TrellisOptions,
  trellisSettings,
} from "./trellis_options.ts";

const ACTION = "Cannot quantize by a trellis";

/** The least step that a device divides by; those below restore next to nothing. */
const LEAST_STEP = 2 ** -126;

/** `trellis` as LDLQ knows it. */
export const TRELLIS_COLUMNS: ColumnQuantizer<TrellisOptions> = {
  checks: TRELLIS_CHECKS,
  plan: planTrellis,
  blockSize: (options, [rows]) => trellisSettings(ACTION, rows, options).tileWidth,
  begin: beginTrellis,
};

/** A matrix while it is encoded. */
interface TrellisRounding extends ColumnRounding {
  finish(): Promise<TrellisOperator>;
}

/** Begins to encode a matrix; any number of tiles may be encoded at once where there is no metric. */
export function beginTrellis(
  weight: Tensor,
  options: TrellisOptions,
  outer: Device,
): TrellisRounding {
  if (weight.shape.length !== 2) throw new ShapeError(ACTION, [-1, -1], weight.shape);
  const [rows, cols] = weight.shape;
  const settings = trellisSettings(ACTION, rows, options);
  const { bits, stateBits, tileHeight, tileWidth, granularity } = settings;
  const scales = deviationScales(ACTION, weight, settings);
  const steps = trellisSteps(scales);
  const inverses = steps.data.map((step) => step < LEAST_STEP ? 0 : 1 / step);
  const device = outer.scope();
  const layout = { bits, stateBits, tileHeight, tileWidth };
  const codes = device.zeros(trellisCodesShape([rows, cols], layout), "u8");
  const arrays = { ...layout, rows, cols, codes, scales: device.upload(steps) };
  const divisors = device.upload(tensor(inverses, scales.shape));
  return {
    round: (columns, first, place, roundOptions) =>
      place.encodeTrellis(columns, arrays, { ...roundOptions, inverses: divisors, col: first }),
    finish: async () =>
      trellisCoded({
        shape: [rows, cols],
        ...layout,
        granularity,
        codes: await device.download(codes) as Tensor<"u8">,
        scales,
      }),
    [Symbol.dispose]: () => device[Symbol.dispose](),
  };
}
