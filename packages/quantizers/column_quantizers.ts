// What LDLQ may round columns with, by name. A new one is one entry of both lists.

import type { ColumnQuantizer } from "./column_quantizer.ts";
import { E8P_COLUMNS } from "./e8p_columns.ts";
import type { E8pOptions } from "./e8p_options.ts";
import type { NamedOptions } from "./plain_quantizers.ts";
import type { RtnOptions } from "./rtn_options.ts";
import { RTN_COLUMNS } from "./rtn_columns.ts";

/** The options of each quantizer that can round column by column. */
export interface ColumnQuantizerOptions {
  /** Rounding to nearest, on grids that are fitted before. */
  rtn: RtnOptions;
  /** Points of the lattice E8, eight columns at a time. */
  e8p: E8pOptions;
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
};
