import { packedByteLength, type Tensor } from "@pare/tensor";
import { matrixRow, packRows, padRows, scaleShapeOf, unpackRows } from "./affine_codes.ts";
import { checkFinite, checkTensor, matrixShapeOf, type Reject, rejectAs } from "./check_tensor.ts";
import { readBoolean, readInteger, readObject, readShape, readWord, rejectAt } from "./field.ts";
import type { Form, NodeOf } from "./form.ts";
import { decodeScales, type LevelScaleDtype, SCALE_TENSORS, scaleDtypeOf } from "./level_scales.ts";
import { LEVEL_BITS, type LevelKind, levelsOf } from "./levels_of.ts";
import type { LevelsOperator } from "./operator.ts";

/** What {@linkcode levels} makes an operator of. */
export interface LevelsParts extends Pick<LevelsOperator, "groupSize" | "scales"> {
  /** Which levels the codes stand for. */
  readonly kind: LevelKind;
  /** The codes, one a byte, each below 2^bits: u8 `[rows, cols]`. */
  readonly codes: Tensor<"u8">;
  /** The bits of one code: 2 to 4, 4 for `e2m1`. */
  readonly bits: number;
  /**
   * What all scales are multiplied with, f32 `[1]`; `null` for 1.
   *
   * @default {null}
   */
  readonly matrixScale?: Tensor | null;
}

/**
 * Packs codes for levels with their scales: `w = matrixScale · scale · level[code]`.
 *
 * @example Microscaling: powers of two for groups of weights in four bits
 * ```ts
 * import { levels, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const operator = levels({
 *   kind: "e2m1",
 *   codes: tensor(Uint8Array.of(1, 2, 7, 15), [2, 2], "u8"),
 *   bits: 4,
 *   groupSize: 32,
 *   scales: tensor(Uint8Array.of(127, 129), [2, 1], "u8"),
 * });
 * assertEquals(toDense(operator).data, Float32Array.of(0.5, 1, 24, -24));
 * ```
 *
 * @param parts The unpacked codes and what they mean.
 * @returns An operator that shares the scales.
 * @throws {TypeError} If a tensor has the wrong dtype.
 * @throws {RangeError} If a shape, a size, a code or a scale is wrong.
 */
export function levels(parts: LevelsParts): LevelsOperator {
  const { kind, codes, bits, groupSize, scales, matrixScale = null } = parts;
  const reject = rejectAs("Cannot make an operator of levels");
  const [rows, cols] = matrixShapeOf(codes, "codes", reject);
  checkTensor(codes, "codes", ["u8"], [rows, cols], reject);
  checkSizes(kind, bits, groupSize, reject);
  const operator: LevelsOperator = {
    form: "levels",
    shape: [rows, cols],
    kind,
    bits,
    groupSize,
    codes: packRows(codes, bits),
    scales,
    matrixScale,
  };
  LEVELS.check(operator, reject);
  return operator;
}

