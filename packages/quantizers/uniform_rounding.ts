// One matrix while its columns are rounded to uniform grids, on a device: grids that are known before,
// or that are fitted to groups of columns on the way.

import type { Device } from "@pare/linalg";
import type { MatrixShape } from "@pare/operators";
import { castTo, type Tensor, tensor } from "@pare/tensor";
import type { ColumnRounding } from "./column_quantizer.ts";
import { checkScales } from "./groups.ts";
import { keepColumns } from "./kept_columns.ts";
import {
  encodeOnGrid,
  type GridSettings,
  operatorOnGrid,
  type UniformGrid,
} from "./uniform_grid.ts";

/**
 * Begins to round to grids that are known.
 *
 * @param outer The device, or a scope of it, that lives as long as the rounding.
 * @param grid The grids.
 */
export function roundToGrid(outer: Device, grid: UniformGrid): ColumnRounding {
  const device = outer.scope();
  const { shape: [rows], bits, group, steps, zeroPoints, perTensor } = grid;
  const perRow = perTensor ? 1 : steps.length / rows;
  const upload = (values: ArrayLike<number>) => {
    const data = Float32Array.from({ length: rows * perRow }, (_, g) => values[perTensor ? 0 : g]);
    return device.upload(tensor(data, [rows, perRow]));
  };
  const { rounding, download } = keepColumns(device, grid.shape, {
    steps: upload(steps),
    levels: { count: 2 ** bits, zeroPoints: upload(zeroPoints) },
    gridOf: (column) => perTensor ? 0 : Math.floor(column / group),
  });
  return {
    ...rounding,
    finish: async () => operatorOnGrid(encodeOnGrid(await download(), grid), grid),
  };
}

/**
 * Begins to round to grids that are fitted to each group when it is shown.
 *
 * @param action How an error begins.
 * @param outer The device, or a scope of it, that lives as long as the rounding.
 * @param shape `[rows, cols]`.
 * @param settings The kind of grid; not one for the whole matrix.
 */
export function roundToFittedGrids(
  action: string,
  outer: Device,
  shape: MatrixShape,
  settings: GridSettings,
): ColumnRounding {
  const device = outer.scope();
  const [rows, cols] = shape;
  const { bits, symmetric, scaleDtype, group, clip } = settings;
  const perRow = Math.ceil(cols / group);
  const grids = { steps: device.zeros([rows, perRow]), zeroPoints: device.zeros([rows, perRow]) };
  const middle = device.upload(tensor(new Float32Array(rows).fill(2 ** (bits - 1)), [rows, 1]));
  const gridOf = (column: number) => Math.floor(column / group);
  const { rounding, download } = keepColumns(device, shape, {
    steps: grids.steps,
    levels: { count: 2 ** bits, zeroPoints: grids.zeroPoints },
    gridOf,
  });
  return {
    ...rounding,
    groups: {
      groupOf: gridOf,
      fit(index, target, place) {
        const options = { count: 2 ** bits, symmetric, stepDtype: scaleDtype, clip };
        const { steps, zeroPoints } = place.fitGrids(target, options);
        place.write(grids.steps, steps, 0, index);
        const zeros = typeof zeroPoints === "number" ? middle : zeroPoints;
        place.write(grids.zeroPoints, zeros, 0, index);
      },
    },
    async finish() {
      const { data: steps } = await device.download(grids.steps) as Tensor;
      checkScales(action, steps, scaleDtype);
      const { data: zeroPoints } = await device.download(grids.zeroPoints) as Tensor;
      const grid: UniformGrid = {
        ...settings,
        shape,
        scales: castTo(tensor(steps, [rows, perRow]), scaleDtype),
        steps,
        zeroPoints: Uint8Array.from(zeroPoints),
      };
      return operatorOnGrid(encodeOnGrid(await download(), grid), grid);
    },
  };
}
