// Scales that bring weights to a wanted deviation.

import { castTo, type Tensor, tensor, toF32 } from "@pare/tensor";
import { checkFinite } from "./check_weight.ts";

/** Which weights share a scale, what it is for, and how it is stored. */
export interface DeviationSettings {
  /** A row, or the whole matrix. */
  readonly granularity: "row" | "tensor";
  /** s, the root mean square that weights are brought to. */
  readonly scale: number;
  /** What scales are rounded to. */
  readonly scaleDtype: "f16" | "f32";
}

/**
 * σ / s of each row, or of all, with σ the root mean square, rounded to the dtype that it is stored in:
 * `[rows, 1]` or `[1, 1]`.
 *
 * @throws {RangeError} If a weight is not finite, or a scale is too large for its dtype.
 */
export function deviationScales(
  action: string,
  { shape: [rows, cols], data }: Tensor,
  { granularity, scale, scaleDtype }: DeviationSettings,
): Tensor<"f16"> | Tensor<"f32"> {
  const runs = granularity === "row" ? rows : 1;
  const length = rows * cols / runs;
  const exact = Float32Array.from({ length: runs }, (_, run) => {
    const squares = sumOfSquares(data.subarray(run * length, (run + 1) * length));
    // Squares of f32 do not leave the range of f64, so that one of the weights is not finite.
    if (!Number.isFinite(squares)) checkFinite(action, data);
    return Math.sqrt(squares / length) / scale;
  });
  const scales = castTo(tensor(exact, [runs, 1]), scaleDtype);
  if (toF32(scales).data.every(Number.isFinite)) return scales;
  throw new RangeError(
    `${action} as every scale must fit its dtype, which f32 may do: current scaleDtype is ` +
      scaleDtype,
  );
}

/** In a function of its own, which is compiled for good long before the end of a large matrix. */
function sumOfSquares(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return sum;
}