/** The form of codes that stand for levels, with a scale for each group. */
export const LEVELS: Form<LevelsOperator, NodeOf<"levels">> = {
  isOperator: (value) => "codes" in value,

  nodeOf: ({ shape, kind, bits, groupSize, scales, matrixScale }) => ({
    form: "levels",
    shape,
    kind,
    bits,
    groupSize,
    scaleDtype: scaleDtypeOf(scales),
    matrixScale: matrixScale !== null,
  }),

  shapeOf: ({ shape }) => shape,

  specs: ({ bits, groupSize, scaleDtype, matrixScale }, [rows, cols]) => ({
    tensors: [
      ["codes", { dtype: "u8", shape: [rows, packedByteLength(cols, bits)] }],
      [
        "scales",
        { dtype: SCALE_TENSORS[scaleDtype], shape: scaleShapeOf([rows, cols], groupSize) },
      ],
      ...(matrixScale ? [["matrixScale", { dtype: "f32", shape: [1] }] as const] : []),
    ],
    inner: [],
  }),

  parts: ({ codes, scales, matrixScale }) => ({
    tensors: [
      ["codes", codes],
      ["scales", scales],
      ...(matrixScale ? [["matrixScale", matrixScale] as const] : []),
    ],
    inner: [],
  }),

  readNode(field) {
    const fields = readObject(field, [
      "form",
      "shape",
      "kind",
      "bits",
      "groupSize",
      "scaleDtype",
      "matrixScale",
    ]);
    const kind = readWord(fields.kind, Object.keys(LEVEL_BITS) as LevelKind[]);
    const bits = readInteger(fields.bits, 1, 8);
    checkSizes(kind, bits, 1, rejectAt(field.path));
    return {
      form: "levels",
      shape: readShape(fields.shape),
      kind,
      bits,
      groupSize: readInteger(fields.groupSize, 1),
      scaleDtype: readWord(
        fields.scaleDtype,
        Object.keys(SCALE_TENSORS) as LevelScaleDtype[],
      ),
      matrixScale: readBoolean(fields.matrixScale),
    };
  },

  build: ({ kind, bits, groupSize, scaleDtype, matrixScale }, shape, store) => ({
    form: "levels",
    shape,
    kind,
    bits,
    groupSize,
    codes: store.tensor("codes", "u8"),
    scales: store.tensor("scales", SCALE_TENSORS[scaleDtype]),
    matrixScale: matrixScale ? store.tensor("matrixScale", "f32") : null,
  }),

  check({ shape, kind, bits, groupSize, codes, scales, matrixScale }, reject) {
    checkSizes(kind, bits, groupSize, reject);
    const [rows, cols] = shape;
    checkTensor(codes, "codes", ["u8"], [rows, packedByteLength(cols, bits)], reject);
    const dtypes = Object.values(SCALE_TENSORS);
    checkTensor(scales, "scales", dtypes, scaleShapeOf(shape, groupSize), reject);
    checkFinite(decodeScales(scales, null), "scales", reject);
    if (matrixScale === null) return;
    checkTensor(matrixScale, "matrixScale", ["f32"], [1], reject);
    checkFinite(matrixScale, "matrixScale", reject);
    checkFinite(decodeScales(scales, matrixScale), "scales times matrixScale", reject);
  },

  rows({ shape: [, cols], kind, bits, groupSize, codes, scales, matrixScale }, indices) {
    const level = levelsOf(kind, bits).data;
    const rows = new Float64Array(indices.length * cols);
    indices.forEach((index, i) => {
      const rowCodes = unpackRows(matrixRow(codes, index), bits, cols).data;
      const rowScales = decodeScales(matrixRow(scales, index), matrixScale).data;
      for (let col = 0; col < cols; col++) {
        rows[i * cols + col] = rowScales[Math.floor(col / groupSize)] * level[rowCodes[col]];
      }
    });
    return rows;
  },

  bind({ shape: [rows, cols], kind, bits, groupSize, codes, scales, matrixScale }, upload) {
    const weight = {
      codes: upload(padRows(codes, 4)),
      scales: upload(decodeScales(scales, matrixScale)),
      zeroPoints: 0,
      levels: upload(levelsOf(kind, bits)),
      bits,
      groupSize: Math.min(groupSize, cols),
      rows,
      cols,
    };
    return (x, device) => device.affineMatmul(x, weight);
  },
};

function checkSizes(kind: LevelKind, bits: number, groupSize: number, reject: Reject): void {
  if (!Object.hasOwn(LEVEL_BITS, kind)) {
    const known = Object.keys(LEVEL_BITS).map((word) => `"${word}"`).join(" or ");
    reject("kind", `must be ${known}: current value is ${JSON.stringify(kind)}`);
  }
  const [least, most] = LEVEL_BITS[kind];
  if (!Number.isInteger(bits) || bits < least || bits > most) {
    const wanted = least === most ? `${least}` : `an integer from ${least} to ${most}`;
    reject("bits", `must be ${wanted} for the levels "${kind}": current value is ${bits}`);
  }
  if (!Number.isSafeInteger(groupSize) || groupSize < 1) {
    reject("groupSize", `must be an integer of 1 or more: current value is ${groupSize}`);
  }
}
