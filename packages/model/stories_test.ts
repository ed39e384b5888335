// A real model against numbers of an independent program, which reads the file, encodes the texts
// and computes in f32 with numpy.

import { bytesSource, openLlama2c } from "@pare/formats";
import { createWasmDevice } from "@pare/linalg";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { generate } from "./generate.ts";
import { logitsOf } from "./logits_of.ts";
import { openModel } from "./open_model.ts";
import { lossOf } from "./testing/loss.ts";
import { convertLlama2cTokenizer } from "./tokenizer/convert_llama2c_tokenizer.ts";
import { openTokenizer } from "./tokenizer/open_tokenizer.ts";
import { splitDocuments } from "./tokenizer/split_documents.ts";
import { HAS_SHARED, readShared, readSharedText } from "#shared";

async function stories260K() {
  const bytes = readShared("models/stories260K.bin");
  const model = openModel(await openLlama2c(bytesSource(bytes, "stories260K.bin")));
  const tokenizer = openTokenizer(convertLlama2cTokenizer(readShared("models/tok512.bin"), 512));
  return { model, tokenizer };
}

Deno.test({
  name: "logitsOf() predicts stories as well as an independent program says",
  ignore: !HAS_SHARED,
  async fn() {
    const { model, tokenizer } = await stories260K();
    const text = readSharedText("text/tinystories_valid_500.txt");
    const windows = splitDocuments(text, "<|endoftext|>").slice(0, 20)
      .map((story) => tokenizer.encode(story).subarray(0, model.config.maxPositions));
    using device = await createWasmDevice({ threads: 1 });
    const mean = { sum: 0, tokens: 0 };
    for await (const piece of logitsOf(model, windows, { device })) {
      const { sum, tokens } = lossOf(piece, windows[piece.window]);
      mean.sum += sum;
      mean.tokens += tokens;
    }
    assertEquals(mean.tokens, 6496);
    // Both compute in f32; what they differ by averages out over the tokens.
    assertAlmostEquals(mean.sum / mean.tokens, 1.250394556, 1e-5);
  },
});

Deno.test({
  name: "generate() tells the story that an independent program tells",
  ignore: !HAS_SHARED,
  async fn() {
    const { model, tokenizer } = await stories260K();
    using device = await createWasmDevice({ threads: 1 });
    const prompt = tokenizer.encode("Once upon a time");
    const tokens = await Array.fromAsync(generate(model, prompt, { device, maxTokens: 40 }));
    assertEquals(
      tokenizer.decode(tokens).trim(),
      ", there was a little girl named Lily. She loved to play outside in the park. " +
        "One day, she saw a big, red ball.",
    );
  },
});
