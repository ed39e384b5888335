import { boolean, type Check, type Checks, integer, oneOf } from "@pare/tensor";

/** Options of `rtn`. */
export interface RtnOptions {
  /**
   * The bits of one code, 1 to 8; 1 bit cannot be symmetric.
   *
   * @default {4}
   */
  bits?: number;
  /**
   * Which weights share a scale: a group of neighbours in a row, a row, or the whole matrix.
   *
   * @default {"group"}
   */
  granularity?: "group" | "row" | "tensor";
  /**
   * How many neighbours of a row make a group; only with granularity `group`.
   *
   * @default {64}
   */
  groupSize?: number;
  /**
   * Whether the last group of a row may be shorter than the others; else `groupSize` must divide
   * the columns.
   *
   * @default {false}
   */
  partialGroups?: boolean;
  /**
   * Whether the grid is symmetric around zero, which saves the zero points.
   *
   * @default {false}
   */
  symmetric?: boolean;
  /**
   * Whether to shrink the range of each group as long as that makes up for the weights cut off.
   *
   * @default {false}
   */
  clip?: boolean;
  /**
   * The dtype that scales are stored in.
   *
   * @default {"f16"}
   */
  scaleDtype?: "f16" | "f32";
}

/** One rule per option of `rtn`. */
export const RTN_CHECKS: Checks<RtnOptions> = {
  bits: integer(1, 8),
  granularity: oneOf("group", "row", "tensor"),
  groupSize: integer(1),
  partialGroups: boolean(),
  symmetric: boolean(),
  clip: boolean(),
  scaleDtype: oneOf("f16", "f32"),
} satisfies Record<keyof RtnOptions, Check>;
