// One matrix while its columns are rounded to uniform grids, on a device: grids that are known before,
// or that are fitted to groups of columns on the way.

import type { Device, DeviceArray } from "@pare/linalg";
import type { MatrixShape } from "@pare/operators";
import { castTo, type Tensor, tensor } from "@pare/tensor";
import type { ColumnRounding } from "./column_quantizer.ts";
import { checkScales } from "./groups.ts";
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
  const { shape: [rows], steps, zeroPoints, perTensor } = grid;
  const perRow = perTensor ? 1 : steps.length / rows;
  const upload = (values: ArrayLike<number>) => {
    const data = Float32Array.from({ length: rows * perRow }, (_, g) => values[perTensor ? 0 : g]);
    return device.upload(tensor(data, [rows, perRow]));
  };
  const grids = { steps: upload(steps), zeroPoints: upload(zeroPoints) };
  const kept = keepColumns(device, grid, grids);
  return {
    ...kept.rounding,
    finish: async () => operatorOnGrid(encodeOnGrid(await kept.download(), grid), grid),
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
  const kept = keepColumns(device, { ...settings, shape }, grids);
  return {
    ...kept.rounding,
    groups: {
      groupOf: (column) => Math.floor(column / group),
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
      return operatorOnGrid(encodeOnGrid(await kept.download(), grid), grid);
    },
  };
}

/** Rounds columns, and keeps them on the device in the order that they come in. */
function keepColumns(
  device: Device & Disposable,
  { shape: [rows, cols], bits, group, perTensor }: GridSettings & { readonly shape: MatrixShape },
  { steps, zeroPoints }: { readonly steps: DeviceArray; readonly zeroPoints: DeviceArray },
) {
  const restored = device.zeros([rows, cols]);
  /** Which column of the matrix each one that is kept is. */
  const kept = Uint32Array.from({ length: cols }, (_, column) => column);
  const gridsOf = (place: Device, columns: Uint32Array) => {
    const gridOf = Uint32Array.from(
      columns,
      (column) => perTensor ? 0 : Math.floor(column / group),
    );
    return {
      steps,
      gridOf: place.upload(tensor(gridOf, [columns.length], "u32")),
      levels: { count: 2 ** bits, zeroPoints },
    };
  };
  const rounding: Omit<ColumnRounding, "finish"> = {
    round(target, first, place) {
      using step = place.scope();
      const columns = Uint32Array.from({ length: target.shape[1] }, (_, k) => first + k);
      const values = step.roundColumns(target, gridsOf(step, columns));
      kept.set(columns, first);
      step.write(restored, values, 0, first);
      return step.keep(values);
    },
    roundPanel({ target, weight, triangle, columns, first }, place) {
      using step = place.scope();
      const values = step.roundColumns(target, gridsOf(step, columns), { weight, triangle });
      kept.set(columns, first);
      step.write(restored, values, 0, first);
      return step.keep(values);
    },
    [Symbol.dispose]: () => device[Symbol.dispose](),
  };
  /** All columns where they belong. */
  async function download(): Promise<Float32Array> {
    const { data } = await device.download(restored) as Tensor;
    if (kept.every((column, i) => column === i)) return data;
    const values = new Float32Array(data.length);
    for (let start = 0; start < data.length; start += cols) {
      for (let k = 0; k < cols; k++) values[start + kept[k]] = data[start + k];
    }
    return values;
  }
  return { rounding, download };
}
