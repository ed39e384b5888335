import { packedByteLength, type Tensor, toF32 } from "@pare/tensor";
import {
  packRows,
  padRows,
  rowOf,
  scaleShapeOf,
  unpackCodes,
  unpackZeroPoints,
} from "./affine_codes.ts";
import { checkFinite, checkTensor, matrixShapeOf, type Reject, rejectAs } from "./check_tensor.ts";
import { readInteger, readNullable, readObject, readShape, readWord } from "./field.ts";
import type { Form, NodeOf } from "./form.ts";
import type { AffineOperator } from "./operator.ts";

const SCALE_DTYPES = ["f16", "f32"] as const;
const ZERO_POINT_DTYPES = ["u8", "f16", "f32"] as const;

/** What {@linkcode affine} makes an operator of. */
export interface AffineParts {
  /** The codes, one a byte, each below 2^bits: u8 `[rows, cols]`. */
  readonly codes: Tensor<"u8">;
  /** The bits of one code, 1 to 8. */
  readonly bits: number;
  /** How many neighbours of a row share a scale; `null` for one scale in all. */
  readonly groupSize: number | null;
  /** `[rows, ceil(cols / groupSize)]`, or `[1, 1]`. */
  readonly scales: Tensor<"f16"> | Tensor<"f32">;
  /**
   * Of the shape of `scales`: integers of `bits` bits, one a byte, or fractions in f16 or f32;
   * `null` for 2^(bits − 1) everywhere.
   *
   * @default {null}
   */
  readonly zeroPoints?: Tensor<"u8"> | Tensor<"f16"> | Tensor<"f32"> | null;
}

/**
 * Packs integer codes with their scales and zero points: `w = scale · (code − zeroPoint)`.
 *
 * @example Two bits a weight, one scale a row
 * ```ts
 * import { affine, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const operator = affine({
 *   codes: tensor(Uint8Array.of(0, 1, 2, 3), [2, 2], "u8"),
 *   bits: 2,
 *   groupSize: 2,
 *   scales: tensor(Float32Array.of(1, 10), [2, 1]),
 * });
 * assertEquals(toDense(operator).data, Float32Array.of(-2, -1, 0, 10));
 * ```
 *
 * @param parts The unpacked codes and what they mean.
 * @returns An operator that shares the scales, and the zero points unless they are integers.
 * @throws {TypeError} If a tensor has the wrong dtype.
 * @throws {RangeError} If a shape, a size, a code, a scale or a zero point is wrong.
 */
export function affine(parts: AffineParts): AffineOperator {
  const { codes, bits, groupSize, scales, zeroPoints = null } = parts;
  const reject = rejectAs("Cannot make an affine operator");
  const [rows, cols] = matrixShapeOf(codes, "codes", reject);
  checkTensor(codes, "codes", ["u8"], [rows, cols], reject);
  checkSizes(bits, groupSize, reject);
  if (zeroPoints?.dtype === "u8") {
    checkTensor(zeroPoints, "zeroPoints", ["u8"], scaleShapeOf([rows, cols], groupSize), reject);
  }
  const operator: AffineOperator = {
    form: "affine",
    shape: [rows, cols],
    bits,
    groupSize,
    codes: packRows(codes, bits),
    scales,
    zeroPoints: zeroPoints?.dtype === "u8" ? packRows(zeroPoints, bits) : zeroPoints,
  };
  AFFINE.check(operator, reject);
  return operator;
}

