import { FormatError } from "@pare/tensor";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { convertGpt2 } from "./convert_gpt2.ts";
import { convertPieces } from "./convert_pieces.ts";
import { openTokenizer } from "./open_tokenizer.ts";
import { randomBelow } from "./testing/mutations.ts";
import type { Piece, PieceSettings } from "./piece.ts";

const SETTINGS: PieceSettings = {
  algorithm: "bpe",
  byteFallback: false,
  dummyPrefix: true,
  removeExtraWhitespaces: true,
  escapeWhitespaces: true,
  bosPiece: "<s>",
  eosPiece: "</s>",
  padPiece: "<pad>",
};
const PIECES: readonly Piece[] = [
  { text: "<unk>", score: 0, kind: "unknown" },
  { text: "<s>", score: 0, kind: "control" },
  { text: "</s>", score: 0, kind: "control" },
  ...["▁", "a", "b", "▁a"].map((text, i): Piece => ({ text, score: -i, kind: "normal" })),
];
const BPE = convertPieces("Cannot test", PIECES, SETTINGS);
const UNIGRAM = convertPieces("Cannot test", PIECES, { ...SETTINGS, algorithm: "unigram" });

/** Copies the test's `tokenizer.json` with one field replaced. */
function changed(
  files: { tokenizerJson: unknown },
  path: readonly (string | number)[],
  value: unknown,
) {
  const copy = structuredClone(files.tokenizerJson);
  let target = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) target = target[key] as Record<string | number, unknown>;
  target[path[path.length - 1]] = value;
  return copy;
}

Deno.test("openTokenizer() leaves special tokens out where asked", () => {
  const tokenizer = openTokenizer(BPE);
  assertEquals(tokenizer.encode("a"), Uint32Array.of(1, 6));
  assertEquals(tokenizer.encode("a", { addSpecialTokens: false }), Uint32Array.of(6));
  assertEquals(tokenizer.encode(""), Uint32Array.of(1));
  assertEquals(tokenizer.encode("", { addSpecialTokens: false }), new Uint32Array(0));
});

Deno.test("openTokenizer() decodes nothing, special tokens and unknown numbers to no text", () => {
  const tokenizer = openTokenizer(BPE);
  assertEquals(tokenizer.decode([]), "");
  assertEquals(tokenizer.decode([1, 2]), "");
  assertEquals(tokenizer.decode([1, 6, 7, 4e9, -1, 0.5, 6, 2]), "a a");
  assertEquals(tokenizer.decode(Uint32Array.of(6, 5)), "ab");
});

Deno.test("openTokenizer() leaves spaces before punctuation be", () => {
  const files = convertGpt2({ a: 0, "Ġ": 1, ".": 2, "'": 3, "s": 4 }, "");
  const tokenizer = openTokenizer(files);
  assertEquals(tokenizer.decode(tokenizer.encode("a . a 's")), "a . a 's");
});

Deno.test("openTokenizer() takes half a surrogate pair as U+FFFD", () => {
  const files = convertGpt2({ "ï": 0, "¿": 1, "½": 2 }, "");
  assertEquals(openTokenizer(files).encode("\ud800"), Uint32Array.of(0, 1, 2));
});

Deno.test("openTokenizer() finds the ends of a text in either way of writing them", () => {
  const { tokenizerJson } = BPE;
  const open = (tokenizerConfig?: unknown) => openTokenizer({ tokenizerJson, tokenizerConfig });
  assertEquals(open().bosTokenId, null);
  assertEquals(open().eosTokenIds, []);
  assertEquals(open({ bos_token: "<s>", eos_token: null }).bosTokenId, 1);
  assertEquals(
    open({ bos_token: { content: "<s>" }, eos_token: { content: "</s>" } }).eosTokenIds,
    [2],
  );
  assertEquals(open({ bos_token: "<none>" }).bosTokenId, null);
});

Deno.test("openTokenizer() counts added tokens and gaps into the size of the vocabulary", () => {
  const added = [{ id: 90, content: "<x>", special: true }];
  const tokenizer = openTokenizer({ tokenizerJson: changed(BPE, ["added_tokens"], added) });
  assertEquals(tokenizer.vocabularySize, 91);
  assertEquals(tokenizer.encode("a<x>", { addSpecialTokens: false }), Uint32Array.of(6, 90));
});

Deno.test("openTokenizer() takes a file without its optional parts", () => {
  const tokenizerJson = { model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] } };
  assertEquals(openTokenizer({ tokenizerJson }).encode("aab"), Uint32Array.of(0, 2));
});

Deno.test("openTokenizer() tells the type of a model that does not say it", () => {
  for (const files of [BPE, UNIGRAM]) {
    const untyped = openTokenizer({ tokenizerJson: changed(files, ["model", "type"], undefined) });
    assertEquals(untyped.encode("a ba"), openTokenizer(files).encode("a ba"));
  }
  const words = {
    vocab: { "a": 0, "##b": 1, "[UNK]": 2 },
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
  };
  assertEquals(
    openTokenizer({ tokenizerJson: { model: words } }).encode("ab"),
    Uint32Array.of(0, 1),
  );
});

Deno.test("openTokenizer() leaves the files as they are", () => {
  const before = structuredClone(BPE);
  const tokenizer = openTokenizer(BPE);
  tokenizer.decode(tokenizer.encode("a b"));
  assertEquals(BPE, before);
});

