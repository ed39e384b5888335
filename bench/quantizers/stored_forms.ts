// Weights as methods store them, with random numbers in place of what a method would choose: how fast
// a form is decoded and multiplied does not depend on them.

import { type MatrixShape, type Operator, parse, tensorSpecsOf } from "@pare/operators";
import { parseRecipe } from "@pare/pipeline";
import { type AnyTensor, castTo, randomUniform, type TensorSpec } from "@pare/tensor";
import { REGISTRY } from "../../packages/cli/registry.ts";

/** A method by its name in the registry, with its options. */
export interface Stored {
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What is measured, by its name in the table. */
export const STORED: Readonly<Record<string, Stored>> = {
  "affine 2 bits": { method: "rtn", options: { bits: 2, groupSize: 64 } },
  "affine 3 bits": { method: "rtn", options: { bits: 3, groupSize: 64 } },
  "affine 4 bits": { method: "rtn", options: { bits: 4, groupSize: 64 } },
  "affine 4 bits, groups of 128": { method: "rtn", options: { bits: 4, groupSize: 128 } },
  "affine 4 bits, whole rows": { method: "rtn", options: { bits: 4, granularity: "row" } },
  "affine 8 bits": { method: "rtn", options: { bits: 8, groupSize: 64 } },
  "lattice 2 bits": { method: "e8p", options: { bits: 2 } },
  "lattice 3 bits": { method: "e8p", options: { bits: 3 } },
  "lattice 4 bits": { method: "e8p", options: { bits: 4 } },
  "trellis 2 bits": { method: "trellis", options: { bits: 2 } },
  "trellis 3 bits": { method: "trellis", options: { bits: 3 } },
  "trellis 4 bits": { method: "trellis", options: { bits: 4 } },
  "nf4": { method: "nf4", options: {} },
};

/** Makes a weight as a method would store one of the shape. */
export function randomlyStored({ method, options }: Stored, shape: MatrixShape): Operator {
  const { steps: [step] } = parseRecipe({ version: 1, steps: [{ method, options }] }, REGISTRY);
  const node = REGISTRY[method].plan(shape, step.options);
  const tensors = [...tensorSpecsOf(node)].map(([name, spec], i) =>
    [name, randomTensor(spec, i)] as const
  );
  return parse(node, new Map(tensors), method);
}

/** Any codes there are; floats from 1/128 to 3/128, which are scales. */
function randomTensor({ dtype, shape }: TensorSpec, seed: number): AnyTensor {
  const { data } = randomUniform(shape, { seed });
  if (dtype === "u8") return { dtype, shape, data: Uint8Array.from(data, (u) => 256 * u) };
  if (dtype === "f16" || dtype === "f32") {
    const floats = data.map((u) => (1 + 2 * u) / 128);
    return castTo({ dtype: "f32", shape, data: floats }, dtype);
  }
  throw new TypeError(
    `Cannot make a weight as its parts must be u8 or floats: current is ${dtype}`,
  );
}
