// Single columns rounded on a device, to levels of grids, and kept there in the order that they come in.

import type { ColumnFeedback, ColumnGrids, Device, DeviceArray } from "@pare/linalg";
import type { MatrixShape } from "@pare/operators";
import { type Tensor, tensor } from "@pare/tensor";
import type { ColumnRounding } from "./column_quantizer.ts";

/** The grids of a matrix. */
export interface KeptGrids extends Pick<ColumnGrids, "steps" | "levels"> {
  /** Which grid of its row a column is rounded to. */
  readonly gridOf: (column: number) => number;
}

/** Columns that are rounded and kept. */
export interface KeptColumns {
  /** The rounding, but for its end; disposing it frees the scope it was made of. */
  readonly rounding: Omit<ColumnRounding, "finish">;
  /** Downloads all columns as they were rounded last, each where it belongs. */
  readonly download: () => Promise<Float32Array>;
}

/**
 * Makes a rounding of single columns.
 *
 * @param device A scope for this alone.
 * @param shape `[rows, cols]`.
 * @param grids What columns are rounded to.
 */
export function keepColumns(
  device: Device & Disposable,
  [rows, cols]: MatrixShape,
  { steps, levels, gridOf }: KeptGrids,
): KeptColumns {
  const restored = device.zeros([rows, cols]);
  /** Which column of the matrix each one that is kept is. */
  const kept = Uint32Array.from({ length: cols }, (_, column) => column);
  const gridsOf = (place: Device, columns: Uint32Array): ColumnGrids => ({
    steps,
    gridOf: place.upload(tensor(Uint32Array.from(columns, gridOf), [columns.length], "u32")),
    levels,
  });
  /** Rounds columns, errors fed back where that is asked for, and keeps them from `first` on. */
  const keep = (
    place: Device,
    target: DeviceArray,
    columns: Uint32Array<ArrayBuffer>,
    first: number,
    feedback?: ColumnFeedback,
  ) => {
    using step = place.scope();
    const values = step.roundColumns(target, gridsOf(step, columns), feedback);
    kept.set(columns, first);
    step.write(restored, values, 0, first);
    return step.keep(values);
  };
  return {
    rounding: {
      round: (target, first, place) =>
        keep(
          place,
          target,
          Uint32Array.from({ length: target.shape[1] }, (_, k) => first + k),
          first,
        ),
      roundPanel: ({ target, weight, triangle, columns, first }, place) =>
        keep(place, target, columns, first, { weight, triangle }),
      [Symbol.dispose]: () => device[Symbol.dispose](),
    },
    async download() {
      const { data } = await device.download(restored) as Tensor;
      if (kept.every((column, i) => column === i)) return data;
      const values = new Float32Array(data.length);
      for (let start = 0; start < data.length; start += cols) {
        for (let k = 0; k < cols; k++) values[start + kept[k]] = data[start + k];
      }
      return values;
    },
  };
}
