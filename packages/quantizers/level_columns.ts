// The quantizers to levels, with scales that are settled before anything is rounded, for LDLQ.

import type { Device } from "@pare/linalg";
import { levelsOf } from "@pare/operators";
import { type Tensor, tensor } from "@pare/tensor";
import type { ColumnQuantizer, ColumnRounding } from "./column_quantizer.ts";
import { keepColumns } from "./kept_columns.ts";
import { type LevelGrid, operatorOnLevels } from "./level_grid.ts";
import { fitMxfp4, MXFP4_CHECKS, type Mxfp4Options, planMxfp4 } from "./mxfp4.ts";
import { fitNf4, NF4_CHECKS, type Nf4Options, planNf4 } from "./nf4.ts";
import { fitNvfp4, NVFP4_CHECKS, type Nvfp4Options, planNvfp4 } from "./nvfp4.ts";

/** `nf4` as LDLQ knows it. */
export const NF4_COLUMNS: ColumnQuantizer<Nf4Options> = {
  ...{ checks: NF4_CHECKS, plan: planNf4, blockSize: () => 1 },
  begin: (weight, options, device) => roundToLevels(device, fitNf4(weight, options)),
};

/** `mxfp4` as LDLQ knows it. */
export const MXFP4_COLUMNS: ColumnQuantizer<Mxfp4Options> = {
  ...{ checks: MXFP4_CHECKS, plan: planMxfp4, blockSize: () => 1 },
  begin: (weight, options, device) => roundToLevels(device, fitMxfp4(weight, options)),
};

/** `nvfp4` as LDLQ knows it. */
export const NVFP4_COLUMNS: ColumnQuantizer<Nvfp4Options> = {
  ...{ checks: NVFP4_CHECKS, plan: planNvfp4, blockSize: () => 1 },
  begin: (weight, options, device) => roundToLevels(device, fitNvfp4(weight, options)),
};

/** Begins to round to levels by scales that are known. */
function roundToLevels(outer: Device, grid: LevelGrid): ColumnRounding {
  const device = outer.scope();
  const { shape, kind, bits, group, steps } = grid;
  const table = ascending(levelsOf(kind, bits));
  const { rounding, download } = keepColumns(device, shape, {
    steps: device.upload(tensor(Float32Array.from(steps), [shape[0], steps.length / shape[0]])),
    levels: { table: device.upload(table) },
    gridOf: (column) => Math.floor(column / group),
  });
  return { ...rounding, finish: async () => operatorOnLevels(await download(), grid) };
}

/** The levels in order, each once. */
function ascending({ data }: Tensor): Tensor {
  const levels = Float32Array.from(new Set(data)).sort();
  return tensor(levels, [levels.length]);
}
