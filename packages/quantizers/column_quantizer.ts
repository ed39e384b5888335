// What LDLQ asks of a quantizer: to round some columns of a matrix at a time, on a device, so that the
// columns that come after can make up for its errors.

import type { Device, DeviceArray } from "@pare/linalg";
import type { MatrixShape, Operator, WeightPlan } from "@pare/operators";
import type { Checks, Tensor } from "@pare/tensor";

/** A quantizer that can round column by column, or block by block. */
export interface ColumnQuantizer<Options extends object> {
  /** One rule per option. */
  readonly checks: Checks<Options>;
  /** What it will return; throws for options that do not fit the shape. */
  readonly plan: WeightPlan<Options>;
  /**
   * How many neighbouring columns of a matrix of the given shape are rounded at once; the last block
   * may be smaller.
   */
  readonly blockSize: (options: Options, shape: MatrixShape) => number;
  /** Begins to quantize a matrix; whatever depends on all of it is settled now, such as its scale. */
  readonly begin: (
    weight: Tensor,
    options: Options,
    device: Device,
  ) => ColumnRounding | Promise<ColumnRounding>;
}

/** One matrix while it is rounded; disposing it frees what it keeps on the device. */
export interface ColumnRounding<O extends Operator = Operator> extends Disposable {
  /**
   * Rounds a block of columns, and keeps the codes on the device. Nothing is downloaded.
   *
   * @param target What the columns should be, f32 `[rows, count]`.
   * @param first The first column; a multiple of the block size.
   * @param device Where the result is made: the device it was begun on, or a scope of that.
   * @param options How the nearest codeword is told.
   * @returns The columns as the codes restore them, f32 `[rows, count]`.
   */
  round(
    target: DeviceArray,
    first: number,
    device: Device,
    options?: RoundOptions,
  ): DeviceArray;
  /**
   * For a quantizer of single columns, beside `round`: rounds columns one after the other, each making
   * up for the errors of those before it, and keeps the codes on the device.
   *
   * @param panel The columns.
   * @param device Where the result is made, as for `round`.
   * @returns The columns as the codes restore them, f32 `[rows, count]`.
   */
  roundPanel?(panel: ColumnPanel, device: Device): DeviceArray;
  /**
   * For a quantizer that learns on the way what it rounds to: groups of columns, each of which is shown
   * before the first of it is rounded. Not for quantizers of blocks.
   */
  readonly groups?: ColumnGroups;
  /**
   * The operator of all columns as they were rounded last.
   *
   * @throws {RangeError} If a number is too large for its dtype.
   */
  finish(): Promise<O>;
}

/** Options of {@linkcode ColumnRounding.round}. */
export interface RoundOptions {
  /**
   * M, f32 `[count, count]`, positive definite: (u − c) M (u − c)ᵀ tells how far codeword c is from
   * u; the identity by default. A quantizer that knows only the identity still compares by M what is
   * `incumbent`.
   */
  readonly metric?: DeviceArray;
  /**
   * What the columns are now, as `round` returned it, f32 `[rows, count]`: a codeword takes the place
   * of another only where it is nearer by `metric`.
   */
  readonly incumbent?: DeviceArray;
}

/**
 * What {@linkcode ColumnRounding.roundPanel} rounds, the last column first: each to what is nearest to
 * t_k + Σ_{j > k} (w_j − ŵ_j) T_jk.
 */
export interface ColumnPanel {
  /** t, f32 `[rows, count]`. */
  readonly target: DeviceArray;
  /** w, what errors are measured from, f32 `[rows, count]`. */
  readonly weight: DeviceArray;
  /** T, f32 `[count, count]`, of which only what is below the diagonal counts. */
  readonly triangle: DeviceArray;
  /** Which columns of the matrix these are. */
  readonly columns: Uint32Array<ArrayBuffer>;
  /** Where the first of them stands among all columns, the last of which is rounded first. */
  readonly first: number;
}

/** Groups of columns that are shown before they are rounded. */
export interface ColumnGroups {
  /** The group that a column of the matrix belongs to. */
  readonly groupOf: (column: number) => number;
  /**
   * Settles what the columns of a group are rounded to.
   *
   * @param group Which group.
   * @param target What all of its columns should be by now, f32 `[rows, count]`, in any order.
   * @param device A scope of the device that the rounding was begun on.
   */
  readonly fit: (group: number, target: DeviceArray, device: Device) => void;
}
