import { FormatError } from "@pare/tensor";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { ConvertedTokenizer } from "./convert_pieces.ts";
import { convertLlama2cTokenizer } from "./convert_llama2c_tokenizer.ts";
import { convertSentencePiece } from "./convert_sentence_piece.ts";
import { openTokenizer } from "./open_tokenizer.ts";
import { splitDocuments } from "./split_documents.ts";
import { greedyEncoder } from "./testing/greedy_encoder.ts";
import { mutations } from "./testing/mutations.ts";
import { SAMPLE_TEXTS } from "./testing/sample_texts.ts";
import {
  bytePieces,
  sentencePieceBytes,
  type WrittenFields,
  type WrittenPiece,
} from "./testing/sentence_piece_bytes.ts";
import { HAS_SHARED, readShared, readSharedText } from "#shared";
import { chunks } from "./testing/chunks.ts";

const UNIGRAM = { 3: 1 };
const BPE = { 3: 2 };
const CHAR = { 3: 4 };

const ENDS: readonly WrittenPiece[] = [["<unk>", 0, 2], ["<s>", 0, 3], ["</s>", 0, 3]];
const PIECES: readonly WrittenPiece[] = [
  ...ENDS,
  ...[..."▁abc", "ab", "▁a", "▁ab", "bc", "▁▁"].map((text, i): WrittenPiece => [text, -i, 1]),
];

function stories(): string[] {
  return splitDocuments(readSharedText("text/tinystories_valid_500.txt"), "<|endoftext|>");
}

function open(pieces: readonly WrittenPiece[], trainer: WrittenFields, normalizer?: WrittenFields) {
  return openTokenizer(convertSentencePiece(sentencePieceBytes(pieces, trainer, normalizer)));
}

Deno.test({
  name: "convertSentencePiece() encodes as greedy merging does: 105 characters",
  ignore: !HAS_SHARED,
  fn() {
    const tokenizer = openTokenizer(
      convertSentencePiece(readShared("models/babyllama-tok105.model")),
    );
    // The file beside it: a piece and its score a line.
    const entries = readSharedText("models/babyllama-tok105.vocab").trimEnd().split("\n")
      .map((line, i) => {
        const [text, score] = line.split("\t");
        return { text, score: Number(score), normal: i >= 3 };
      });
    const greedy = greedyEncoder(entries, true);
    assertEquals(tokenizer.vocabularySize, 105);
    assertEquals(tokenizer.bosTokenId, 1);
    assertEquals(tokenizer.eosTokenIds, [2]);
    const texts = [
      ...SAMPLE_TEXTS.filter((text) => !text.includes("▁")),
      ...stories(),
      ...chunks(readSharedText("text/wiki.test.raw"), 1500, 40),
      ...chunks(readSharedText("text/tinyshakespeare.txt"), 1500, 40),
    ];
    for (const text of texts) {
      assertEquals(Array.from(tokenizer.encode(text)), [1, ...greedy(text)], text.slice(0, 80));
    }
    assertEquals(tokenizer.decode(tokenizer.encode("  Once  upon a time. ")), "Once upon a time.");
  },
});

Deno.test({
  name: "convertSentencePiece() gives 25455 characters to predict in 100 stories",
  ignore: !HAS_SHARED,
  fn() {
    const tokenizer = openTokenizer(
      convertSentencePiece(readShared("models/babyllama-tok105.model")),
    );
    let sum = 0;
    for (const story of stories().slice(0, 100)) {
      sum += Math.min(tokenizer.encode(story).length, 256) - 1;
    }
    assertEquals(sum, 25455);
  },
});

Deno.test({
  name: "convertSentencePiece() gives what convertLlama2cTokenizer() gives for the same vocabulary",
  ignore: !HAS_SHARED,
  fn() {
    const model = convertSentencePiece(readShared("tokenizers/llama2-tokenizer.model"));
    const bin = convertLlama2cTokenizer(readShared("tokenizers/llama2-tokenizer.bin"), 32000);
    // As JSON, which is what is written, and faster to compare.
    assert(JSON.stringify(model) === JSON.stringify(bin));
    const tokenizer = openTokenizer(JSON.parse(JSON.stringify(model)));
    // The tokens that Llama 2 is known for.
    assertEquals(tokenizer.encode("Hello world"), Uint32Array.of(1, 15043, 3186));
    assertEquals(tokenizer.encode("😀\n"), Uint32Array.of(1, 29871, 243, 162, 155, 131, 13));
  },
});

