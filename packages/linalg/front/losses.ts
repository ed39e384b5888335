// The losses of language models, one number a row of logits, and their derivatives.

import type { DeviceArray } from "../device_array.ts";
import { checkIndices, checkShape, rowsOf, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";
import { mapArray } from "./map_array.ts";

/** See `TrainingSteps.crossEntropy`. */
export function crossEntropy<S>(
  context: Context<S>,
  logits: DeviceArray,
  targets: DeviceArray,
): DeviceArray {
  const action = "Cannot take the cross-entropy";
  const dtype = context.float(action, logits, "crossEntropy");
  const [rows, cols] = rowsOf(action, logits);
  const shape = logits.shape.slice(0, -1);
  checkIndices(action, targets, shape);
  const result = context.make(action, dtype, shape);
  context.kernels.crossEntropy({
    logits: context.open(action, logits),
    targets: context.open(action, targets),
    out: context.open(action, result),
    dtype,
    rows,
    cols,
  });
  return result;
}

/** See `TrainingSteps.crossEntropyGradient`. */
export function crossEntropyGradient<S>(
  context: Context<S>,
  logits: DeviceArray,
  targets: DeviceArray,
  gradient: DeviceArray,
): DeviceArray {
  const action = "Cannot differentiate the cross-entropy";
  const [rows, cols] = rowsOf(action, logits);
  checkIndices(action, targets, logits.shape.slice(0, -1));
  const operands = {
    targets: context.open(action, targets),
    gradient: openGradient(context, action, logits, gradient),
  };
  return mapArray(context, action, "crossEntropyGradient", logits, ({ x, out, dtype }) => {
    context.kernels.crossEntropyGradient({ logits: x, ...operands, out, dtype, rows, cols });
  });
}

/** See `TrainingSteps.klDivergence`. */
export function klDivergence<S>(
  context: Context<S>,
  teacher: DeviceArray,
  student: DeviceArray,
  temperature: number,
): DeviceArray {
  const action = "Cannot take the divergence";
  const dtype = context.float(action, student, "klDivergence");
  const [rows, cols] = rowsOf(action, student);
  checkTeacher(action, teacher, student);
  const result = context.make(action, dtype, student.shape.slice(0, -1));
  context.kernels.klDivergence({
    teacher: context.open(action, teacher),
    student: context.open(action, student),
    out: context.open(action, result),
    dtype,
    rows,
    cols,
    factor: factorOf(action, temperature),
  });
  return result;
}

/** See `TrainingSteps.klDivergenceGradient`. */
export function klDivergenceGradient<S>(
  context: Context<S>,
  teacher: DeviceArray,
  student: DeviceArray,
  gradient: DeviceArray,
  temperature: number,
): DeviceArray {
  const action = "Cannot differentiate the divergence";
  const [rows, cols] = rowsOf(action, student);
  checkTeacher(action, teacher, student);
  const operands = {
    teacher: context.open(action, teacher),
    gradient: openGradient(context, action, student, gradient),
    factor: factorOf(action, temperature),
  };
  return mapArray(context, action, "klDivergenceGradient", student, ({ x, out, dtype }) => {
    context.kernels.klDivergenceGradient({ student: x, ...operands, out, dtype, rows, cols });
  });
}

function checkTeacher(action: string, teacher: DeviceArray, student: DeviceArray): void {
  checkShape(action, teacher, student.shape);
  sameDtype(action, student, teacher);
}

/** The storage of the gradient of a loss, one number a row. */
function openGradient<S>(
  context: Context<S>,
  action: string,
  logits: DeviceArray,
  gradient: DeviceArray,
): S {
  checkShape(action, gradient, logits.shape.slice(0, -1));
  sameDtype(action, logits, gradient);
  return context.open(action, gradient);
}

/** What logits are multiplied with at a temperature. */
function factorOf(action: string, temperature: number): number {
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(
      `${action} as the temperature must be positive: current value is ${temperature}`,
    );
  }
  return 1 / temperature;
}
