import { createReferenceDevice, createWasmDevice, type Device } from "@pare/linalg";
import { tensor } from "@pare/tensor";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { bindModel } from "./bind_model.ts";
import { generate, type GenerateOptions } from "./generate.ts";
import { createKvCache } from "./kv_cache.ts";
import { logitsOf } from "./logits_of.ts";
import type { Model } from "./model.ts";
import { openModel } from "./open_model.ts";
import { createCountingDevice } from "./testing/counting_device.ts";
import { DEVICES } from "./testing/devices.ts";
import { FAMILIES } from "./testing/families.ts";
import { checkpointOf, tensorsOf, tinyCheckpoint } from "./testing/tiny_checkpoint.ts";

const PROMPT = [1, 7, 3];
const MODEL = openModel(tinyCheckpoint(FAMILIES[0].config));

const generated = (model: Model, device: Device, options: GenerateOptions = {}) =>
  Array.fromAsync(generate(model, PROMPT, { ...options, device }));

/** Greedy decoding that computes everything anew for every token. */
async function greedy(model: Model, device: Device, count: number): Promise<number[]> {
  const tokens = [...PROMPT];
  for (let i = 0; i < count; i++) {
    const [{ logits }] = await Array.fromAsync(
      logitsOf(model, [tokens], { device, firstTokens: [tokens.length - 1] }),
    );
    tokens.push(logits.data.indexOf(Math.max(...logits.data)));
  }
  return tokens.slice(PROMPT.length);
}

for (const { name: on, create } of DEVICES) {
  for (const { name, config } of FAMILIES) {
    Deno.test(`generate() equals full forward passes on ${on}: ${name}`, async () => {
      using device = await create();
      const model = openModel(tinyCheckpoint(config));
      const expected = await greedy(model, device, 12);
      assertEquals(await generated(model, device, { maxTokens: 12 }), expected);
    });
  }
}

Deno.test("generate() makes a device of its own where none is given", async () => {
  const own = await Array.fromAsync(generate(MODEL, PROMPT, { maxTokens: 4 }));
  using device = await createWasmDevice({ threads: 1 });
  // The same bits for any number of threads.
  assertEquals(await generated(MODEL, device, { maxTokens: 4 }), own);
});

Deno.test("generate() draws the same tokens for one seed and others for another", async () => {
  using device = createReferenceDevice();
  const options = { temperature: 1, topK: 8, topP: 0.9, maxTokens: 20 };
  const drawn = await generated(MODEL, device, { ...options, seed: 3 });
  assertEquals(drawn.length, 20);
  assertEquals(await generated(MODEL, device, { ...options, seed: 3 }), drawn);
  assert(String(await generated(MODEL, device, { ...options, seed: 4 })) !== String(drawn));
});

Deno.test("generate() runs a bound model as it runs one that is not, and leaves it bound", async () => {
  using device = createReferenceDevice();
  using bound = await bindModel(MODEL, device);
  const expected = await generated(MODEL, device, { maxTokens: 5 });
  for (let i = 0; i < 2; i++) {
    assertEquals(await Array.fromAsync(generate(bound, PROMPT, { maxTokens: 5 })), expected);
  }
});

Deno.test("generate() goes on from what a cache holds", async () => {
  using device = createReferenceDevice();
  using bound = await bindModel(MODEL, device);
  const whole = await Array.fromAsync(generate(bound, PROMPT, { maxTokens: 9 }));
  using cache = createKvCache(bound.config, device);
  const first = await Array.fromAsync(generate(bound, PROMPT, { maxTokens: 4, cache }));
  // The last token is chosen, but not run yet.
  assertEquals(cache.length, PROMPT.length + 3);
  const rest = await Array.fromAsync(generate(bound, first.slice(-1), { maxTokens: 5, cache }));
  assertEquals([...first, ...rest], whole);
});

Deno.test("generate() stops at a stop token, at maxTokens, and where the context ends", async () => {
  using device = createReferenceDevice();
  const all = await generated(MODEL, device, { maxTokens: 100, stopTokens: [] });
  // 32 positions, 3 of them the prompt's; the last token needs none.
  assertEquals(all.length, 30);
  assertEquals(await generated(MODEL, device, { maxTokens: 0 }), []);
  const stop = all[6];
  const expected = all.slice(0, all.indexOf(stop));
  assertEquals(await generated(MODEL, device, { stopTokens: [stop] }), expected);
  const ending = openModel(tinyCheckpoint({ ...FAMILIES[0].config, eos_token_id: [stop] }));
  assertEquals(await generated(ending, device), expected);
});

Deno.test("generate() frees what it made, also when it is left early", async () => {
  using counting = createCountingDevice();
  await generated(MODEL, counting.device, { maxTokens: 3 });
  assertEquals(counting.held, 0);
  for await (const _ of generate(MODEL, PROMPT, { device: counting.device })) break;
  assertEquals(counting.held, 0);
  const controller = new AbortController();
  const { signal } = controller;
  await assertRejects(
    async () => {
      for await (const _ of generate(MODEL, PROMPT, { device: counting.device, signal })) {
        controller.abort();
      }
    },
    DOMException,
    "aborted",
  );
  assertEquals(counting.held, 0);
});

Deno.test("generate() refuses what it cannot continue", async () => {
  using device = createReferenceDevice();
  const refused = (prompt: number[], options: GenerateOptions, message: string) =>
    assertRejects(
      () => Array.fromAsync(generate(MODEL, prompt, { device, ...options })),
      RangeError,
      message,
    );
  await refused([], {}, "must have from 1 to 32 tokens: current length is 0");
  await refused(new Array(33).fill(1), {}, "current length is 33");
  await refused([11], {}, "tokens must be integers from 0 to 10: token 0 is 11");
  await refused([1], { temperature: -1 }, "Cannot generate as temperature must be a number from 0");
  await refused([1], { topP: 0 }, "topP must be a number");
  await refused([1], { topK: 0 }, "topK must be an integer of 1 or more");
});

Deno.test("generate() fails where logits are not finite", async () => {
  using device = createReferenceDevice();
  const { config } = FAMILIES[0];
  const tensors = tensorsOf(config);
  tensors.set("lm_head.weight", tensor(new Float32Array(11 * 16).fill(3e38), [11, 16]));
  await assertRejects(
    () => generated(openModel(checkpointOf(config, tensors)), device),
    RangeError,
    "Cannot generate with tiny as every logit must be finite",
  );
});

Deno.test("generate() draws every token by a number of its own", async () => {
  using device = createReferenceDevice();
  const { config } = FAMILIES[0];
  const tensors = tensorsOf(config);
  tensors.set("lm_head.weight", tensor(new Float32Array(11 * 16), [11, 16]));
  const model = openModel(checkpointOf(config, tensors));
  // All tokens are equally likely, whatever stands before them.
  const drawn = await generated(model, device, { temperature: 1, maxTokens: 25 });
  assert(new Set(drawn).size > 5, drawn.join());
});
