import { assert, assertEquals } from "@std/assert";
import type { WrittenStep } from "./compress_in_memory.ts";
import { fitLadder } from "./fit_ladder.ts";

const LAYERS = Array.from({ length: 20 }, (_, i) => `layer ${i}`);

/** A ladder of 2, 3 and 4 bits, and a layer of 1000 weights that takes so many. */
const LADDER = [2, 3, 4].map((bits): WrittenStep => ({ method: "rtn", options: { bits } }));

/** What is stored: the last step that names a layer decides. */
function sizeOf(steps: readonly WrittenStep[]): number {
  return LAYERS.reduce((sum, layer) => {
    const step = steps.findLast(({ layers }) => !layers || layers.includes(layer));
    return sum + 125 * Number(step?.options?.bits);
  }, 0);
}

Deno.test("fitLadder() leaves less room than one layer's next rung takes", () => {
  for (let budget = 5000; budget < 10_000; budget += 77) {
    const steps = fitLadder(LADDER, { layers: LAYERS, sizeOf, budget });
    const size = sizeOf(steps);
    assert(size <= budget && size > budget - 125, `${size} of ${budget}`);
    assert(steps.length <= 2);
  }
});

Deno.test("fitLadder() raises the same layers first, whatever the method", () => {
  const room = { layers: LAYERS, sizeOf, budget: 6000 };
  const [, raised] = fitLadder(LADDER, room);
  const [, others] = fitLadder(LADDER.map((step) => ({ ...step, method: "hqq" })), room);
  assertEquals(raised.layers, others.layers);
  assertEquals(raised.layers?.length, 8);
  // Not those of the first blocks alone.
  assert(raised.layers?.some((layer) => Number(layer.split(" ")[1]) >= 10));
});

Deno.test("fitLadder() passes over a layer that is too large, and takes smaller ones behind it", () => {
  const weights = LAYERS.map((_, i) => i % 2 === 0 ? 8000 : 80);
  const unlike = (steps: readonly WrittenStep[]) =>
    LAYERS.reduce((sum, layer, i) => {
      const step = steps.findLast(({ layers }) => !layers || layers.includes(layer));
      return sum + weights[i] / 8 * Number(step?.options?.bits);
    }, 0);
  const budget = unlike([LADDER[0]]) + 100;
  const [, raised] = fitLadder(LADDER, { layers: LAYERS, sizeOf: unlike, budget });
  assertEquals(raised.layers?.length, 10);
});

Deno.test("fitLadder() takes the last rung where there is room, and the first where there is none", () => {
  const room = { layers: LAYERS, sizeOf };
  assertEquals(fitLadder(LADDER, { ...room, budget: 1e6 }), [LADDER[2]]);
  assertEquals(fitLadder(LADDER, { ...room, budget: 1 }), [LADDER[0]]);
  assertEquals(fitLadder([LADDER[1]], { ...room, budget: 8000 }), [LADDER[1]]);
});
