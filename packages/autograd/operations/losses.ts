// Losses of logits, token by token: softmax cross-entropy, and the divergence from a teacher
// (G. Hinton et al., "Distilling the Knowledge in a Neural Network", 2015, arXiv:1503.02531). The
// derivatives are the device's.

import type { DeviceArray } from "@pare/linalg";
import type { Variable } from "../variable.ts";

/**
 * Takes -log of the probability of each token that came, in nats.
 *
 * @param logits `[…, vocabulary]`.
 * @param targets u32 `[…]`: the tokens that came.
 * @returns `[…]`; the usual loss is its `mean`.
 * @throws {ShapeError} If the shapes do not fit.
 */
export function crossEntropy(logits: Variable, targets: DeviceArray): Variable {
  const value = logits.tape.device.crossEntropy(logits.value, targets);
  return logits.tape.record(value, [logits], (gradient, { device, add }) => {
    add(logits, () => device.crossEntropyGradient(logits.value, targets, gradient));
  });
}

/**
 * Takes the divergence KL(teacher ‖ student) of each token's distribution, in nats.
 *
 * Distillation weighs it with the square of the temperature, so that its gradient stays as large as
 * that of a cross-entropy.
 *
 * @param teacher Logits that are not trained, `[…, vocabulary]`.
 * @param student Logits of the same shape.
 * @param temperature What both are divided by; the larger it is, the more unlikely tokens count.
 * @returns `[…]`.
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If the temperature is not above 0.
 */
export function klDivergence(
  teacher: DeviceArray,
  student: Variable,
  temperature: number,
): Variable {
  const value = student.tape.device.klDivergence(teacher, student.value, temperature);
  return student.tape.record(value, [student], (gradient, { device, add }) => {
    add(student, () => device.klDivergenceGradient(teacher, student.value, gradient, temperature));
  });
}
