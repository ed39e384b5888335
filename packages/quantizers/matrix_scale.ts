import { castTo, type Tensor, tensor } from "@pare/tensor";

/** The largest number of E4M3. */
const LARGEST = 448;

/** Scales in 8 bits, and what all of them are multiplied with. */
export interface MatrixScaled {
  /** Of the shape of what was scaled. */
  readonly scales: Tensor<"f8e4m3">;
  /** f32 `[1]`. */
  readonly matrixScale: Tensor;
}

/**
 * Makes scales of 8 bits and one f32, so that the largest magnitude of each group is its scale times
 * the greatest level, and the largest scale is the largest number of E4M3.
 *
 * @param magnitudes The largest magnitudes of the groups.
 * @param level The greatest level.
 * @returns The scales; all zeros where no magnitude is large enough to be divided in f32.
 */
export function scaleByMatrix(magnitudes: Tensor, level: number): MatrixScaled {
  const greatest = magnitudes.data.reduce((most, magnitude) => Math.max(most, magnitude), 0);
  const factor = Math.fround(greatest / (level * LARGEST));
  const shares = Float64Array.from(
    magnitudes.data,
    (magnitude) => factor && magnitude / (level * factor),
  );
  return {
    scales: castTo({ dtype: "f64", shape: magnitudes.shape, data: shares }, "f8e4m3"),
    matrixScale: tensor(Float32Array.of(factor), [1]),
  };
}
