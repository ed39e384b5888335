// E8P eight columns at a time, for LDLQ. The scale is that of the whole weight, as the columns that LDLQ
// asks for are not far from those.

import { type Device, E8P_BLOCK } from "@pare/linalg";
import { lattice, type LatticeOperator } from "@pare/operators";
import { castTo, ShapeError, type Tensor, tensor, toF32 } from "@pare/tensor";
import type { ColumnQuantizer, ColumnRounding } from "./column_quantizer.ts";
import {
  E8P_CHECKS,
  type E8pOptions,
  type E8pSettings,
  e8pSettings,
  planE8p,
} from "./e8p_options.ts";

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

/** A matrix while it is rounded. */
interface E8pRounding extends ColumnRounding {
  finish(): Promise<LatticeOperator>;
}

/** Begins to round a matrix; any number of blocks may be rounded at once where there is no metric. */
export function beginE8p(weight: Tensor, options: E8pOptions, outer: Device): E8pRounding {
  if (weight.shape.length !== 2) throw new ShapeError(ACTION, [-1, -1], weight.shape);
  const [rows, cols] = weight.shape;
  const settings = e8pSettings(ACTION, options);
  const { bits, residualScale, granularity } = settings;
  const scales = scalesOf(weight, settings);
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

/** σ / s of each row, or of all, rounded to the dtype that it is stored in. */
function scalesOf(
  { shape: [rows, cols], data }: Tensor,
  { granularity, scale, scaleDtype }: E8pSettings,
): Tensor<"f16"> | Tensor<"f32"> {
  const runs = granularity === "row" ? rows : 1;
  const length = rows * cols / runs;
  const exact = Float32Array.from({ length: runs }, (_, run) => {
    let squares = 0;
    for (let i = run * length; i < (run + 1) * length; i++) squares += data[i] * data[i];
    if (!Number.isFinite(squares)) refuseNumber(data);
    return Math.sqrt(squares / length) / scale;
  });
  const scales = castTo(tensor(exact, [runs, 1]), scaleDtype);
  if (toF32(scales).data.every(Number.isFinite)) return scales;
  throw new RangeError(
    `${ACTION} as every scale must fit its dtype, which f32 may do: current scaleDtype is ` +
      scaleDtype,
  );
}

/** Squares of f32 do not leave the range of f64, so that one of the weights is not finite. */
function refuseNumber(data: Float32Array): never {
  const value = data.find((number) => !Number.isFinite(number));
  throw new RangeError(`${ACTION} as every weight must be finite: current value is ${value}`);
}
