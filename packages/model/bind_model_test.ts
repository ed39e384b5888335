import { createReferenceDevice } from "@pare/linalg";
import { assertEquals, assertRejects } from "@std/assert";
import { bindModel, runModel } from "./bind_model.ts";
import { bindBlock } from "./block.ts";
import { bindHead } from "./head.ts";
import type { Model } from "./model.ts";
import { openModel } from "./open_model.ts";
import { createCountingDevice } from "./testing/counting_device.ts";
import { FAMILIES, TOKENS } from "./testing/families.ts";
import { tinyCheckpoint } from "./testing/tiny_checkpoint.ts";

const MODEL = openModel(tinyCheckpoint(FAMILIES[0].config));

/** The model, but for one tensor that cannot be read. */
function without(missing: string): Model {
  const refuse = (name: string) => Promise.reject(new Error(`No ${name}`));
  return {
    ...MODEL,
    linear: (name) => name === missing ? refuse(name) : MODEL.linear(name),
    vector: (name) => name === missing ? refuse(name) : MODEL.vector(name),
  };
}

Deno.test("bindModel() holds every parameter once, and the embedding on the host", async () => {
  using counting = createCountingDevice();
  const bound = await bindModel(MODEL, counting.device);
  // Two blocks, the last norm and the head.
  const block = 16 * 16 * 2 + 8 * 16 * 2 + 20 * 16 * 3 + 2 * 16;
  assertEquals(counting.held, 4 * (2 * block + 16 + 11 * 16));
  bound[Symbol.dispose]();
  assertEquals(counting.held, 0);
});

Deno.test("bindModel(), bindBlock() and bindHead() free what they have when reading fails", async () => {
  using counting = createCountingDevice();
  const { device } = counting;
  for (
    const name of [
      "model.embed_tokens",
      "model.layers.1.mlp.down_proj",
      "model.layers.1.post_attention_layernorm.weight",
      "model.norm.weight",
      "lm_head",
    ]
  ) {
    await assertRejects(() => bindModel(without(name), device), Error, `No ${name}`);
    assertEquals(counting.held, 0);
  }
  await assertRejects(() => bindBlock(without("model.layers.1.mlp.down_proj"), 1, device));
  await assertRejects(() => bindHead(without("lm_head"), device));
  await assertRejects(() => bindBlock(MODEL, 2, device), RangeError, "current value is 2");
  assertEquals(counting.held, 0);
});

Deno.test("runModel() refuses windows of different lengths, and none at all", async () => {
  using device = createReferenceDevice();
  using bound = await bindModel(MODEL, device);
  await assertRejects(
    () => runModel(bound, [TOKENS, TOKENS.slice(1)]),
    RangeError,
    "Cannot run tiny as windows must all be 8 tokens long: current length of one is 7",
  );
  await assertRejects(() => runModel(bound, []), RangeError, "windows must be 1 or more");
});

Deno.test("bindHead() makes logits and leaves nothing else behind", async () => {
  using counting = createCountingDevice();
  const { device } = counting;
  using head = await bindHead(MODEL, device);
  using hidden = device.zeros([2, 8, 16]);
  const before = counting.held;
  using logits = head.logits(hidden);
  assertEquals(logits.shape, [2, 8, 11]);
  assertEquals(counting.held - before, 4 * 2 * 8 * 11);
});
