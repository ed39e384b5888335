import { decodeF16, type Tensor, tensor } from "@pare/tensor";
import { matrixRow, packRows } from "./affine_codes.ts";
import { checkTensor, matrixShapeOf, type Reject, rejectAs } from "./check_tensor.ts";
import { readObject, readShape, readWord, rejectAt } from "./field.ts";
import type { Form, NodeOf } from "./form.ts";
import type { MatrixShape, SuperblockOperator } from "./operator.ts";
import {
  BLOCK_BYTES,
  BLOCK_WEIGHTS,
  INNER_BLOCKS,
  INNER_WEIGHTS,
  packQ4k,
  unpackQ4k,
} from "./q4_k_block.ts";

/** What {@linkcode superblock} makes an operator of. */
export interface SuperblockParts {
  /** The codes, one a byte, below 16: u8 `[rows, cols]`, cols a multiple of 256. */
  readonly codes: Tensor<"u8">;
  /** The scale of each 32 neighbours, below 64: u8 `[rows, cols / 32]`. */
  readonly scales: Tensor<"u8">;
  /** Their minima, below 64, of the same shape. */
  readonly minima: Tensor<"u8">;
  /** What the scales of each 256 neighbours are multiplied with: f16 `[rows, cols / 256]`. */
  readonly scaleFactors: Tensor<"f16">;
  /** What their minima are multiplied with, of the same shape. */
  readonly minimumFactors: Tensor<"f16">;
}

/**
 * Packs codes of four bits in the blocks of llama.cpp's Q4_K, byte for byte:
 * `w = scaleFactor · scale · code − minimumFactor · minimum`.
 *
 * @example Four and a half bits a weight
 * ```ts
 * import { bitsPerWeight, superblock, toDense } from "@pare/operators";
 * import { castTo, tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const half = castTo(tensor(Float32Array.of(0.5), [1, 1]), "f16");
 * const operator = superblock({
 *   codes: tensor(new Uint8Array(256).fill(10), [1, 256], "u8"),
 *   scales: tensor(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), [1, 8], "u8"),
 *   minima: tensor(new Uint8Array(8).fill(4), [1, 8], "u8"),
 *   scaleFactors: half,
 *   minimumFactors: half,
 * });
 * const { data } = toDense(operator);
 * assertEquals([data[0], data[255]], [0.5 * 1 * 10 - 0.5 * 4, 0.5 * 8 * 10 - 0.5 * 4]);
 * assertEquals(bitsPerWeight(operator), 4.5);
 * ```
 *
 * @param parts The unpacked codes and what they mean.
 * @returns The operator.
 * @throws {TypeError} If a tensor has the wrong dtype.
 * @throws {RangeError} If a shape, a code, a scale, a minimum or a factor is wrong.
 */
export function superblock(parts: SuperblockParts): SuperblockOperator {
  const { codes, scales, minima, scaleFactors, minimumFactors } = parts;
  const reject = rejectAs("Cannot make an operator of super-blocks");
  const [rows, cols] = matrixShapeOf(codes, "codes", reject);
  checkColumns([rows, cols], reject);
  checkBelow(codes, "codes", [rows, cols], 16, reject);
  const inner: MatrixShape = [rows, cols / INNER_WEIGHTS];
  checkBelow(scales, "scales", inner, 64, reject);
  checkBelow(minima, "minima", inner, 64, reject);
  const outer: MatrixShape = [rows, cols / BLOCK_WEIGHTS];
  checkTensor(scaleFactors, "scaleFactors", ["f16"], outer, reject);
  checkTensor(minimumFactors, "minimumFactors", ["f16"], outer, reject);
  const count = rows * cols / BLOCK_WEIGHTS;
  const bytes = new Uint8Array(count * BLOCK_BYTES);
  for (let b = 0; b < count; b++) {
    const block = packQ4k({
      d: scaleFactors.data[b],
      dmin: minimumFactors.data[b],
      scales: part(scales, b, INNER_BLOCKS),
      minima: part(minima, b, INNER_BLOCKS),
      codes: part(codes, b, BLOCK_WEIGHTS),
    });
    bytes.set(block, b * BLOCK_BYTES);
  }
  const operator: SuperblockOperator = {
    form: "superblock",
    shape: [rows, cols],
    layout: "q4_k",
    blocks: tensor(bytes, [rows, cols / BLOCK_WEIGHTS * BLOCK_BYTES], "u8"),
  };
  SUPERBLOCK.check(operator, reject);
  return operator;
}

