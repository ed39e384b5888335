// The grids of `rtn`, fitted before anything is rounded, for LDLQ.

import type { ColumnQuantizer } from "./column_quantizer.ts";
import { planRtn } from "./rtn.ts";
import { RTN_CHECKS, type RtnOptions } from "./rtn_options.ts";
import { fitGrid, gridSettings } from "./uniform_grid.ts";
import { roundToGrid } from "./uniform_rounding.ts";

const ACTION = "Cannot round columns to nearest";

/** `rtn` as LDLQ knows it. */
export const RTN_COLUMNS: ColumnQuantizer<RtnOptions> = {
  checks: RTN_CHECKS,
  plan: planRtn,
  blockSize: () => 1,
  begin: (weight, options, device) => {
    const [rows, cols] = weight.shape;
    return roundToGrid(
      device,
      fitGrid(ACTION, weight, gridSettings(ACTION, [rows, cols], options)),
    );
  },
};
