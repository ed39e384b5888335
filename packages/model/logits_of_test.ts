import { createReferenceDevice, type Device } from "@pare/linalg";
import { tensor } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { Tokens } from "./embed.ts";
import { logitsOf, type LogitsOptions } from "./logits_of.ts";
import { openModel } from "./open_model.ts";
import { createCountingDevice } from "./testing/counting_device.ts";
import { DEVICES } from "./testing/devices.ts";
import { FAMILIES, TOKENS } from "./testing/families.ts";
import { lossOf } from "./testing/loss.ts";
import { checkpointOf, tensorsOf, tinyCheckpoint } from "./testing/tiny_checkpoint.ts";

const WINDOWS = [TOKENS, TOKENS.slice(2, 5), TOKENS.slice(0, 1), TOKENS.toReversed()];

function logits(
  config: Readonly<Record<string, unknown>>,
  windows: readonly Tokens[],
  device: Device,
  options: LogitsOptions = {},
) {
  return Array.fromAsync(logitsOf(openModel(tinyCheckpoint(config)), windows, {
    ...options,
    device,
  }));
}

for (const { name: on, create, company } of DEVICES) {
  for (const { name, config, loss, logits: expected } of FAMILIES) {
    Deno.test(`logitsOf() agrees with an independent program on ${on}: ${name}`, async () => {
      using device = await create();
      const [piece, ...others] = await logits(config, [TOKENS], device);
      assertEquals(others, []);
      assertEquals([piece.window, piece.start, piece.logits.shape], [0, 0, [8, 11]]);
      // Some 30 roundings to f32 of numbers below 4, each at most 2^-23, and seven decimals given.
      const tolerance = 1e-5;
      const last = piece.logits.data.subarray(-11);
      expected.forEach((value, i) => assertAlmostEquals(last[i], value, tolerance));
      // The loss looks at every row.
      const { sum, tokens } = lossOf(piece, TOKENS);
      assertAlmostEquals(sum / tokens, loss, tolerance);
    });

    Deno.test(`logitsOf() runs batches as it runs single windows on ${on}: ${name}`, async () => {
      using device = await create();
      const together = await logits(config, WINDOWS, device);
      const oneByOne = await logits(config, WINDOWS, device, { batchTokens: 1 });
      assertEquals(together.map(({ window }) => window), [0, 1, 2, 3]);
      for (const [window, tokens] of WINDOWS.entries()) {
        const [alone] = await logits(config, [tokens], device);
        for (const { logits } of [together[window], oneByOne[window]]) {
          assertEquals(logits.shape, alone.logits.shape);
          logits.data.forEach((value, i) =>
            assertAlmostEquals(value, alone.logits.data[i], company)
          );
        }
      }
    });
  }
}

/** The numbers 0.5 sin(1 + 0.37 t + 0.9 i + 1.7 j) of matrix t. */
function waves(t: number, rows: number, cols: number) {
  const value = (_: unknown, k: number) =>
    0.5 * Math.sin(1 + 0.37 * t + 0.9 * Math.floor(k / cols) + 1.7 * (k % cols));
  return tensor(Float32Array.from({ length: rows * cols }, value), [rows, cols]);
}

Deno.test("logitsOf() agrees with a second independent program on a tiny llama", async () => {
  const config = {
    model_type: "llama",
    vocab_size: 5,
    hidden_size: 4,
    intermediate_size: 6,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    max_position_embeddings: 8,
    rms_norm_eps: 1e-5,
  };
  const block = "model.layers.0";
  const gain = (...values: number[]) => tensor(Float32Array.from(values), [4]);
  const model = openModel(checkpointOf(
    config,
    new Map([
      ["model.embed_tokens.weight", waves(0, 5, 4)],
      [`${block}.self_attn.q_proj.weight`, waves(1, 4, 4)],
      [`${block}.self_attn.k_proj.weight`, waves(2, 2, 4)],
      [`${block}.self_attn.v_proj.weight`, waves(3, 2, 4)],
      [`${block}.self_attn.o_proj.weight`, waves(4, 4, 4)],
      [`${block}.mlp.gate_proj.weight`, waves(5, 6, 4)],
      [`${block}.mlp.up_proj.weight`, waves(6, 6, 4)],
      [`${block}.mlp.down_proj.weight`, waves(7, 4, 6)],
      ["lm_head.weight", waves(8, 5, 4)],
      [`${block}.input_layernorm.weight`, gain(1, 1.1, 1.2, 1.3)],
      [`${block}.post_attention_layernorm.weight`, gain(1, 0.95, 0.9, 0.85)],
      ["model.norm.weight", gain(1, 0.9, 1.1, 1.2)],
    ]),
  ));
  using device = createReferenceDevice();
  const [{ logits }] = await Array.fromAsync(logitsOf(model, [[0, 3, 1]], { device }));
  const first = [0.5555781, 0.0018675, -0.5532564, -0.6896869, -0.3041757];
  first.forEach((value, i) => assertAlmostEquals(logits.data[i], value, 1e-6));
  // Its targets are 3, 1, 4: the rows' own next tokens, and one more.
  const { sum } = lossOf({ window: 0, start: 0, logits }, [0, 3, 1, 4]);
  assertAlmostEquals(sum / 3, 1.3605044513, 1e-6);
});

