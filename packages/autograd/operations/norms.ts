// Rows normalized: to a mean square of one, or to a mean of zero and a variance of one; with a gain
// per channel. B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization", 2019,
// arXiv:1910.07467; J. L. Ba et al., "Layer Normalization", 2016, arXiv:1607.06450. The derivatives
// are the device's.

import type { Variable } from "../variable.ts";

/**
 * Normalizes runs to a mean square of one: x · gain / √(mean x² + epsilon).
 *
 * @param x `[…, width]`.
 * @param gain A vector whose length divides the width: runs of that length are normalized.
 * @param epsilon Added to the mean square.
 * @returns The shape of `x`.
 * @throws {ShapeError} If the length of `gain` does not divide the width.
 */
export function rmsNorm(x: Variable, gain: Variable, epsilon: number): Variable {
  const value = x.tape.device.rmsNorm(x.value, gain.value, epsilon);
  return x.tape.record(value, [x, gain], (gradient, { device, add }) => {
    const gradients = device.rmsNormGradient(x.value, gain.value, gradient, epsilon);
    add(x, () => gradients.x);
    add(gain, () => gradients.gain);
  });
}

/**
 * Normalizes runs to a mean of zero and a variance of one:
 * gain · (x − mean x) / √(variance x + epsilon) + bias.
 *
 * @param x `[…, width]`.
 * @param gain A vector whose length divides the width: runs of that length are normalized.
 * @param bias Of the shape of `gain`; `null` for none.
 * @param epsilon Added to the variance.
 * @returns The shape of `x`.
 * @throws {ShapeError} If the length of `gain` does not divide the width, or `bias` has another one.
 */
export function layerNorm(
  x: Variable,
  gain: Variable,
  bias: Variable | null,
  epsilon: number,
): Variable {
  const value = x.tape.device.layerNorm(x.value, gain.value, bias?.value ?? null, epsilon);
  const inputs = bias ? [x, gain, bias] : [x, gain];
  return x.tape.record(value, inputs, (gradient, { device, add }) => {
    const gradients = device.layerNormGradient(x.value, gain.value, gradient, epsilon);
    add(x, () => gradients.x);
    add(gain, () => gradients.gain);
    if (bias) add(bias, () => gradients.bias);
    else gradients.bias[Symbol.dispose]();
  });
}