/** The form of super-blocks, which hold all of 256 weights in one run of bytes. */
export const SUPERBLOCK: Form<SuperblockOperator, NodeOf<"superblock">> = {
  isOperator: (value) => "blocks" in value,

  nodeOf: ({ shape, layout }) => ({ form: "superblock", shape, layout }),

  shapeOf: ({ shape }) => shape,

  specs: (_, [rows, cols]) => ({
    tensors: [["blocks", { dtype: "u8", shape: [rows, cols / BLOCK_WEIGHTS * BLOCK_BYTES] }]],
    inner: [],
  }),

  parts: ({ blocks }) => ({ tensors: [["blocks", blocks]], inner: [] }),

  readNode(field) {
    const fields = readObject(field, ["form", "shape", "layout"]);
    const shape = readShape(fields.shape);
    checkColumns(shape, rejectAt(field.path));
    return { form: "superblock", shape, layout: readWord(fields.layout, ["q4_k"]) };
  },

  build: ({ layout }, shape, store) => ({
    form: "superblock",
    shape,
    layout,
    blocks: store.tensor("blocks", "u8"),
  }),

  check({ shape, blocks }, reject) {
    checkColumns(shape, reject);
    const [rows, cols] = shape;
    checkTensor(blocks, "blocks", ["u8"], [rows, cols / BLOCK_WEIGHTS * BLOCK_BYTES], reject);
    for (let at = 0; at < blocks.data.length; at += BLOCK_BYTES) {
      for (const from of [at, at + 2]) {
        const factor = decodeF16(blocks.data[from] | blocks.data[from + 1] << 8);
        if (!Number.isFinite(factor)) {
          reject("blocks", `must have finite factors: current value at byte ${from} is ${factor}`);
        }
      }
    }
  },

  rows({ shape: [, cols], blocks }, indices) {
    const rows = new Float64Array(indices.length * cols);
    indices.forEach((index, i) => {
      const { codes, scales, offsets } = unpackRow(matrixRow(blocks, index).data);
      codes.forEach((code, col) => {
        const block = Math.floor(col / INNER_WEIGHTS);
        rows[i * cols + col] = scales[block] * code - offsets[block];
      });
    });
    return rows;
  },

  bind({ shape: [rows, cols], blocks }, upload) {
    const perRow = cols / INNER_WEIGHTS;
    const codes = new Uint8Array(rows * cols);
    const scales = new Float32Array(rows * perRow);
    const zeroPoints = new Float32Array(rows * perRow);
    for (let row = 0; row < rows; row++) {
      const unpacked = unpackRow(matrixRow(blocks, row).data);
      codes.set(unpacked.codes, row * cols);
      for (let j = 0; j < perRow; j++) {
        const at = row * perRow + j;
        const [scale, offset] = [unpacked.scales[j], unpacked.offsets[j]];
        [scales[at], zeroPoints[at]] = scale ? [scale, offset / scale] : [offset, 1];
        // A block without a scale is all one number, whatever its codes.
        if (!scale) codes.fill(0, at * INNER_WEIGHTS, (at + 1) * INNER_WEIGHTS);
      }
    }
    const weight = {
      codes: upload(packRows({ dtype: "u8", shape: [rows, cols], data: codes }, 4)),
      scales: upload(tensor(scales, [rows, perRow])),
      zeroPoints: upload(tensor(zeroPoints, [rows, perRow])),
      bits: 4,
      groupSize: INNER_WEIGHTS,
      rows,
      cols,
    };
    return (x, device) => device.affineMatmul(x, weight);
  },
};

/** The codes of a row, and what each 32 of them are multiplied with and then less by, exactly. */
function unpackRow(bytes: Uint8Array) {
  const count = bytes.length / BLOCK_BYTES;
  const codes = new Uint8Array(count * BLOCK_WEIGHTS);
  const scales = new Float64Array(count * INNER_BLOCKS);
  const offsets = new Float64Array(count * INNER_BLOCKS);
  for (let b = 0; b < count; b++) {
    const block = unpackQ4k(bytes.subarray(b * BLOCK_BYTES, (b + 1) * BLOCK_BYTES));
    const [d, dmin] = [decodeF16(block.d), decodeF16(block.dmin)];
    codes.set(block.codes, b * BLOCK_WEIGHTS);
    for (let j = 0; j < INNER_BLOCKS; j++) {
      scales[b * INNER_BLOCKS + j] = d * block.scales[j];
      offsets[b * INNER_BLOCKS + j] = dmin * block.minima[j];
    }
  }
  return { codes, scales, offsets };
}

/** Part b of `size` elements. */
function part({ data }: Tensor<"u8">, b: number, size: number): Uint8Array {
  return data.subarray(b * size, (b + 1) * size);
}

function checkColumns([rows, cols]: MatrixShape, reject: Reject): void {
  if (cols % BLOCK_WEIGHTS !== 0) {
    const problem = `must have a multiple of ${BLOCK_WEIGHTS} columns`;
    reject("shape", `${problem}: current shape is [${rows}, ${cols}]`);
  }
}

function checkBelow(
  values: Tensor<"u8">,
  field: string,
  shape: MatrixShape,
  end: number,
  reject: Reject,
): void {
  checkTensor(values, field, ["u8"], shape, reject);
  const at = values.data.findIndex((value) => value >= end);
  if (at >= 0) {
    reject(field, `must be below ${end}: current value of element ${at} is ${values.data[at]}`);
  }
}
