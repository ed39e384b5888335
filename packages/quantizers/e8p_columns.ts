// E8P eight columns at a time, for LDLQ. The scale is that of the whole weight, as the columns that LDLQ
// asks for are not far from those.

import { type Device, E8P_BLOCK } from "@pare/linalg";
import { lattice, type LatticeOperator } from "@pare/operators";
import { type Tensor, tensor, toF32 } from "@pare/tensor";
import { matrixShapeOf } from "./check_weight.ts";
import type { ColumnQuantizer, ColumnRounding } from "./column_quantizer.ts";
import { deviationScales } from "./deviation_scales.ts";
import { E8P_CHECKS, type E8pOptions, e8pSettings, planE8p } from "./e8p_options.ts";

const ACTION = "Cannot quantize by E8P";

/** The least scale that a device divides by; those below restore zeros. */
const LEAST_SCALE = 2 ** -126;

/** `e8p` as LDLQ knows it. */
export const E8P_COLUMNS: ColumnQuantizer<E8pOptions> = {
  checks: E8P_CHECKS,
  plan: planE8p,
  blockSize: () => E8P_BLOCK,
  begin: beginE8p,
};

/** Begins to round a matrix; any number of blocks may be rounded at once where there is no metric. */
export function beginE8p(
  weight: Tensor,
  options: E8pOptions,
  outer: Device,
): ColumnRounding<LatticeOperator> {
  const [rows, cols] = matrixShapeOf(ACTION, weight);
  const settings = e8pSettings(ACTION, options);
  const { bits, residualScale, granularity } = settings;
  const scales = deviationScales(ACTION, weight, settings);
  const factors = toF32(scales).data.map((scale) => scale < LEAST_SCALE ? 0 : scale);
  const inverses = factors.map((scale) => scale === 0 ? 0 : 1 / scale);
  const device = outer.scope();
  const target = {
    bits,
    residualScale,
    codes: device.zeros([rows, Math.ceil(cols / E8P_BLOCK)], "u32"),
    scales: device.upload(tensor(factors, scales.shape)),
    inverses: device.upload(tensor(inverses, scales.shape)),
  };
  return {
    round: (columns, first, place, roundOptions) =>
      place.nearestLattice(columns, { ...target, first: first / E8P_BLOCK }, roundOptions),
    async finish() {
      const codes = await device.download(target.codes) as Tensor<"u32">;
      return lattice({ shape: [rows, cols], bits, residualScale, codes, granularity, scales });
    },
    [Symbol.dispose]: () => device[Symbol.dispose](),
  };
}
