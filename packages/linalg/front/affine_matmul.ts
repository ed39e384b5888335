import { ShapeError } from "@pare/tensor";
import type { AffineArrays } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { AffineMatmulParams } from "../kernels.ts";
import { checkCount, checkShape, matrixShape, rowsOf, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.affineMatmul`. */
export function affineMatmul<S>(
  context: Context<S>,
  x: DeviceArray,
  weight: AffineArrays,
): DeviceArray {
  const action = "Cannot multiply by affine codes";
  const sizes = sizesOf(action, x, weight);
  const { codes, scales, zeroPoints, levels } = weight;
  if (typeof zeroPoints !== "number") {
    checkShape(action, zeroPoints, scales.shape);
    sameDtype(action, scales, zeroPoints);
  }
  if (levels) {
    checkCount(action, "bits of codes for levels", weight.bits, 1, 4);
    checkShape(action, levels, [2 ** weight.bits]);
    sameDtype(action, scales, levels);
  }
  if (x.dtype !== "f32" || scales.dtype !== "f32" || codes.dtype !== "u8") {
    throw new TypeError(
      `${action} as the dtypes must be f32, u8 and f32: current dtypes are ` +
        `${x.dtype}, ${codes.dtype} and ${scales.dtype}`,
    );
  }
  const out = context.make(action, "f32", [...x.shape.slice(0, -1), weight.rows]);
  context.kernels.affineMatmul({
    x: context.open(action, x),
    codes: context.open(action, codes),
    scales: context.open(action, scales),
    zeroPoints: typeof zeroPoints === "number" ? zeroPoints : context.open(action, zeroPoints),
    levels: levels ? context.open(action, levels) : null,
    out: context.open(action, out),
    ...sizes,
  });
  return out;
}

type Sizes = Omit<
  AffineMatmulParams<unknown>,
  "x" | "codes" | "scales" | "zeroPoints" | "levels" | "out"
>;

function sizesOf(action: string, x: DeviceArray, weight: AffineArrays): Sizes {
  const { codes, scales, bits, groupSize, rows, cols } = weight;
  const [tokens, width] = rowsOf(action, x);
  const [codeRows, rowBytes] = matrixShape(action, codes);
  const [scaleRows, scaleCols] = matrixShape(action, scales);
  const groups = scaleRows === 1 && scaleCols === 1 ? 0 : scaleCols;
  checkCount(action, "bits", bits, 1, 8);
  checkCount(action, "groupSize", groupSize, 1, Infinity);
  if (width !== cols) throw new ShapeError(action, [...x.shape.slice(0, -1), cols], x.shape);
  if (codeRows !== rows || rowBytes % 4 !== 0 || rowBytes * 8 < cols * bits) {
    throw new ShapeError(action, [rows, 4 * Math.ceil(cols * bits / 32)], codes.shape);
  }
  if (groups && (scaleRows !== rows || scaleCols !== Math.ceil(cols / groupSize))) {
    throw new ShapeError(action, [rows, Math.ceil(cols / groupSize)], scales.shape);
  }
  return { tokens, rows, cols, bits, groupSize, groups, rowBytes };
}