Deno.test("logitsOf() cuts only what is longer than headTokens", async () => {
  using device = createReferenceDevice();
  const { config } = FAMILIES[0];
  const whole = await logits(config, WINDOWS, device);
  const pieces = await logits(config, WINDOWS, device, { headTokens: 3 });
  assertEquals(
    pieces.map(({ window, start, logits }) => [window, start, logits.shape[0]]),
    [[0, 0, 3], [0, 3, 3], [0, 6, 2], [1, 0, 3], [2, 0, 1], [3, 0, 3], [3, 3, 3], [3, 6, 2]],
  );
  for (const { window, start, logits: { shape: [rows], data } } of pieces) {
    const { data: all } = whole[window].logits;
    assertEquals(data, all.slice(start * 11, (start + rows) * 11));
  }
});

Deno.test("logitsOf() holds no more rows of logits than headTokens", async () => {
  const config = { ...FAMILIES[0].config, vocab_size: 5000 };
  const peaks = [];
  for (const windows of [WINDOWS, [TOKENS.slice(0, 3)]]) {
    using counting = createCountingDevice();
    await logits(config, windows, counting.device, { headTokens: 3, batchTokens: 1 });
    peaks.push(counting.peak);
  }
  // The logits are what takes most: 3 x 5000, beside a head of 16 x 5000.
  assertEquals(peaks[0], peaks[1]);
  assert(peaks[0] > 4 * (3 + 16) * 5000);
});

Deno.test("logitsOf() leaves out what stands before firstTokens", async () => {
  using device = createReferenceDevice();
  const { config } = FAMILIES[0];
  const whole = await logits(config, WINDOWS, device);
  const some = await logits(config, WINDOWS, device, { firstTokens: [6, 3, 0] });
  // Nothing is left of the second window, and nothing left out of the last.
  assertEquals(some.map(({ window, start }) => [window, start]), [[0, 6], [2, 0], [3, 0]]);
  assertEquals(some[0].logits.data, whole[0].logits.data.slice(6 * 11));
  assertEquals(some[2], whole[3]);
});

Deno.test("logitsOf() tells how far it is, to the end", async () => {
  using device = createReferenceDevice();
  const seen: number[] = [];
  await logits(FAMILIES[0].config, WINDOWS, device, {
    batchTokens: 8,
    onProgress: ({ done, total }) => {
      // 20 tokens through two blocks and the head.
      assertEquals(total, 60);
      seen.push(done);
    },
  });
  assertEquals(seen.at(-1), 60);
  assert(seen.length > 4);
  assertEquals(seen, seen.toSorted((a, b) => a - b));
});

Deno.test("logitsOf() frees what it made, also when it is left early", async () => {
  using counting = createCountingDevice();
  const { device } = counting;
  const model = openModel(tinyCheckpoint(FAMILIES[0].config));
  await Array.fromAsync(logitsOf(model, WINDOWS, { device }));
  assertEquals(counting.held, 0);
  for await (const _ of logitsOf(model, WINDOWS, { device, headTokens: 1 })) break;
  assertEquals(counting.held, 0);
  // Two batches in each of the two blocks and in the head.
  for (const batches of [1, 2, 3, 4, 5]) {
    const options = { device, batchTokens: 24, headTokens: 12, ...abortedAfter(batches) };
    const aborted = Array.fromAsync(logitsOf(model, [TOKENS, TOKENS, TOKENS, TOKENS], options));
    await assertRejects(() => aborted, DOMException, "aborted");
    assertEquals(counting.held, 0);
  }
});

/** A signal that fires after so many batches. */
function abortedAfter(batches: number): LogitsOptions {
  const controller = new AbortController();
  let count = 0;
  return {
    signal: controller.signal,
    onProgress: () => {
      if (++count === batches) controller.abort();
    },
  };
}

Deno.test("logitsOf() refuses tokens and windows that the model cannot read", async () => {
  using device = createReferenceDevice();
  const { config } = FAMILIES[0];
  const refused = (windows: readonly Tokens[], message: string) =>
    assertRejects(() => logits(config, windows, device), RangeError, message);
  await refused(
    [[]],
    "Cannot run a window as it must have from 1 to 32 tokens: current length is 0",
  );
  await refused([new Uint32Array(33)], "current length is 33");
  await refused(
    [[1, 11]],
    "Cannot run a window as tokens must be integers from 0 to 10: token 1 is 11",
  );
  await refused([[-1]], "token 0 is -1");
  await refused([[0.5]], "token 0 is 0.5");
  await assertRejects(
    () => Array.fromAsync(logitsOf(openModel(tinyCheckpoint(config)), [], { window: 3 } as object)),
    TypeError,
    `option "window" is unknown`,
  );
});

Deno.test("logitsOf() makes nothing of no windows", async () => {
  using device = createReferenceDevice();
  assertEquals(await logits(FAMILIES[0].config, [], device), []);
});

Deno.test("logitsOf() fails where a block's output is not finite, and names the block", async () => {
  using device = createReferenceDevice();
  const { config } = FAMILIES[0];
  const tensors = tensorsOf(config);
  tensors.set(
    "model.layers.1.mlp.down_proj.weight",
    tensor(new Float32Array(16 * 20).fill(3e38), [16, 20]),
  );
  const model = openModel(checkpointOf(config, tensors));
  await assertRejects(
    () => Array.fromAsync(logitsOf(model, WINDOWS, { device })),
    RangeError,
    "Cannot run model.layers.1 as the output for window",
  );
});

Deno.test("logitsOf() fails where a logit is not finite", async () => {
  using device = createReferenceDevice();
  const { config } = FAMILIES[0];
  const tensors = tensorsOf(config);
  tensors.set("lm_head.weight", tensor(new Float32Array(11 * 16).fill(3e38), [11, 16]));
  const model = openModel(checkpointOf(config, tensors));
  await assertRejects(
    () => Array.fromAsync(logitsOf(model, WINDOWS, { device })),
    RangeError,
    "Cannot compute logits of tiny as every logit must be finite",
  );
});
