// The forward pass against an independent program: cross-entropies of three trained models on the
// first stories of a validation set, from their own files and again through a Hugging Face folder.

import { evaluate } from "@pare/evaluators";
import {
  bytesSource,
  type CheckpointSource,
  folderOf,
  openHuggingFace,
  openLlama2c,
} from "@pare/formats";
import { createWasmDevice } from "@pare/linalg";
import {
  convertLlama2cTokenizer,
  convertSentencePiece,
  createDecoder,
  generate,
  openModel,
  openTokenizer,
  type Tokenizer,
} from "@pare/model";
import { compress, parseRecipe } from "@pare/pipeline";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { memoryOutput } from "../packages/pipeline/testing/memory_output.ts";
import { windowPerDocument } from "../packages/cli/windows.ts";
import { readDocuments } from "../packages/cli/text.ts";
import { REGISTRY } from "../packages/cli/registry.ts";
import { HAS_SHARED, sharedPath } from "#shared";

/** Nats per token of the independent program; it printed four decimals. */
const MODELS: readonly [
  name: string,
  weights: string,
  tokenizer: string,
  stories: number,
  tokens: number,
  nats: number,
][] = [
  ["stories260K", "stories260K.bin", "tok512.bin", 100, 32997, 1.2752],
  ["stories260K, version 1", "stories260K-v1export.bin", "tok512.bin", 100, 32997, 1.2752],
  ["stories3M", "stories3M-q80.bin", "tok4096.bin", 60, 10608, 1.2389],
  ["babyllama", "babyllama-tok105-model5000.bin", "babyllama-tok105.model", 100, 25455, 0.5767],
];
const TOLERANCE = 0.0005;

async function open(weights: string): Promise<CheckpointSource> {
  return await openLlama2c(bytesSource(await read(weights), weights));
}

async function read(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(sharedPath(`models/${name}`));
}

async function tokenizerOf(name: string, vocabularySize: number): Promise<Tokenizer> {
  const bytes = await read(name);
  if (!name.endsWith(".model")) {
    return openTokenizer(convertLlama2cTokenizer(bytes, vocabularySize));
  }
  const { tokenizerJson, tokenizerConfig } = convertSentencePiece(bytes);
  // SentencePiece makes one token of a run of unknown characters, the independent program one of
  // each character.
  const { model, ...rest } = tokenizerJson as { model: object };
  return openTokenizer({
    tokenizerJson: { ...rest, model: { ...model, fuse_unk: false } },
    tokenizerConfig,
  });
}

/** The checkpoint converted to a Hugging Face folder and read back. */
async function throughHuggingFace(checkpoint: CheckpointSource): Promise<CheckpointSource> {
  using device = await createWasmDevice({ threads: 1 });
  const output = memoryOutput();
  await compress({
    creator: "test",
    model: openModel(checkpoint),
    source: { name: checkpoint.name, sha256: "0".repeat(64) },
    recipe: parseRecipe({ version: 1 }, REGISTRY),
    registry: REGISTRY,
    device,
    calibration: null,
    files: new Map([["config.json", JSON.stringify(checkpoint.config)]]),
    format: "hf",
  }, output);
  return await openHuggingFace(folderOf(Object.fromEntries(output.files), "converted"));
}

for (const [name, weights, tokenizerFile, stories, tokens, nats] of MODELS) {
  Deno.test({
    name: `${name} has the cross-entropy that an independent program found`,
    ignore: !HAS_SHARED,
    fn: async () => {
      using device = await createWasmDevice();
      const own = await open(weights);
      const documents = await readDocuments(sharedPath("text/tinystories_valid_500.txt"));
      for (const checkpoint of [own, await throughHuggingFace(own)]) {
        const model = openModel(checkpoint);
        const { vocabularySize, maxPositions } = model.config;
        const tokenizer = await tokenizerOf(tokenizerFile, vocabularySize);
        const windows = windowPerDocument(documents.slice(0, stories), tokenizer, maxPositions);
        const summary = await evaluate(model, windows, { device });
        assertEquals(summary.tokens, tokens);
        assertAlmostEquals(summary.nll.mean, nats, TOLERANCE);
      }
    },
  });
}

Deno.test({
  name: "stories3M goes on with a story in words that it has read",
  ignore: !HAS_SHARED,
  fn: async () => {
    using device = await createWasmDevice();
    const model = openModel(await open("stories3M-q80.bin"));
    const tokenizer = await tokenizerOf("tok4096.bin", model.config.vocabularySize);
    const prompt = tokenizer.encode("Once upon a time, there was a little girl named");
    const decoder = createDecoder(tokenizer, { after: prompt });
    let text = "";
    for await (const token of generate(model, prompt, { maxTokens: 80, device })) {
      text += decoder.push(token);
    }
    const known = new Set(
      (await readDocuments(sharedPath("text/tinystories_1000.json"))).join(" ").toLowerCase()
        .match(/[a-z']+/g),
    );
    const words = text.toLowerCase().match(/[a-z']+/g) ?? [];
    assert(words.length > 40, text);
    // A word in fifty may be cut off or rare; noise has hardly any that a story has.
    assert(words.filter((word) => known.has(word)).length >= 0.98 * words.length, text);
  },
});
