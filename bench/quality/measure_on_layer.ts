import { activationDistortion } from "@pare/evaluators";
import type { Device } from "@pare/linalg";
import { bitsPerWeight, byteLengthOf, type MatrixShape, toDense } from "@pare/operators";
import { parseRecipe, runMethod, type Step } from "@pare/pipeline";
import { REGISTRY } from "../../packages/cli/registry.ts";
import type { Contender } from "./contenders.ts";
import { fitLadder } from "./fit_ladder.ts";
import type { SyntheticLayer } from "./synthetic_layers.ts";

/** What a method made of a layer. */
export interface LayerRow {
  readonly group: string;
  readonly name: string;
  readonly options: Step["options"];
  readonly bitsPerWeight: number;
  readonly byteLength: number;
  /** ‖(W - Ŵ) X‖² / ‖W X‖² on the tokens that the method saw. */
  readonly error: number;
  /** The same on others. */
  readonly heldOutError: number;
  readonly seconds: number;
}

/** Measures a contender on one layer, at the largest setting that is within its bits. */
export async function measureOnLayer(
  { group, name, ladder, bitsPerWeight: budget = Infinity }: Contender,
  { weight, seen, heldOut }: SyntheticLayer,
  device: Device,
): Promise<LayerRow> {
  const [rows, cols] = weight.shape;
  const [chosen] = fitLadder(ladder, {
    layers: [],
    sizeOf: ([step]) => bitsOf(step, [rows, cols]),
    budget,
  });
  const { steps: [{ method, options }] } = parseRecipe({ version: 1, steps: [chosen] }, REGISTRY);
  const started = performance.now();
  const input = { weight, statistics: seen, options, device };
  const { operator } = await runMethod(REGISTRY[method], input);
  const seconds = (performance.now() - started) / 1000;
  const restored = toDense(operator);
  const errorOn = (statistics: typeof seen) =>
    activationDistortion(weight, restored, statistics, { device });
  return {
    group,
    name,
    options,
    bitsPerWeight: bitsPerWeight(operator),
    byteLength: byteLengthOf(operator),
    error: await errorOn(seen),
    heldOutError: await errorOn({ ...seen, gram: heldOut }),
    seconds,
  };
}

/** The bits per weight of what a setting makes; infinitely many where it does not fit the shape. */
function bitsOf(step: Pick<Step, "method"> & Partial<Step>, shape: MatrixShape): number {
  const { steps: [{ method, options }] } = parseRecipe({ version: 1, steps: [step] }, REGISTRY);
  try {
    return bitsPerWeight(REGISTRY[method].plan(shape, options));
  } catch (error) {
    if (error instanceof RangeError) return Infinity;
    throw error;
  }
}
