import { trellisDeviation, trellisLevel, trellisState, trellisTileBytes } from "@pare/linalg";
import { type Tensor, toF32 } from "@pare/tensor";
import { checkTensor, type Reject, rejectAs } from "./check_tensor.ts";
import { readInteger, readObject, readShape, readWord, rejectAt } from "./field.ts";
import type { Form, NodeOf } from "./form.ts";
import type { MatrixShape, TrellisOperator } from "./operator.ts";
import { checkRowScales, GRANULARITIES, ROW_SCALE_DTYPES, rowScaleShape } from "./row_scales.ts";

/** The most weights of a tile. */
const TILE_SIZE = 256;

/** How a matrix is cut into tiles, and how many bits a weight and a state have. */
export type TrellisTiles = Pick<TrellisOperator, "bits" | "stateBits" | "tileHeight" | "tileWidth">;

/**
 * Makes an operator of trellis codes: each weight is its scale times the level of its state, divided by
 * the deviation of levels.
 *
 * @example States as long as a weight: each weight is one of four levels
 * ```ts
 * import { toDense, trellisCoded } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { trellisDeviation, trellisLevel } from "@pare/linalg";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const operator = trellisCoded({
 *   shape: [8, 1],
 *   bits: 2,
 *   stateBits: 2,
 *   tileHeight: 8,
 *   tileWidth: 1,
 *   granularity: "tensor",
 *   codes: tensor(Uint8Array.of(0b11_10_01_00, 0), [1, 2], "u8"),
 *   scales: tensor(Float32Array.of(0.5), [1, 1]),
 * });
 * assertAlmostEquals(toDense(operator).data[3], 0.5 * trellisLevel(3, 2, 2) / trellisDeviation(2, 2), 1e-6);
 * ```
 *
 * @param parts The shape, the tiles, the codes and the scales.
 * @returns An operator that shares them.
 * @throws {TypeError} If a tensor has the wrong dtype.
 * @throws {RangeError} If a shape, a size or a scale is wrong.
 */
export function trellisCoded(parts: Omit<TrellisOperator, "form">): TrellisOperator {
  const operator: TrellisOperator = { form: "trellis", ...parts };
  const reject = rejectAs("Cannot make an operator of trellis codes");
  const { shape } = parts;
  if (!shape.every((side) => Number.isSafeInteger(side) && side > 0)) {
    reject("shape", `must be of integers of 1 or more: current shape is [${shape.join(", ")}]`);
  }
  TRELLIS.check(operator, reject);
  return operator;
}

/**
 * What levels are multiplied by: the scales divided by the deviation of levels, in f32.
 *
 * @param scales The scales of a {@linkcode TrellisOperator}.
 * @param tiles The bits of its weights and states.
 * @returns As many numbers.
 */
export function trellisSteps(
  scales: Tensor<"f16"> | Tensor<"f32">,
  { bits, stateBits }: Pick<TrellisTiles, "bits" | "stateBits">,
): Tensor {
  const wide = toF32(scales);
  const deviation = trellisDeviation(bits, stateBits);
  return { ...wide, data: wide.data.map((scale) => scale / deviation) };
}

/** The shape of the codes. */
export function trellisCodesShape([rows, cols]: MatrixShape, layout: TrellisTiles): MatrixShape {
  const { bits, tileHeight, tileWidth } = layout;
  const tileBytes = trellisTileBytes(tileHeight, tileWidth, bits);
  return [Math.ceil(rows / tileHeight), Math.ceil(cols / tileWidth) * tileBytes];
}

