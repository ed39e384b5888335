import { FormatError } from "@pare/tensor";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { ConvertedTokenizer } from "./convert_pieces.ts";
import { convertLlama2cTokenizer } from "./convert_llama2c_tokenizer.ts";
import { openTokenizer } from "./open_tokenizer.ts";
import { splitDocuments } from "./split_documents.ts";
import { greedyEncoder, readLlama2cEntries } from "./testing/greedy_encoder.ts";
import { llama2cBytes } from "./testing/llama2c_bytes.ts";
import { mutations } from "./testing/mutations.ts";
import { SAMPLE_TEXTS } from "./testing/sample_texts.ts";
import { HAS_SHARED, readShared, readSharedText } from "#shared";
import { chunks } from "./testing/chunks.ts";

const FILES: readonly [path: string, size: number][] = [
  ["models/tok512.bin", 512],
  ["models/tok4096.bin", 4096],
  ["tokenizers/llama2-tokenizer.bin", 32000],
];

const SMALL = ["<unk>", "\n<s>\n", "\n</s>\n", " ", "a", "b", " a", "ab", " ab", "é"];

function stories(): string[] {
  return splitDocuments(readSharedText("text/tinystories_valid_500.txt"), "<|endoftext|>");
}

for (const [path, size] of FILES) {
  Deno.test({
    name: `convertLlama2cTokenizer() encodes as greedy merging does: ${path}`,
    ignore: !HAS_SHARED,
    fn() {
      const bytes = readShared(path);
      const tokenizer = openTokenizer(convertLlama2cTokenizer(bytes, size));
      const greedy = greedyEncoder(readLlama2cEntries(bytes, size));
      assertEquals(tokenizer.vocabularySize, size);
      assertEquals(tokenizer.bosTokenId, 1);
      assertEquals(tokenizer.eosTokenIds, [2]);

      const texts = [
        ...SAMPLE_TEXTS,
        ...stories(),
        ...chunks(readSharedText("text/wiki.test.raw"), 1500, 40),
        ...chunks(readSharedText("text/tinyshakespeare.txt"), 1500, 40),
        ...chunks(readSharedText("text/exllamav3-cal-technical.utf8"), 1500, 40),
        // Runs of spaces share one score in Llama 2.
        ...Array.from({ length: 80 }, (_, i) => `a${" ".repeat(i)}b${" ".repeat(80 - i)}`),
      ];
      for (const text of texts) {
        assertEquals(Array.from(tokenizer.encode(text)), [1, ...greedy(text)], text.slice(0, 80));
      }
      fc.assert(
        fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
          assertEquals(Array.from(tokenizer.encode(text)), [1, ...greedy(text)]);
        }),
        { seed: 1, numRuns: 300 },
      );
    },
  });

  Deno.test({
    name: `convertLlama2cTokenizer() decodes what it encodes: ${path}`,
    ignore: !HAS_SHARED,
    fn() {
      const tokenizer = openTokenizer(convertLlama2cTokenizer(readShared(path), size));
      for (const text of [...SAMPLE_TEXTS, ...stories().slice(0, 100)]) {
        // ▁ stands for a space.
        assertEquals(tokenizer.decode(tokenizer.encode(text)), text.replaceAll("▁", " "));
      }
    },
  });
}

// The counts of an independent program (the README of the shared test material).
const COUNTS: readonly [path: string, size: number, stories: number, predicted: number][] = [
  ["models/tok512.bin", 512, 100, 32997],
  ["models/tok4096.bin", 4096, 60, 10608],
];
for (const [path, size, count, predicted] of COUNTS) {
  Deno.test({
    name: `convertLlama2cTokenizer() gives ${predicted} tokens to predict in ${count} stories`,
    ignore: !HAS_SHARED,
    fn() {
      const tokenizer = openTokenizer(convertLlama2cTokenizer(readShared(path), size));
      let sum = 0;
      for (const story of stories().slice(0, count)) {
        sum += Math.min(tokenizer.encode(story).length, 512) - 1;
      }
      assertEquals(sum, predicted);
    },
  });
}

Deno.test("convertLlama2cTokenizer() takes 0 for unknown characters where there are no bytes", () => {
  const tokenizer = openTokenizer(convertLlama2cTokenizer(llama2cBytes(SMALL), SMALL.length));
  assertEquals(tokenizer.encode("abxy a"), Uint32Array.of(1, 8, 0, 6));
  assertEquals(tokenizer.encode(""), Uint32Array.of(1));
  assertEquals(tokenizer.encode("ab", { addSpecialTokens: false }), Uint32Array.of(8));
});

Deno.test("convertLlama2cTokenizer() names the field that is wrong", () => {
  const cases: readonly [change: (bytes: Uint8Array, view: DataView) => void, message: string][] = [
    [
      (_, view) => view.setInt32(0, 2, true),
      "length of token 0 must be from 1 to 2: current value is 5",
    ],
    [
      (_, view) => view.setInt32(8, -1, true),
      "length of token 0 must be from 1 to 6: current value is -1",
    ],
    [(bytes) => bytes[12] = 0xff, "token 0 must be UTF-8"],
    [(bytes) => bytes[13] = 0x41, `token 0 must be "<unk>": current text is "<Ank>"`],
    [
      (_, view) => view.setFloat32(4, NaN, true),
      "piece 0 must have a finite score: current score is NaN",
    ],
  ];
  for (const [change, message] of cases) {
    const bytes = llama2cBytes(SMALL);
    change(bytes, new DataView(bytes.buffer));
    assertThrows(() => convertLlama2cTokenizer(bytes, SMALL.length), FormatError, message);
  }
  const bytes = llama2cBytes(SMALL);
  assertThrows(
    () => convertLlama2cTokenizer(bytes, SMALL.length - 1),
    FormatError,
    "file must end after token 8",
  );
  assertThrows(
    () => convertLlama2cTokenizer(bytes, 1e9),
    FormatError,
    "bytes or more for 1000000000",
  );
  assertThrows(() => convertLlama2cTokenizer(bytes, 2.5), RangeError, "vocabularySize");
  assertThrows(
    () => convertLlama2cTokenizer(llama2cBytes([...SMALL, "ab"]), SMALL.length + 1),
    FormatError,
    `piece 10 must differ from piece 7: current text of both is "ab"`,
  );
  assertThrows(
    () => convertLlama2cTokenizer(llama2cBytes([...SMALL, "<0x41>"]), SMALL.length + 1),
    FormatError,
    "pieces must have all 256 bytes for the byte fallback: current number is 1",
  );
});

Deno.test("convertLlama2cTokenizer() refuses or converts 20,000 broken files", () => {
  const whole = llama2cBytes(SMALL);
  let converted = 0;
  for (const bytes of mutations(whole, 20_000, 7)) {
    const files = convertOrRefuse(bytes);
    if (files !== null && ++converted % 20 === 0) {
      assert(openTokenizer(files).encode("ab a").length > 1);
    }
  }
  // Scores may be anything finite, so that some pass.
  assert(converted > 100 && converted < 15_000, `${converted} converted`);
});

function convertOrRefuse(bytes: Uint8Array): ConvertedTokenizer | null {
  try {
    return convertLlama2cTokenizer(bytes, SMALL.length);
  } catch (error) {
    assert(error instanceof FormatError, String(error));
    return null;
  }
}
