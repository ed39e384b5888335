// The grids of `rtn`, fitted before anything is rounded, for LDLQ.

import type { Device, DeviceArray } from "@pare/linalg";
import { type Tensor, tensor } from "@pare/tensor";
import type { ColumnQuantizer, ColumnRounding } from "./column_quantizer.ts";
import { planRtn } from "./rtn.ts";
import { RTN_CHECKS, type RtnOptions } from "./rtn_options.ts";
import { encodeOnGrid, fitGrid, gridSettings, operatorOnGrid } from "./uniform_grid.ts";

/** `rtn` as LDLQ knows it. */
export const RTN_COLUMNS: ColumnQuantizer<RtnOptions> = {
  checks: RTN_CHECKS,
  plan: planRtn,
  blockSize: () => 1,
  begin,
};

function begin(weight: Tensor, options: RtnOptions, outer: Device): ColumnRounding {
  const [rows, cols] = weight.shape;
  const action = "Cannot quantize by LDLQ";
  const grid = fitGrid(action, weight, gridSettings(action, [rows, cols], options));
  const levels = 2 ** grid.bits - 1;
  const device = outer.scope();
  const perRow = grid.perTensor ? 1 : Math.ceil(cols / grid.group);
  const onDevice = (value: (g: number) => number) =>
    device.upload(tensor(
      Float32Array.from(
        { length: rows * perRow },
        (_, g) => value(grid.perTensor ? 0 : g),
      ),
      [rows, perRow],
    ));
  const steps = onDevice((g) => grid.steps[g]);
  const inverses = onDevice((g) => grid.steps[g] ? 1 / grid.steps[g] : 0);
  const zeroPoints = onDevice((g) => grid.zeroPoints[g]);
  // Added and subtracted again, it leaves the nearest integer, even of two.
  const rounder = device.upload(tensor(Float32Array.of(1.5 * 2 ** 23), [1]));
  const last = device.upload(tensor(Float32Array.of(levels), [1]));
  const restored = device.zeros([rows, cols]);
  return {
    round(target, first, place) {
      const [, count] = target.shape;
      using step = place.scope();
      const groups = Uint32Array.from(
        { length: count },
        (_, j) => grid.perTensor ? 0 : Math.floor((first + j) / grid.group),
      );
      const indices = step.upload(tensor(groups, [count], "u32"));
      const of = (perGroup: DeviceArray) => step.gatherCols(perGroup, indices);
      const scaled = step.multiply(target, of(inverses));
      const level = step.subtract(step.add(scaled, rounder), rounder);
      const code = step.add(level, of(zeroPoints));
      const above = step.activate(step.subtract(code, last), "relu");
      const clamped = step.subtract(step.activate(code, "relu"), above);
      const values = step.multiply(step.subtract(clamped, of(zeroPoints)), of(steps));
      step.write(restored, values, 0, first);
      return step.keep(values);
    },
    async finish() {
      const { data } = await device.download(restored) as Tensor;
      return operatorOnGrid(encodeOnGrid(data, grid), grid);
    },
    [Symbol.dispose]: () => device[Symbol.dispose](),
  };
}
