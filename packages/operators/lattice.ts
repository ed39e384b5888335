import { E8P_BLOCK, latticeDecoder, type LatticeFormat } from "@pare/linalg";
import { type Tensor, toF64 } from "@pare/tensor";
import { matrixRow, padRows } from "./affine_codes.ts";
import { checkTensor, type Reject, rejectAs } from "./check_tensor.ts";
import { readInteger, readNullable, readNumber, readObject, readShape, readWord } from "./field.ts";
import { rejectAt } from "./field.ts";
import type { Form, NodeOf } from "./form.ts";
import type { LatticeOperator, MatrixShape } from "./operator.ts";
import { checkRowScales, GRANULARITIES, ROW_SCALE_DTYPES, rowScaleShape } from "./row_scales.ts";

/** The least and the greatest residual scale. */
const RESIDUAL_SCALES = [2 ** -16, 2 ** 16] as const;

/** What {@linkcode lattice} makes an operator of. */
export interface LatticeParts extends LatticeFormat {
  /** `[rows, cols]`; the last block of eight columns may be shorter. */
  readonly shape: MatrixShape;
  /**
   * The codes of each block, as `nearestLattice` of a device writes them: of E8P in the lower half, of
   * the residual in the upper; u32 `[rows, ceil(cols / 8)]`.
   */
  readonly codes: Tensor<"u32">;
  /** Whether `scales` has one for each row. */
  readonly granularity: "row" | "tensor";
  /** `[rows, 1]`, or `[1, 1]`. */
  readonly scales: Tensor<"f16"> | Tensor<"f32">;
}

/**
 * Packs codes of the lattice E8: eight weights are `scale · (c + r / residualScale)`, with c from E8P
 * and r, for more than two bits, from a codebook of residuals.
 *
 * @example Eight weights in two bytes
 * ```ts
 * import { lattice, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const operator = lattice({
 *   shape: [1, 8],
 *   bits: 2,
 *   residualScale: null,
 *   codes: tensor(Uint32Array.of(0x0101), [1, 1], "u32"),
 *   granularity: "tensor",
 *   scales: tensor(Float32Array.of(4), [1, 1]),
 * });
 * assertEquals(toDense(operator).data, Float32Array.of(-1, 3, 3, 3, 3, 3, 3, 7));
 * ```
 *
 * @param parts The codes and what they mean.
 * @returns An operator that shares the scales.
 * @throws {TypeError} If a tensor has the wrong dtype.
 * @throws {RangeError} If a shape, a size, a code or a scale is wrong.
 */
export function lattice(parts: LatticeParts): LatticeOperator {
  const { shape, bits, residualScale, codes, granularity, scales } = parts;
  const reject = rejectAs("Cannot make a lattice operator");
  const [rows, cols] = shape;
  if (![rows, cols].every((side) => Number.isSafeInteger(side) && side > 0)) {
    reject("shape", `must be that of a matrix: current shape is [${shape.join(", ")}]`);
  }
  checkFormat({ bits, residualScale }, reject);
  checkTensor(codes, "codes", ["u32"], [rows, blocksOf(cols)], reject);
  const operator: LatticeOperator = {
    form: "lattice",
    shape: [rows, cols],
    bits,
    residualScale,
    granularity,
    codes: packCodes(codes, bits, reject),
    scales,
  };
  LATTICE.check(operator, reject);
  return operator;
}

