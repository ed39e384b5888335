import { ShapeError } from "@pare/tensor";
import { E8P_BLOCK } from "../codebook/e8p.ts";
import type { DeviceArray } from "../device_array.ts";
import type {
  LatticeArrays,
  LatticeFormat,
  LatticeTarget,
  NearestLatticeOptions,
} from "../lattice_steps.ts";
import { checkCount, checkRectangle, checkShape, matrixShape, rowsOf } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `LatticeSteps.latticeMatmul`. */
export function latticeMatmul<S>(
  context: Context<S>,
  tables: () => S,
  x: DeviceArray,
  weight: LatticeArrays,
): DeviceArray {
  const action = "Cannot multiply by lattice codes";
  const { codes, scales, bits, rows, cols } = weight;
  const residualScale = checkFormat(action, weight);
  const [tokens, width] = rowsOf(action, x);
  const [codeRows, rowBytes] = matrixShape(action, codes);
  if (width !== cols) throw new ShapeError(action, [...x.shape.slice(0, -1), cols], x.shape);
  const used = Math.ceil(cols / E8P_BLOCK) * bits;
  if (codeRows !== rows || rowBytes % 4 !== 0 || rowBytes < used) {
    throw new ShapeError(action, [rows, 4 * Math.ceil(used / 4)], codes.shape);
  }
  checkDtypes(action, [x, "f32"], [codes, "u8"], [scales, "f32"]);
  const hasRowScales = checkScales(action, scales, rows);
  const out = context.make(action, "f32", [...x.shape.slice(0, -1), rows]);
  context.kernels.latticeMatmul({
    x: context.open(action, x),
    codes: context.open(action, codes),
    scales: context.open(action, scales),
    tables: tables(),
    out: context.open(action, out),
    tokens,
    rows,
    cols,
    bits,
    residualFactor: bits === 2 ? 0 : 1 / residualScale,
    hasRowScales,
    rowBytes,
  });
  return out;
}

/** See `LatticeSteps.nearestLattice`. */
export function nearestLattice<S>(
  context: Context<S>,
  tables: () => S,
  x: DeviceArray,
  target: LatticeTarget,
  { metric, incumbent }: NearestLatticeOptions = {},
): DeviceArray {
  const action = "Cannot find lattice codes";
  const { codes, scales, inverses, bits, first = 0 } = target;
  const residualScale = checkFormat(action, target);
  const [rows, cols] = matrixShape(action, x);
  const [codeRows, blocks] = matrixShape(action, codes);
  const count = Math.ceil(cols / E8P_BLOCK);
  if (codeRows !== rows) throw new ShapeError(action, [rows, blocks], codes.shape);
  checkRectangle(action, 0, first, rows, count, rows, blocks);
  checkDtypes(action, [x, "f32"], [codes, "u32"], [scales, "f32"], [inverses, "f32"]);
  const hasRowScales = checkScales(action, scales, rows);
  checkShape(action, inverses, scales.shape);
  if (incumbent) {
    checkShape(action, incumbent, x.shape);
    checkDtypes(action, [incumbent, "f32"]);
  }
  if (metric) {
    if (count > 1) {
      throw new RangeError(
        `${action} as a metric must be of one block of ${E8P_BLOCK} columns or fewer: current ` +
          `count is ${cols}`,
      );
    }
    checkShape(action, metric, [cols, cols]);
    checkDtypes(action, [metric, "f32"]);
  }
  const out = context.make(action, "f32", x.shape);
  context.kernels.nearestLattice({
    x: context.open(action, x),
    codes: context.open(action, codes),
    scales: context.open(action, scales),
    inverses: context.open(action, inverses),
    tables: tables(),
    metric: metric ? context.open(action, metric) : null,
    incumbent: incumbent ? context.open(action, incumbent) : null,
    out: context.open(action, out),
    rows,
    cols,
    blocks,
    first,
    bits,
    residualScale,
    hasRowScales,
  });
  return out;
}

/** Checks bits and ρ, and returns ρ, or 1 where there is none. */
function checkFormat(action: string, { bits, residualScale }: LatticeFormat): number {
  checkCount(action, "bits", bits, 2, 4);
  const isRight = bits === 2
    ? residualScale === null
    : residualScale !== null && residualScale > 0 && residualScale < Infinity;
  if (isRight) return residualScale ?? 1;
  const wanted = bits === 2 ? "null for 2 bits" : `a number above 0 for ${bits} bits`;
  throw new RangeError(
    `${action} as residualScale must be ${wanted}: current value is ${residualScale}`,
  );
}

/** Whether there is a scale for each row; throws unless there is one in all otherwise. */
function checkScales(action: string, scales: DeviceArray, rows: number): boolean {
  const isOne = scales.shape.length === 2 && scales.shape[0] === 1 && scales.shape[1] === 1;
  if (!isOne) checkShape(action, scales, [rows, 1]);
  return !isOne;
}

function checkDtypes(
  action: string,
  ...wanted: readonly (readonly [array: DeviceArray, dtype: string])[]
): void {
  for (const [array, dtype] of wanted) {
    if (array.dtype !== dtype) {
      throw new TypeError(
        `${action} as the dtypes must be ${wanted.map(([, name]) => name).join(", ")}: current ` +
          `dtypes are ${wanted.map(([other]) => other.dtype).join(", ")}`,
      );
    }
  }
}
