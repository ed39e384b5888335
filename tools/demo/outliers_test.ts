import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createReferenceDevice } from "@pare/linalg";
import { parseConfig, randomModel } from "@pare/model";
import { measureOutliers, outlierRatios } from "./outliers.ts";

const CONFIG = parseConfig({
  model_type: "llama",
  vocab_size: 16,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  max_position_embeddings: 8,
}, "tiny");

Deno.test("outlierRatios() is 1 and 1 where all numbers are alike", () => {
  assertEquals(outlierRatios(3, [36, 36, 36], 4), { peak: 1, channel: 1 });
});

Deno.test("outlierRatios() tells a large channel from a large number", () => {
  // Two tokens, channels (1, 1), (1, 1), (7, 7): mean square (4 + 98) / 6 = 17.
  const channel = outlierRatios(7, [2, 98, 2], 2);
  assertAlmostEquals(channel.peak, 7 / Math.sqrt(17), 1e-15);
  assertAlmostEquals(channel.channel, 7, 1e-15);
  // An even number of channels: the median is between the middle two.
  assertAlmostEquals(outlierRatios(1, [1, 2, 4, 12], 1).channel, 2, 1e-15);
});

Deno.test("measureOutliers() finds a channel of the embedding that was made large", async () => {
  using device = createReferenceDevice();
  const plain = randomModel(CONFIG, { seed: 1 });
  const windows = [Uint32Array.of(1, 2, 3, 4), Uint32Array.of(5, 6, 7, 8)];
  const large = {
    ...plain,
    linear: async (name: string) => {
      const operator = await plain.linear(name);
      const { weight } = operator;
      if (name !== "model.embed_tokens" || weight.dtype !== "f32") return operator;
      const data = weight.data.map((value, i) => i % 8 === 3 ? 100 * value : value);
      return { ...operator, weight: { ...weight, data } };
    },
  };
  const [before] = await measureOutliers(plain, windows, device);
  const blocks = await measureOutliers(large, windows, device);
  assertEquals(blocks.map(({ index }) => index), [0, 1]);
  assert(before.residual.channel < 10, `${before.residual.channel}`);
  for (const { residual } of blocks) assert(residual.channel > 10, `${residual.channel}`);
  // The norm divides by the root mean square, which leaves the ratios of a channel; it is seen by
  // the layers behind it, and what is made of it by those behind these.
  assert(blocks[0].inputs.attention.channel > 10, `${blocks[0].inputs.attention.channel}`);
});
