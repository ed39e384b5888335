// Gradients of an expression of parameters, and the same by central differences.

import type { Device } from "@pare/linalg";
import { randomNormal, type Tensor, tensor, toF64 } from "@pare/tensor";
import { createParameter } from "../parameter.ts";
import { multiply } from "../operations/multiply.ts";
import { sum } from "../operations/sum.ts";
import { createTape, type Tape } from "../tape.ts";
import type { Variable } from "../variable.ts";

/** Something that can be differentiated, from any device and in any dtype. */
export type Expression = (
  inputs: readonly Variable[],
  tape: Tape,
  dtype: "f32" | "f64",
) => Variable;

/** Numbers in f64 that f32 holds exactly. */
export function values(shape: readonly number[], seed: number): Tensor<"f64"> {
  return toF64(randomNormal(shape, { seed }));
}

/** Rounds, or not, to a dtype. */
export function inDtype(values: Tensor<"f64">, dtype: "f32" | "f64"): Tensor | Tensor<"f64"> {
  return dtype === "f64" ? values : tensor(Float32Array.from(values.data), values.shape);
}

/** The expression as one number: its elements weighed by fixed numbers, so that all of them count. */
function weighed(value: Variable, dtype: "f32" | "f64"): Variable {
  const weights = inDtype(values(value.value.shape, 99), dtype);
  return sum(multiply(value, value.tape.constant(value.tape.device.upload(weights))));
}

/** The gradients of the weighed expression with respect to all inputs. */
export async function gradientsOf(
  device: Device,
  expression: Expression,
  inputs: readonly Tensor<"f64">[],
  dtype: "f32" | "f64",
): Promise<Float64Array[]> {
  using scope = device.scope();
  const parameters = inputs.map((input, i) =>
    createParameter(scope, String(i), inDtype(input, dtype))
  );
  using tape = createTape(scope);
  const value = expression(parameters.map((parameter) => tape.parameter(parameter)), tape, dtype);
  tape.backward(weighed(value, dtype));
  return await Promise.all(parameters.map(async ({ gradient, value }) => {
    if (!gradient) return new Float64Array(value.shape.reduce((a, b) => a * b, 1));
    return Float64Array.from((await scope.download(gradient)).data as Iterable<number>);
  }));
}

/** The weighed expression itself, in f64. */
async function lossOf(
  device: Device,
  expression: Expression,
  inputs: readonly Tensor<"f64">[],
): Promise<number> {
  using tape = createTape(device);
  const variables = inputs.map((input) => tape.constant(tape.device.upload(input)));
  const loss = weighed(expression(variables, tape, "f64"), "f64");
  return Number((await device.download(loss.value)).data[0]);
}

/** The same gradients by central differences of step h in f64. */
export async function differencesOf(
  device: Device,
  expression: Expression,
  inputs: readonly Tensor<"f64">[],
  h: number,
): Promise<Float64Array[]> {
  const gradients = [];
  for (const [i, input] of inputs.entries()) {
    const gradient = new Float64Array(input.data.length);
    for (let j = 0; j < gradient.length; j++) {
      const at = (step: number) => {
        const data = input.data.slice();
        data[j] += step;
        return lossOf(device, expression, inputs.with(i, { ...input, data }));
      };
      gradient[j] = (await at(h) - await at(-h)) / (2 * h);
    }
    gradients.push(gradient);
  }
  return gradients;
}