/** The form of weights that are the states of walks through a trellis. */
export const TRELLIS: Form<TrellisOperator, NodeOf<"trellis">> = {
  isOperator: (value) => "codes" in value,

  nodeOf: ({ shape, bits, stateBits, tileHeight, tileWidth, granularity, scales }) => ({
    form: "trellis",
    shape,
    bits,
    stateBits,
    tileHeight,
    tileWidth,
    scaleDtype: scales.dtype,
    granularity,
  }),

  shapeOf: ({ shape }) => shape,

  specs: (node, shape) => ({
    tensors: [
      ["codes", { dtype: "u8", shape: trellisCodesShape(shape, node) }],
      ["scales", { dtype: node.scaleDtype, shape: rowScaleShape(shape, node.granularity) }],
    ],
    inner: [],
  }),

  parts: ({ codes, scales }) => ({ tensors: [["codes", codes], ["scales", scales]], inner: [] }),

  readNode(field) {
    const fields = readObject(field, [
      "form",
      "shape",
      "bits",
      "stateBits",
      "tileHeight",
      "tileWidth",
      "scaleDtype",
      "granularity",
    ]);
    const layout = {
      bits: readInteger(fields.bits, 1, 4),
      stateBits: readInteger(fields.stateBits, 1, 16),
      tileHeight: readInteger(fields.tileHeight, 1, TILE_SIZE),
      tileWidth: readInteger(fields.tileWidth, 1, TILE_SIZE),
    };
    checkLayout(layout, rejectAt(field.path));
    return {
      form: "trellis",
      shape: readShape(fields.shape),
      ...layout,
      scaleDtype: readWord(fields.scaleDtype, ROW_SCALE_DTYPES),
      granularity: readWord(fields.granularity, GRANULARITIES),
    };
  },

  build: ({ bits, stateBits, tileHeight, tileWidth, scaleDtype, granularity }, shape, store) => ({
    form: "trellis",
    shape,
    bits,
    stateBits,
    tileHeight,
    tileWidth,
    granularity,
    codes: store.tensor("codes", "u8"),
    scales: store.tensor("scales", scaleDtype),
  }),

  check(operator, reject) {
    const { shape, codes, scales, granularity } = operator;
    checkLayout(operator, reject);
    checkTensor(codes, "codes", ["u8"], trellisCodesShape(shape, operator), reject);
    checkRowScales(scales, shape, granularity, reject);
  },

  rows(operator, indices) {
    const { shape: [, cols], bits, stateBits, tileHeight, tileWidth, codes } = operator;
    const [, lineBytes] = codes.shape;
    const tileBytes = trellisTileBytes(tileHeight, tileWidth, bits);
    const steps = trellisSteps(operator.scales, operator).data;
    const rows = new Float64Array(indices.length * cols);
    indices.forEach((row, i) => {
      const line = Math.floor(row / tileHeight) * lineBytes;
      const step = steps[steps.length > 1 ? row : 0];
      for (let col = 0; col < cols; col++) {
        const start = line + Math.floor(col / tileWidth) * tileBytes;
        const tile = codes.data.subarray(start, start + tileBytes);
        const index = col % tileWidth * tileHeight + row % tileHeight;
        const state = trellisState(tile, index, bits, stateBits);
        rows[i * cols + col] = step * trellisLevel(state, bits, stateBits);
      }
    });
    return rows;
  },

  bind(operator, upload) {
    const { bits, stateBits, tileHeight, tileWidth, shape: [rows, cols] } = operator;
    const weight = {
      codes: upload(operator.codes),
      scales: upload(trellisSteps(operator.scales, operator)),
      bits,
      stateBits,
      tileHeight,
      tileWidth,
      rows,
      cols,
    };
    return (x, device) => device.trellisMatmul(x, weight);
  },
};

function checkLayout(
  { bits, stateBits, tileHeight, tileWidth }: TrellisTiles,
  reject: Reject,
): void {
  checkInteger("bits", bits, 1, 4, reject);
  checkInteger("tileHeight", tileHeight, 8, TILE_SIZE, reject);
  if (tileHeight % 8 !== 0) {
    reject("tileHeight", `must be a multiple of 8: current value is ${tileHeight}`);
  }
  checkInteger("tileWidth", tileWidth, 1, Math.floor(TILE_SIZE / tileHeight), reject);
  const most = Math.min(16, tileHeight * tileWidth * bits);
  checkInteger("stateBits", stateBits, bits, most, reject);
}

function checkInteger(
  field: string,
  value: number,
  least: number,
  most: number,
  reject: Reject,
): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    reject(field, `must be an integer from ${least} to ${most}: current value is ${value}`);
  }
}
