// What LDLQ may round columns with, by name. A new one is one entry of both lists.

import type { ColumnQuantizer } from "./column_quantizer.ts";
import { E8P_COLUMNS } from "./e8p_columns.ts";
import type { E8pOptions } from "./e8p_options.ts";
import { MXFP4_COLUMNS, NF4_COLUMNS, NVFP4_COLUMNS } from "./level_columns.ts";
import type { Mxfp4Options } from "./mxfp4.ts";
import type { Nf4Options } from "./nf4.ts";
import type { Nvfp4Options } from "./nvfp4.ts";
import type { NamedOptions } from "./plain_quantizers.ts";
import type { RtnOptions } from "./rtn_options.ts";
import { RTN_COLUMNS } from "./rtn_columns.ts";
import { TRELLIS_COLUMNS } from "./trellis_columns.ts";
import type { TrellisOptions } from "./trellis_options.ts";

/** The options of each quantizer that can round column by column. */
export interface ColumnQuantizerOptions {
  /** Rounding to nearest, on grids that are fitted before. */
  rtn: RtnOptions;
  /** Points of the lattice E8, eight columns at a time. */
  e8p: E8pOptions;
  /** Walks through a trellis, down one column at a time, or a few where they are short. */
  trellis: TrellisOptions;
  /** Levels at quantiles of the normal distribution. */
  nf4: Nf4Options;
  /** Floats of four bits, powers of two for each 32. */
  mxfp4: Mxfp4Options;
  /** Floats of four bits, floats of eight for each 16. */
  nvfp4: Nvfp4Options;
}

/** A quantizer that can round column by column, by name. */
export type ColumnQuantizerName = keyof ColumnQuantizerOptions;

/** One of them, with its options. */
export type NamedColumnQuantizer = NamedOptions<ColumnQuantizerOptions>;

/** The quantizers that can round column by column, by name. */
export const COLUMN_QUANTIZERS: {
  readonly [Name in ColumnQuantizerName]: ColumnQuantizer<ColumnQuantizerOptions[Name]>;
} = {
  rtn: RTN_COLUMNS,
  e8p: E8P_COLUMNS,
  trellis: TRELLIS_COLUMNS,
  nf4: NF4_COLUMNS,
  mxfp4: MXFP4_COLUMNS,
  nvfp4: NVFP4_COLUMNS,
};
