import { createReferenceDevice } from "@pare/linalg";
import { logitsOf, parseConfig, randomModel } from "@pare/model";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { evaluate } from "./evaluate.ts";
import { summarize } from "./summary.ts";
import { scoreWindow } from "./window_score.ts";

const CONFIG = {
  model_type: "llama",
  vocab_size: 20,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  max_position_embeddings: 16,
};
const device = createReferenceDevice();
const model = randomModel(parseConfig(CONFIG, "a"), { seed: 1 });
const other = randomModel(parseConfig(CONFIG, "b"), { seed: 2 });
const windows = [[3, 1, 4, 1, 5, 9], [2, 6], [5, 3, 5, 8, 9, 7, 9]].map((ids) =>
  Uint32Array.from(ids)
);

Deno.test("evaluate() scores each window by itself", async () => {
  const scores = [];
  for await (const { window, logits } of logitsOf(model, windows, { device })) {
    scores.push(scoreWindow(windows[window], logits.data, null, { vocabularySize: 20 }));
  }
  assertEquals(await evaluate(model, windows, { device }), summarize(scores));
  const [first] = windows;
  const alone = await evaluate(model, [first], { device });
  assertAlmostEquals(alone.nll.mean, scores[0].nll / 5, 1e-12);
});

Deno.test("evaluate() finds no difference between a model and itself, and some between two", async () => {
  const same = await evaluate(model, windows, { against: model, device });
  assertEquals(same.against?.kl.mean, 0);
  assertEquals(same.against?.top1Agreement.mean, 1);
  assertEquals(same.against?.perplexityRatio.mean, 1);
  const different = await evaluate(other, windows, { against: model, device });
  assert((different.against?.kl.mean ?? 0) > 0.001);
  assertEquals(different.against?.perplexity, same.perplexity);
});

Deno.test("evaluate() tells how far it is, up to the end", async () => {
  const shares: number[] = [];
  await evaluate(model, windows, {
    against: other,
    device,
    onProgress: ({ done, total }) => shares.push(done / total),
  });
  assertEquals(shares, shares.toSorted((a, b) => a - b));
  assertEquals(shares.at(-1), 1);
});

Deno.test("evaluate() adds up a window whose logits come in pieces", async () => {
  // 2^24 logits at most are held at once: sixteen tokens of this vocabulary.
  const vocabularySize = 2 ** 20;
  const wide = randomModel(
    parseConfig({ ...CONFIG, vocab_size: vocabularySize, hidden_size: 4 }, "wide"),
    { seed: 3 },
  );
  const window = Uint32Array.from({ length: 16 + 2 }, (_, i) => 50_000 * i);
  const long = { ...wide, config: { ...wide.config, maxPositions: 32 } };
  const { tokens, nll } = await evaluate(long, [window]);
  assertEquals(tokens, 17);
  // Small random weights know nothing.
  assertAlmostEquals(nll.mean, Math.log(vocabularySize), 0.5);
});

Deno.test("evaluate() stops at a signal", async () => {
  const signal = AbortSignal.abort();
  await assertRejects(() => evaluate(model, windows, { device, signal }), DOMException);
});

Deno.test("evaluate() refuses models of different vocabularies", async () => {
  const small = randomModel(parseConfig({ ...CONFIG, vocab_size: 10 }, "small"), { seed: 1 });
  await assertRejects(
    () => evaluate(model, windows, { against: small, device }),
    RangeError,
    "[10]: current shape is [20]",
  );
});
