import { tensorSpecs } from "@pare/model";
import { sizeOf } from "@pare/tensor";
import { assert, assertEquals } from "@std/assert";
import { batchOf, flopsOf, SHAPES, weightsOf } from "./shapes.ts";

Deno.test("flopsOf() counts the model that speed is claimed for", () => {
  const layer = 256 * 256 + 2 * 128 * 256 + 256 * 256 + 3 * 768 * 256;
  const linear = 6 * 2048 * (4 * layer + 2048 * 256);
  // Token i sees i + 1 tokens: 8 windows of 256 · 257 / 2 pairs, 8 heads of 32, seven products.
  const attention = 7 * 2 * 4 * 8 * (256 * 257 / 2) * 8 * 32;
  assertEquals(flopsOf(SHAPES.llama), { linear, attention });
});

Deno.test("the models have the sizes that are told of them", () => {
  const count = ({ config }: typeof SHAPES.demo) =>
    [...tensorSpecs(config).values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  assertEquals(count(SHAPES.llama), 3_672_320);
  assertEquals(count(SHAPES.demo), 1_706_112);
});

Deno.test("weightsOf() and batchOf() are the same every time and fit the model", async () => {
  const shape = SHAPES.tiny;
  const weights = await weightsOf(shape);
  assertEquals(weights, await weightsOf(shape));
  assertEquals([...weights].map(([name, { shape }]) => [name, shape]), [
    ...tensorSpecs(shape.config),
  ]);
  const { inputs, targets } = batchOf(shape);
  assertEquals({ inputs, targets }, batchOf(shape));
  assertEquals(inputs.length, shape.windows);
  for (const [i, window] of inputs.entries()) {
    assertEquals(window.length, shape.tokens);
    assert(window.every((token) => token < shape.config.vocabularySize));
    assertEquals(window.slice(1), targets[i].slice(0, -1));
  }
});