Deno.test("convertSentencePiece() follows the normalizer's settings", () => {
  const rows: readonly [normalizer: WrittenFields, text: string, tokens: number[]][] = [
    // add_dummy_prefix, remove_extra_whitespaces and escape_whitespaces are on unless said.
    [{}, "  ab  a ", [9, 8]],
    [{}, "   ", []],
    [{}, "▁", []],
    [{ 4: 0 }, " ab  a ", [3, 9, 3, 8, 3]],
    [{ 4: 0 }, "   ", [11, 11]],
    [{ 3: 0 }, "  ab  a ", [7, 8]],
    [{ 3: 0, 4: 0 }, " ab a", [9, 8]],
    [{ 3: 0, 4: 0, 5: 0 }, "a ab", [4, 0, 7]],
  ];
  for (const [normalizer, text, tokens] of rows) {
    const tokenizer = open(PIECES, BPE, normalizer);
    const name = `${JSON.stringify(normalizer)} ${JSON.stringify(text)}`;
    assertEquals(Array.from(tokenizer.encode(text, { addSpecialTokens: false })), tokens, name);
  }
});

Deno.test("convertSentencePiece() keeps spaces in decoded text as the settings say", () => {
  assertEquals(open(PIECES, BPE, { 4: 0 }).decode([1, 8, 3, 8, 2]), "a  a");
  assertEquals(open(PIECES, BPE, { 3: 0, 4: 0 }).decode([1, 8, 3, 8, 2]), " a  a");
});

Deno.test("convertSentencePiece() joins unknown characters to one token, or takes their bytes", () => {
  const unknown = open(PIECES, BPE);
  assertEquals(unknown.encode("a日本b"), Uint32Array.of(1, 8, 0, 5));
  const bytes = open([...PIECES, ...bytePieces()], { ...BPE, 35: 1 });
  assertEquals(bytes.encode("aéb"), Uint32Array.of(1, 8, 12 + 0xc3, 12 + 0xa9, 5));
  assertEquals(bytes.decode(bytes.encode("aé日本😀b\ufeff")), "aé日本😀b\ufeff");
  // Written out, a byte is no byte.
  assertEquals(bytes.decode(bytes.encode("<0x41>")), "<0x41>");
});

Deno.test("convertSentencePiece() takes a model of characters as one without merges", () => {
  assertEquals(open(PIECES, CHAR).encode("ab"), Uint32Array.of(1, 3, 4, 5));
});

Deno.test("convertSentencePiece() keeps user-defined pieces whole", () => {
  const pieces: readonly WrittenPiece[] = [...PIECES, ["bb", 0, 4], ["▁▁▁", 0, 4]];
  const tokenizer = open(pieces, BPE, { 3: 0, 4: 0 });
  assertEquals(tokenizer.encode("abbb   bc"), Uint32Array.of(1, 4, 12, 5, 13, 10));
  assertEquals(tokenizer.decode(tokenizer.encode("abbb   bc")), "abbb   bc");
});

Deno.test("convertSentencePiece() splits into words unless a piece is of several", () => {
  const split = (pieces: readonly WrittenPiece[], trainer: WrittenFields) =>
    convertSentencePiece(sentencePieceBytes(pieces, trainer)).tokenizerJson.pre_tokenizer !== null;
  assert(split(PIECES, BPE));
  assert(!split(PIECES, UNIGRAM));
  assert(!split([...PIECES, ["a▁a", -9, 1]], BPE));
  assertEquals(
    open([...PIECES, ["▁a▁a", -9, 1]], BPE).encode("b a ab a a"),
    Uint32Array.of(1, 3, 5, 8, 9, 12),
  );
  // A space that is unknown joins the unknown characters around it.
  const spaceless: readonly WrittenPiece[] = [...ENDS, ["a", 0, 1]];
  assert(!split(spaceless, BPE));
  assertEquals(open(spaceless, BPE).encode("ax x a"), Uint32Array.of(1, 0, 3, 0, 3));
});

Deno.test("convertSentencePiece() has no begin, end or padding where there is no such piece", () => {
  const none = open([["<unk>", 0, 2], ["a", 0, 1]], BPE, { 3: 0 });
  assertEquals(none.bosTokenId, null);
  assertEquals(none.eosTokenIds, []);
  assertEquals(none.encode("aa"), Uint32Array.of(1, 1));
  // A control piece counts by the name that the trainer gave it.
  const named = open([["?", 0, 2], ["<go>", 0, 3], ["<end>", 0, 3], ["a", 0, 1]], {
    ...BPE,
    46: "<go>",
    47: "<end>",
  }, { 3: 0 });
  assertEquals(named.bosTokenId, 1);
  assertEquals(named.eosTokenIds, [2]);
  assertEquals(named.encode("ab"), Uint32Array.of(1, 3, 0));
});

// The likeliest cut by trying all: what unigram models are defined by.
function likeliest(text: string, scores: ReadonlyMap<string, number>): string[] {
  let best: { score: number; cut: string[] }[] = [{ score: 0, cut: [] }];
  for (let end = 1; end <= text.length; end++) {
    const ways = best.flatMap(({ score, cut }, start) => {
      const piece = text.slice(start, end);
      const own = scores.get(piece);
      return own === undefined ? [] : [{ score: score + own, cut: [...cut, piece] }];
    });
    best = [...best, ways.reduce((a, b) => (a.score >= b.score ? a : b))];
  }
  return best[text.length].cut;
}

