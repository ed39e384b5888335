import type { MatrixShape } from "@pare/operators";
import type { CompressionPlan, LayerPlan, Part } from "./plan.ts";

/**
 * Estimates the memory that a job takes at its peak, to within a factor of two.
 *
 * The factors are those that peaks were measured with (bench/memory): what the garbage collector
 * has not yet freed counts as much as what is in use.
 *
 * @param plan What is done.
 * @param calibration How much text goes through the model, or `null`.
 * @param hiddenSize The width of the residual stream.
 * @returns Bytes: the runtime, one block on the device, the work on the largest layer, or on those that
 * are compressed as one, the hidden states of the calibration text and one block's Gram matrices; both
 * twice where a step needs those of the compressed model too.
 */
export function estimateMemory(
  plan: CompressionPlan,
  calibration: { readonly windows: number; readonly windowLength: number } | null,
  hiddenSize: number,
): number {
  const weightsOf = ({ layers }: Part) => layers.reduce((sum, { shape }) => sum + area(shape), 0);
  const block = Math.max(...plan.parts.map(weightsOf));
  const layer = Math.max(...plan.parts.flatMap(({ layers }) => areasOf(layers)));
  const weights = 100e6 + 4 * block + 90 * layer;
  if (!calibration) return weights;
  const inputs = new Map(
    plan.parts.flatMap(({ block, layers }) =>
      block === 0 ? layers.map(({ input, shape }) => [input, 8 * shape[1] ** 2] as const) : []
    ),
  );
  const grams = [...inputs.values()].reduce((sum, bytes) => sum + bytes, 0);
  const hidden = 4 * calibration.windows * calibration.windowLength * hiddenSize;
  const streams = plan.needs === "both-grams" ? 2 : 1;
  return weights + 4 * block + streams * (5 * grams + 4 * hidden);
}

/** The weights that are worked on at once: of one layer, or of those that are compressed as one. */
function areasOf(layers: readonly LayerPlan[]): number[] {
  const groups = Map.groupBy(layers, ({ leader }) => leader).values();
  return Array.from(groups, (group) => group.reduce((sum, { shape }) => sum + area(shape), 0));
}

function area([rows, cols]: MatrixShape): number {
  return rows * cols;
}
