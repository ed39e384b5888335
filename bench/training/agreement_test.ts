import { createReferenceDevice } from "@pare/linalg";
import { assert, assertEquals } from "@std/assert";
import { AGREEMENT, disagreement } from "./agreement.ts";
import { createJaxTrainer } from "./jax_trainer.ts";
import { createPareTrainer, trainOn } from "./pare_trainer.ts";
import { batchOf, SHAPES, weightsOf } from "./shapes.ts";
import type { Trainer } from "./trainer.ts";

const SHAPE = SHAPES.tiny;
const BATCH = batchOf(SHAPE);
const STEPS = 5;

/** Where somebody is at first, and the losses of a few steps. */
async function courseOf(trainer: Pick<Trainer, "differentiate" | "step">) {
  const start = await trainer.differentiate();
  const losses: number[] = [];
  while (losses.length < STEPS) losses.push(await trainer.step());
  return { start, losses };
}

Deno.test({
  name: "jax-js and ours are one model: losses, gradients, steps of AdamW",
  // Peers start workers once for all and keep message ports of their own.
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => {
    const weights = await weightsOf(SHAPE);
    using reference = createReferenceDevice();
    const wanted = await courseOf(trainOn(reference, SHAPE, weights, BATCH));
    for (const create of [createPareTrainer, createJaxTrainer]) {
      await using trainer = await create(SHAPE, weights, BATCH, 1);
      const actual = await courseOf(trainer);
      const { loss, gradient, worst } = disagreement(actual.start, wanted.start);
      assertEquals(actual.start.gradients.size, weights.size);
      assert(loss <= AGREEMENT, `${create.name}: loss off by ${loss}`);
      assert(gradient <= AGREEMENT, `${create.name}: gradient of ${worst} off by ${gradient}`);
      // differentiate() leaves the weights alone.
      assert(Math.abs(actual.losses[0] - actual.start.loss) <= AGREEMENT);
      assert(actual.losses[STEPS - 1] < 0.9 * actual.losses[0], `${actual.losses}`);
      for (const [i, expected] of wanted.losses.entries()) {
        const off = Math.abs(actual.losses[i] - expected) / expected;
        assert(off <= AGREEMENT, `${create.name}: loss of step ${i} off by ${off}`);
      }
      assert(trainer.memoryBytes() > 0);
    }
  },
});

Deno.test("disagreement() sees a loss, an element, a length and a weight that differ", () => {
  const last = ["last", Float32Array.of(1)] as const;
  const gradients = (...values: number[]) =>
    new Map<string, Float32Array>([["w", Float32Array.from(values)], last]);
  const wanted = { loss: 2, gradients: gradients(3, 4) };
  assertEquals(disagreement(wanted, wanted), { loss: 0, gradient: 0, worst: "" });
  assertEquals(disagreement({ ...wanted, loss: 3 }, wanted).loss, 0.5);
  // Of the same norm.
  const swapped = disagreement({ loss: 2, gradients: gradients(4, 3) }, wanted);
  assertEquals([swapped.gradient, swapped.worst], [Math.SQRT2 / 5, "w"]);
  for (const other of [gradients(3), gradients(NaN, 4), new Map([last])]) {
    const { gradient, worst } = disagreement({ loss: 2, gradients: other }, wanted);
    assertEquals([gradient, worst], [Infinity, "w"]);
  }
});
