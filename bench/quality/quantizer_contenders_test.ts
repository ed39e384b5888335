import { assert } from "@std/assert";
import { REGISTRY } from "../../packages/cli/registry.ts";
import { parseRecipe } from "@pare/pipeline";
import { bitsPerWeight } from "@pare/operators";
import type { WrittenStep } from "./compress_in_memory.ts";
import { QUANTIZER_CONTENDERS } from "./quantizer_contenders.ts";

/** The bits per weight of a rung; none where it does not fit the shape. */
function bitsOf(rung: WrittenStep, shape: readonly [number, number]): number | null {
  const { steps: [{ method, options }] } = parseRecipe({ version: 1, steps: [rung] }, REGISTRY);
  try {
    return bitsPerWeight(REGISTRY[method].plan(shape, options));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

for (const [set, contenders] of Object.entries(QUANTIZER_CONTENDERS)) {
  Deno.test(`${set} has ladders that climb past its bits from below`, () => {
    // A square of a small model, a flat one of another, and one of a large model.
    for (const shape of [[128, 128], [352, 128], [2048, 1024]] as const) {
      for (const { name, ladder, bitsPerWeight: target = NaN } of contenders) {
        const bits = ladder.map((rung) => bitsOf(rung, shape)).filter((value) => value !== null);
        const what = `${name} on ${shape.join(" × ")}: ${bits}`;
        assert(bits.every((value, i) => i === 0 || value >= bits[i - 1]), what);
        // Its scales of columns cost a matrix of few rows as much as smaller groups.
        assert(name === "awq" || bits[0] <= target, what);
        // The last rung of the largest set may be whole bits of a codebook.
        assert((bits.at(-1) ?? 0) >= Math.min(target, 4), what);
      }
    }
  });
}