Deno.test("convertSentencePiece() encodes a unigram model as its likeliest cut", () => {
  const scored = ["▁", "a", "b", "c", "ab", "bc", "▁a", "abc", "▁ab", "ca"]
    .map((text, i): WrittenPiece => [text, -Math.log(2 + ((i * 7) % 10) * 1.37), 1]);
  const tokenizer = open([...ENDS, ...scored], UNIGRAM, { 4: 0 });
  // Scores as the file keeps them.
  const scores = new Map(scored.map(([text, score]) => [text, Math.fround(score)]));
  const ids = new Map(scored.map(([text], i) => [text, i + ENDS.length]));
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "b", "c", " "), minLength: 1 }), (text) => {
      const cut = likeliest("▁" + text.replaceAll(" ", "▁"), scores);
      assertEquals(Array.from(tokenizer.encode(text)), [1, ...cut.map((piece) => ids.get(piece))]);
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("convertSentencePiece() names the field that is wrong", () => {
  const cases: readonly [
    pieces: readonly WrittenPiece[],
    trainer: WrittenFields,
    message: string,
  ][] = [
    [
      PIECES,
      { 3: 3 },
      "trainer_spec.model_type must be 1 (unigram), 2 (BPE) or 4 (char): current value is 3",
    ],
    [PIECES, { 3: "2" }, 'trainer_spec.model_type must be an integer: current value is "bytes"'],
    [PIECES, { ...BPE, 24: 1 }, "trainer_spec.treat_whitespace_as_suffix must be false"],
    [
      PIECES,
      { ...BPE, 35: 1 },
      "pieces must have all 256 bytes for the byte fallback: current number is 0",
    ],
    [PIECES, { ...UNIGRAM, 35: 1 }, "trainer_spec.byte_fallback must be false in a unigram model"],
    [PIECES, { ...BPE, 46: Uint8Array.of(0xff) }, "trainer_spec.bos_piece must be UTF-8"],
    [[], BPE, "pieces must have one for unknown characters: current number is 0"],
    [[...PIECES, ["?", 0, 2]], BPE, "current number is 2"],
    [[...PIECES, ["x", 0, 5]], BPE, "type of piece 12 must be 1, 2, 3, 4 or 6: current value is 5"],
    [
      [...PIECES, ["x", 0, -1]],
      BPE,
      "type of piece 12 must be 1, 2, 3, 4 or 6: current value is -1",
    ],
    [
      [...PIECES, ["x", Infinity, 1]],
      BPE,
      "piece 12 must have a finite score: current score is Infinity",
    ],
    [[...PIECES, ["", 0, 1]], BPE, `piece 12 must have a text: current text is ""`],
    [
      [...PIECES, ["ab", 0, 1]],
      BPE,
      `piece 12 must differ from piece 7: current text of both is "ab"`,
    ],
    [[...PIECES, ["x", 0, 6]], BPE, `piece 12 must be written as <0x00> is: current text is "x"`],
    [
      [...PIECES, ["x".repeat(300), 0, 1]],
      BPE,
      "piece 12 must have at most 256 characters: current length is 300",
    ],
  ];
  for (const [pieces, trainer, message] of cases) {
    assertThrows(() => open(pieces, trainer), FormatError, message);
  }
  assertThrows(
    () => open(PIECES, BPE, { 2: Uint8Array.of(1, 2, 3) }),
    FormatError,
    "normalizer_spec.precompiled_charsmap must have no bytes (identity): current value is 3",
  );
  const bytes = sentencePieceBytes(PIECES, BPE);
  assertThrows(
    () => convertSentencePiece(bytes.subarray(0, bytes.length - 3)),
    FormatError,
    "Cannot convert the SentencePiece model as model must hold its fields",
  );
});

Deno.test("convertSentencePiece() refuses or converts 30,000 broken files", () => {
  let converted = 0;
  for (const whole of [sentencePieceBytes(PIECES, BPE), sentencePieceBytes(PIECES, UNIGRAM)]) {
    for (const bytes of mutations(whole, 15_000, 11)) {
      const files = convertOrRefuse(bytes);
      if (files !== null && ++converted % 20 === 0) openTokenizer(files).encode("ab a");
    }
  }
  // Texts and scores may be anything, so that some pass.
  assert(converted > 1000 && converted < 25_000, `${converted} converted`);
});

function convertOrRefuse(bytes: Uint8Array): ConvertedTokenizer | null {
  try {
    return convertSentencePiece(bytes);
  } catch (error) {
    assert(error instanceof FormatError, String(error));
    return null;
  }
}
