// Trellis-coded weights: the search for codes, and the product by them.

import { ShapeError } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import type { TrellisLayout } from "../trellis_kernels.ts";
import type { TrellisArrays, TrellisEncoding } from "../trellis_steps.ts";
import { trellisTileBytes } from "../trellis/trellis_code.ts";
import { checkCount, checkShape, matrixShape, rowsOf } from "./checks.ts";
import type { Context } from "./context.ts";

/** The most weights of a tile. */
const TILE_SIZE = 256;

/** See `TrellisSteps.encodeTrellis`. */
export function encodeTrellis<S>(
  context: Context<S>,
  x: DeviceArray,
  weight: TrellisArrays,
  options: TrellisEncoding,
): DeviceArray {
  const action = "Cannot encode by a trellis";
  const layout = layoutOf(action, weight);
  const { inverses, col = 0, incumbent, metric } = options;
  const [rows, cols] = matrixShape(action, x);
  if (rows !== weight.rows) throw new ShapeError(action, [weight.rows, cols], x.shape);
  checkCount(action, "col", col, 0, weight.cols - cols);
  const isWhole = cols % weight.tileWidth === 0 || col + cols === weight.cols;
  if (col % weight.tileWidth !== 0 || !isWhole) {
    throw new RangeError(
      `${action} as columns must make whole tiles of ${weight.tileWidth}: current columns are ` +
        `${cols} from ${col} on`,
    );
  }
  checkShape(action, inverses, weight.scales.shape);
  if (incumbent) checkShape(action, incumbent, x.shape);
  if (metric) {
    checkShape(action, metric, [cols, cols]);
    checkCount(action, "the columns that a metric is for", cols, 1, weight.tileWidth);
  }
  checkFloats(action, [x, inverses, ...[incumbent, metric].filter((array) => array !== undefined)]);
  const out = context.make(action, "f32", x.shape);
  const open = (array: DeviceArray) => context.open(action, array);
  context.kernels.encodeTrellis({
    x: open(x),
    codes: open(weight.codes),
    scales: open(weight.scales),
    inverses: open(inverses),
    out: open(out),
    cols,
    firstTile: col / weight.tileWidth,
    incumbent: incumbent ? open(incumbent) : null,
    metric: incumbent && metric ? open(metric) : null,
    ...layout,
  });
  return out;
}

/** See `TrellisSteps.trellisMatmul`. */
export function trellisMatmul<S>(
  context: Context<S>,
  x: DeviceArray,
  weight: TrellisArrays,
): DeviceArray {
  const action = "Cannot multiply by trellis codes";
  const layout = layoutOf(action, weight);
  const [tokens, cols] = rowsOf(action, x);
  if (cols !== weight.cols) {
    throw new ShapeError(action, [...x.shape.slice(0, -1), weight.cols], x.shape);
  }
  checkFloats(action, [x]);
  const out = context.make(action, "f32", [...x.shape.slice(0, -1), weight.rows]);
  context.kernels.trellisMatmul({
    x: context.open(action, x),
    codes: context.open(action, weight.codes),
    scales: context.open(action, weight.scales),
    out: context.open(action, out),
    tokens,
    cols,
    ...layout,
  });
  return out;
}

function layoutOf(action: string, weight: TrellisArrays): TrellisLayout {
  const { codes, scales, bits, stateBits, tileHeight, tileWidth, rows, cols } = weight;
  checkCount(action, "bits", bits, 1, 4);
  checkCount(action, "tileHeight", tileHeight, 8, TILE_SIZE);
  if (tileHeight % 8 !== 0) {
    throw new RangeError(
      `${action} as tileHeight must be a multiple of 8: current value is ${tileHeight}`,
    );
  }
  checkCount(action, "tileWidth", tileWidth, 1, Math.floor(TILE_SIZE / tileHeight));
  checkCount(action, "stateBits", stateBits, bits, Math.min(16, tileHeight * tileWidth * bits));
  if (codes.dtype !== "u8") {
    throw new TypeError(`${action} as codes must be u8: current dtype is ${codes.dtype}`);
  }
  const tileBytes = trellisTileBytes(tileHeight, tileWidth, bits);
  const lineBytes = Math.ceil(cols / tileWidth) * tileBytes;
  checkShape(action, codes, [Math.ceil(rows / tileHeight), lineBytes]);
  const hasRowScales = scales.shape[0] !== 1;
  checkShape(action, scales, [hasRowScales ? rows : 1, 1]);
  checkFloats(action, [scales]);
  return { rows, bits, stateBits, tileHeight, tileWidth, lineBytes, hasRowScales };
}

function checkFloats(action: string, arrays: readonly DeviceArray[]): void {
  for (const { dtype } of arrays) {
    if (dtype !== "f32") {
      throw new TypeError(`${action} as numbers must be f32: current dtype is ${dtype}`);
    }
  }
}