/** The form of integer codes with a scale and a zero point for each group. */
export const AFFINE: Form<AffineOperator, NodeOf<"affine">> = {
  isOperator: (value) => "codes" in value,

  nodeOf: ({ shape, bits, groupSize, scales, zeroPoints }) => ({
    form: "affine",
    shape,
    bits,
    groupSize,
    scaleDtype: scales.dtype,
    zeroPointDtype: zeroPoints?.dtype ?? null,
  }),

  shapeOf: ({ shape }) => shape,

  specs({ bits, groupSize, scaleDtype, zeroPointDtype }, [rows, cols]) {
    const shape = scaleShapeOf([rows, cols], groupSize);
    const packed = [shape[0], packedByteLength(shape[1], bits)];
    const dtype = zeroPointDtype;
    return {
      tensors: [
        ["codes", { dtype: "u8", shape: [rows, packedByteLength(cols, bits)] }],
        ["scales", { dtype: scaleDtype, shape }],
        ...(dtype
          ? [["zeroPoints", { dtype, shape: dtype === "u8" ? packed : shape }] as const]
          : []),
      ],
      inner: [],
    };
  },

  parts: ({ codes, scales, zeroPoints }) => ({
    tensors: [
      ["codes", codes],
      ["scales", scales],
      ...(zeroPoints ? [["zeroPoints", zeroPoints] as const] : []),
    ],
    inner: [],
  }),

  readNode(field) {
    const { shape, bits, groupSize, scaleDtype, zeroPointDtype } = readObject(field, [
      "form",
      "shape",
      "bits",
      "groupSize",
      "scaleDtype",
      "zeroPointDtype",
    ]);
    return {
      form: "affine",
      shape: readShape(shape),
      bits: readInteger(bits, 1, 8),
      groupSize: readNullable(groupSize, (size) => readInteger(size, 1)),
      scaleDtype: readWord(scaleDtype, SCALE_DTYPES),
      zeroPointDtype: readNullable(zeroPointDtype, (word) => readWord(word, ZERO_POINT_DTYPES)),
    };
  },

  build: ({ bits, groupSize, scaleDtype, zeroPointDtype }, shape, store) => ({
    form: "affine",
    shape,
    bits,
    groupSize,
    codes: store.tensor("codes", "u8"),
    scales: store.tensor("scales", scaleDtype),
    zeroPoints: zeroPointDtype && store.tensor("zeroPoints", zeroPointDtype),
  }),

  check({ shape, bits, groupSize, codes, scales, zeroPoints }, reject) {
    checkSizes(bits, groupSize, reject);
    const [rows, cols] = shape;
    const [scaleRows, scaleCols] = scaleShapeOf(shape, groupSize);
    checkTensor(codes, "codes", ["u8"], [rows, packedByteLength(cols, bits)], reject);
    checkTensor(scales, "scales", SCALE_DTYPES, [scaleRows, scaleCols], reject);
    checkFinite(scales, "scales", reject);
    if (zeroPoints === null) return;
    const width = zeroPoints.dtype === "u8" ? packedByteLength(scaleCols, bits) : scaleCols;
    checkTensor(zeroPoints, "zeroPoints", ZERO_POINT_DTYPES, [scaleRows, width], reject);
    checkFinite(zeroPoints, "zeroPoints", reject);
  },

  rows(operator, indices) {
    const cols = operator.shape[1];
    const groupSize = operator.groupSize ?? cols;
    const rows = new Float64Array(indices.length * cols);
    indices.forEach((index, i) => {
      const row = rowOf(operator, index);
      const codes = unpackCodes(row).data;
      const scales = toF32(row.scales).data;
      const zeroPoints = unpackZeroPoints(row).data;
      for (let col = 0; col < cols; col++) {
        const group = Math.floor(col / groupSize);
        rows[i * cols + col] = scales[group] * (codes[col] - zeroPoints[group]);
      }
    });
    return rows;
  },

  bind(operator, upload) {
    const { bits, groupSize, scales, zeroPoints, shape: [rows, cols] } = operator;
    const weight = {
      codes: upload(padRows(operator.codes, 4)),
      scales: upload(scales),
      zeroPoints: zeroPoints ? upload(unpackZeroPoints(operator)) : 2 ** (bits - 1),
      bits,
      groupSize: Math.min(groupSize ?? cols, cols),
      rows,
      cols,
    };
    return (x, device) => device.affineMatmul(x, weight);
  },
};

function checkSizes(bits: number, groupSize: number | null, reject: Reject): void {
  if (!Number.isInteger(bits) || bits < 1 || bits > 8) {
    reject("bits", `must be an integer from 1 to 8: current value is ${bits}`);
  }
  if (groupSize !== null && (!Number.isSafeInteger(groupSize) || groupSize < 1)) {
    reject("groupSize", `must be an integer of 1 or more, or null: current value is ${groupSize}`);
  }
}
