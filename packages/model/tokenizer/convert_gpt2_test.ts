import { FormatError } from "@pare/tensor";
import { assertEquals, assertThrows } from "@std/assert";
import { convertGpt2 } from "./convert_gpt2.ts";
import { openTokenizer } from "./open_tokenizer.ts";
import { SAMPLE_TEXTS } from "./testing/sample_texts.ts";
import { HAS_SHARED, readSharedText } from "#shared";
import { chunks } from "./testing/chunks.ts";

Deno.test({
  name: "convertGpt2() encodes as GPT-2 does",
  ignore: !HAS_SHARED,
  fn() {
    const vocab = JSON.parse(readSharedText("tokenizers/gpt2-vocab.json"));
    const merges = readSharedText("tokenizers/gpt2-merges.txt");
    const tokenizer = openTokenizer(convertGpt2(vocab, merges));
    assertEquals(tokenizer.vocabularySize, 50257);
    assertEquals(tokenizer.bosTokenId, 50256);
    assertEquals(tokenizer.eosTokenIds, [50256]);
    // Encodings that are known from the literature.
    const known: readonly [text: string, tokens: number[]][] = [
      ["Hello world", [15496, 995]],
      ["Hello, my dog is cute", [15496, 11, 616, 3290, 318, 13779]],
      [" SolidGoldMagikarp", [43453]],
      ["\n", [198]],
      ["\n\n", [628]],
      ["<|endoftext|>", [50256]],
      ["", []],
    ];
    for (const [text, tokens] of known) assertEquals(Array.from(tokenizer.encode(text)), tokens);

    const wiki = chunks(readSharedText("text/wiki.test.raw"), 2000, 20);
    for (const text of [...SAMPLE_TEXTS, ...wiki]) {
      assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
    }
  },
});

Deno.test("convertGpt2() takes merges with and without a version line, and either newline", () => {
  const vocab = { a: 0, b: 1, ab: 2, abb: 3 };
  for (const merges of ["a b\nab b", "#version: 0.2\na b\nab b\n", "a b\r\nab b\r\n"]) {
    assertEquals(openTokenizer(convertGpt2(vocab, merges)).encode("aabb"), Uint32Array.of(0, 3));
  }
});

Deno.test("convertGpt2() names what is wrong", () => {
  const vocab = { a: 0, b: 1, ab: 2 };
  const cases: readonly [vocab: unknown, merges: string, message: string][] = [
    [[], "", "vocab.json must be an object: current value is an array of 0"],
    [{ a: -1 }, "", `id of "a" must be an integer of 0 or more: current value is -1`],
    [
      vocab,
      "a b c",
      `line 1 of merges.txt must be two tokens that join to one: current line is "a b c"`,
    ],
    [
      vocab,
      "a b\nb a",
      `line 2 of merges.txt must be two tokens that join to one: current line is "b a"`,
    ],
    [vocab, "a toString", "line 1 of merges.txt"],
  ];
  for (const [vocab, merges, message] of cases) {
    assertThrows(() => convertGpt2(vocab, merges), FormatError, message);
  }
});