Deno.test("openTokenizer() refuses unknown options of encode()", () => {
  const options = { add_special_tokens: false } as object;
  assertThrows(() => openTokenizer(BPE).encode("a", options), TypeError, `"add_special_tokens"`);
});

Deno.test("openTokenizer() names the field that is wrong", () => {
  const cases: readonly [tokenizerJson: unknown, message: string][] = [
    [null, "tokenizer.json must be an object: current value is null"],
    [[], "tokenizer.json must be an object: current value is an array of 0"],
    [{}, "model must be an object: current value is missing"],
    [
      changed(BPE, ["model", "vocab"], []),
      "model.vocab must be an object: current value is an array of 0",
    ],
    [changed(BPE, ["model", "vocab"], {}), "model.vocab must be of one token or more"],
    [
      changed(BPE, ["model", "vocab", "a"], "4"),
      `model.vocab["a"] must be an integer from 0 to 16777215: current value is "4"`,
    ],
    [changed(BPE, ["model", "vocab", "a"], 1e9), `current value is 1000000000`],
    [
      changed(BPE, ["model", "merges"], undefined),
      "model.merges must be an array: current value is missing",
    ],
    [
      changed(BPE, ["model", "merges", 0], ["a"]),
      "model.merges[0] must be two tokens: current value is an array of 1",
    ],
    [
      changed(BPE, ["model", "type"], "Bigram"),
      `model.type must be BPE, Unigram or WordPiece: current value is "Bigram"`,
    ],
    [
      changed(BPE, ["added_tokens"], {}),
      "added_tokens must be an array: current value is an object",
    ],
    [
      changed(BPE, ["added_tokens", 1], null),
      "added_tokens[1] must be an object: current value is null",
    ],
    [
      changed(BPE, ["added_tokens", 1, "content"], ""),
      `added_tokens[1].content must be a text: current value is ""`,
    ],
    [
      changed(BPE, ["added_tokens", 1, "id"], -1),
      "added_tokens[1].id must be an integer from 0 to 16777215: current value is -1",
    ],
    [changed(BPE, ["normalizer", "type"], "Upside"), "must describe a tokenizer that works"],
    [
      changed(BPE, ["normalizer", "normalizers", 0, "pattern"], {}),
      "pattern must be a String or a Regex: current value is an object",
    ],
    [
      changed(BPE, ["normalizer", "normalizers", 0, "pattern"], { Regex: "(" }),
      "must describe a tokenizer that works",
    ],
    [changed(BPE, ["post_processor", "single"], 5), "must describe a tokenizer that works"],
    [
      changed(UNIGRAM, ["model", "vocab"], {}),
      "model.vocab must be an array: current value is an object",
    ],
    [
      changed(UNIGRAM, ["model", "vocab", 3], ["a", null]),
      "model.vocab[3] must be a text and a score: current value is an array of 2",
    ],
    [
      changed(UNIGRAM, ["model", "unk_id"], null),
      "model.unk_id must be an integer from 0 to 6: current value is null",
    ],
    [
      changed(UNIGRAM, ["model", "byte_fallback"], true),
      "model.byte_fallback must be false in a unigram model: current value is true",
    ],
  ];
  for (const [tokenizerJson, message] of cases) {
    assertThrows(() => openTokenizer({ tokenizerJson }), FormatError, message, message);
  }
  assertThrows(
    () => openTokenizer({ ...BPE, tokenizerConfig: "x" }),
    FormatError,
    `Cannot open tokenizer as tokenizer_config.json must be an object: current value is "x"`,
  );
});

Deno.test("openTokenizer() refuses a text with a token that has no id", () => {
  const single = [{ SpecialToken: { id: "<gone>", type_id: 0 } }, {
    Sequence: { id: "A", type_id: 0 },
  }];
  const tokenizerJson = changed(
    { tokenizerJson: changed(BPE, ["post_processor", "single"], single) },
    ["model", "unk_token"],
    null,
  );
  assertThrows(
    () => openTokenizer({ tokenizerJson }).encode("a"),
    RangeError,
    `Cannot encode text as every token must be in the vocabulary: current token is "<gone>"`,
  );
});

Deno.test("openTokenizer() refuses or opens 20,000 broken files", () => {
  const below = randomBelow(5);
  const values = [null, undefined, -1, 0, 1e300, 0.5, "", "a", "\\", [], {}, [[]], true];
  let opened = 0;
  for (let i = 0; i < 20_000; i++) {
    const copy = structuredClone((i % 2 === 0 ? BPE : UNIGRAM).tokenizerJson);
    let target = copy as Record<string, unknown>;
    for (;;) {
      const keys = Object.keys(target);
      const key = keys[below(keys.length)];
      const child = target[key];
      if (
        typeof child === "object" && child !== null && Object.keys(child).length > 0 && below(8) > 0
      ) {
        target = child as Record<string, unknown>;
        continue;
      }
      target[key] = values[below(values.length)];
      break;
    }
    try {
      const tokenizer = openTokenizer({
        tokenizerJson: copy,
        tokenizerConfig: BPE.tokenizerConfig,
      });
      opened++;
      assert(tokenizer.vocabularySize > 0);
    } catch (error) {
      assert(error instanceof FormatError, String(error));
    }
  }
  assert(opened > 1000 && opened < 19_000, `${opened} opened`);
});