/** The form of codes of the lattice E8. */
export const LATTICE: Form<LatticeOperator, NodeOf<"lattice">> = {
  isOperator: (value) => "codes" in value,

  nodeOf: ({ shape, bits, residualScale, granularity, scales }) => ({
    form: "lattice",
    shape,
    bits,
    residualScale,
    granularity,
    scaleDtype: scales.dtype,
  }),

  shapeOf: ({ shape }) => shape,

  specs: ({ bits, granularity, scaleDtype }, [rows, cols]) => ({
    tensors: [
      ["codes", { dtype: "u8", shape: [rows, blocksOf(cols) * bits] }],
      ["scales", { dtype: scaleDtype, shape: rowScaleShape([rows, cols], granularity) }],
    ],
    inner: [],
  }),

  parts: ({ codes, scales }) => ({ tensors: [["codes", codes], ["scales", scales]], inner: [] }),

  readNode(field) {
    const { shape, bits, residualScale, granularity, scaleDtype } = readObject(field, [
      "form",
      "shape",
      "bits",
      "residualScale",
      "granularity",
      "scaleDtype",
    ]);
    const node = {
      form: "lattice",
      shape: readShape(shape),
      bits: readInteger(bits, 2, 4) as 2 | 3 | 4,
      residualScale: readNullable(
        residualScale,
        (number) => readNumber(number, ...RESIDUAL_SCALES),
      ),
      granularity: readWord(granularity, GRANULARITIES),
      scaleDtype: readWord(scaleDtype, ROW_SCALE_DTYPES),
    } as const;
    checkFormat(node, rejectAt(field.path));
    return node;
  },

  build: ({ bits, residualScale, granularity, scaleDtype }, shape, store) => ({
    form: "lattice",
    shape,
    bits,
    residualScale,
    granularity,
    codes: store.tensor("codes", "u8"),
    scales: store.tensor("scales", scaleDtype),
  }),

  check({ shape: [rows, cols], bits, residualScale, granularity, codes, scales }, reject) {
    checkFormat({ bits, residualScale }, reject);
    checkTensor(codes, "codes", ["u8"], [rows, blocksOf(cols) * bits], reject);
    checkRowScales(scales, [rows, cols], granularity, reject);
  },

  rows({ shape: [, cols], bits, residualScale, granularity, codes, scales }, indices) {
    const decode = latticeDecoder({ bits, residualScale });
    const factors = toF64(scales).data;
    const rows = new Float64Array(indices.length * cols);
    indices.forEach((index, i) => {
      const row = rows.subarray(i * cols, (i + 1) * cols);
      decode(matrixRow(codes, index).data, row);
      const scale = factors[granularity === "row" ? index : 0];
      for (let col = 0; col < cols; col++) row[col] *= scale;
    });
    return rows;
  },

  bind({ shape: [rows, cols], bits, residualScale, codes, scales }, upload) {
    const weight = {
      codes: upload(padRows(codes, 4)),
      scales: upload(scales),
      bits,
      residualScale,
      rows,
      cols,
    };
    return (x, device) => device.latticeMatmul(x, weight);
  },
};

function blocksOf(cols: number): number {
  return Math.ceil(cols / E8P_BLOCK);
}

/** In each row the codes of E8P of all blocks, then those of their residuals. */
function packCodes(codes: Tensor<"u32">, bits: number, reject: Reject): Tensor<"u8"> {
  const [rows, blocks] = codes.shape;
  const most = 2 ** (8 * bits);
  const data = new Uint8Array(rows * blocks * bits);
  for (let i = 0; i < rows * blocks; i++) {
    const code = codes.data[i];
    if (code >= most) {
      reject("codes", `must each be below ${most}: current value of element ${i} is ${code}`);
    }
    const block = i % blocks;
    const start = (i - block) * bits;
    const second = start + 2 * blocks + (bits - 2) * block;
    data[start + 2 * block] = code;
    data[start + 2 * block + 1] = code >> 8;
    if (bits > 2) data[second] = code >> 16;
    if (bits > 3) data[second + 1] = code >> 24;
  }
  return { dtype: "u8", shape: [rows, blocks * bits], data };
}

function checkFormat({ bits, residualScale }: LatticeFormat, reject: Reject): void {
  if (![2, 3, 4].includes(bits)) {
    reject("bits", `must be 2, 3 or 4: current value is ${bits}`);
  }
  const [least, most] = RESIDUAL_SCALES;
  const isRight = bits === 2
    ? residualScale === null
    : residualScale !== null && residualScale >= least && residualScale <= most;
  if (isRight) return;
  const wanted = bits === 2 ? "null for 2 bits" : `from 2^-16 to 2^16 for ${bits} bits`;
  reject("residualScale", `must be ${wanted}: current value is ${residualScale}`);
}
