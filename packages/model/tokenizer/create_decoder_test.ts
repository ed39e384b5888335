import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { convertGpt2 } from "./convert_gpt2.ts";
import { convertSentencePiece } from "./convert_sentence_piece.ts";
import { createDecoder } from "./create_decoder.ts";
import { openTokenizer } from "./open_tokenizer.ts";
import {
  bytePieces,
  sentencePieceBytes,
  type WrittenPiece,
} from "./testing/sentence_piece_bytes.ts";
import type { Tokenizer } from "./tokenizer.ts";

const PIECES: readonly WrittenPiece[] = [
  ["<unk>", 0, 2],
  ["<s>", 0, 3],
  ["</s>", 0, 3],
  ...["▁", "a", "b", "▁a", "ab", "é"].map((text, i): WrittenPiece => [text, -i, 1]),
  ...bytePieces(),
];
const BYTE = 9;

const pieces = openTokenizer(convertSentencePiece(
  sentencePieceBytes(PIECES, { 3: 2, 35: 1 }, { 4: 0 }),
));

// Bytes as tokens, and pairs of them that cut characters in two.
const bytesToText = new Map<number, string>();
for (let byte = 0, other = 256; byte < 256; byte++) {
  const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  bytesToText.set(byte, String.fromCodePoint(printable ? byte : other++));
}
const byteLevel = openTokenizer(convertGpt2(
  Object.fromEntries([
    ...[...bytesToText].map(([byte, text]) => [text, byte]),
    ["ðŁ", 256],
    ["ĺĢ", 257],
    ["Ã©", 258],
    ["aÃ", 259],
    ["©a", 260],
  ]),
  "ð Ł\nĺ Ģ\na Ã\n© a\nÃ ©",
));

function stream(
  tokenizer: Tokenizer,
  tokens: Iterable<number>,
  after?: ArrayLike<number>,
): string[] {
  const decoder = createDecoder(tokenizer, { after });
  return [...Array.from(tokens, (token) => decoder.push(token)), decoder.flush()];
}

for (const [name, tokenizer] of [["pieces", pieces], ["byte level", byteLevel]] as const) {
  Deno.test(`createDecoder() adds up to what decode() gives: ${name}`, () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(), (text, cut) => {
        const tokens = tokenizer.encode(text);
        const parts = stream(tokenizer, tokens);
        assertEquals(parts.join(""), tokenizer.decode(tokens));
        // Text is whole, so that nothing is left to flush, except what is U+FFFD itself.
        assert(parts.at(-1) === "" || text.endsWith("\uFFFD"));
        const at = cut % (tokens.length + 1);
        const rest = stream(tokenizer, tokens.subarray(at), tokens.subarray(0, at)).join("");
        const shown = tokenizer.decode(tokens.subarray(0, at)).replace(/\uFFFD$/, "");
        assertEquals(shown + rest, tokenizer.decode(tokens));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  Deno.test(`createDecoder() adds up for any tokens: ${name}`, () => {
    const token = fc.integer({ min: 0, max: tokenizer.vocabularySize - 1 });
    fc.assert(
      fc.property(fc.array(token, { maxLength: 40 }), (tokens) => {
        assertEquals(stream(tokenizer, tokens).join(""), tokenizer.decode(tokens));
      }),
      { seed: 2, numRuns: 1000 },
    );
  });
}

Deno.test("createDecoder() holds back half a character and never splits one", () => {
  const [a, b, c, d] = new TextEncoder().encode("😀");
  assertEquals(stream(pieces, [6, BYTE + a, BYTE + b, BYTE + c, BYTE + d, 4]), [
    "a",
    "",
    "",
    "",
    "😀",
    "a",
    "",
  ]);
  assertEquals(stream(byteLevel, [259, 260, 256, 257]), ["a", "éa", "", "😀", ""]);
});

Deno.test("createDecoder() shows what stays half a character as U+FFFD", () => {
  assertEquals(stream(pieces, [4, BYTE + 0xf0, BYTE + 0x9f, 5]), ["a", "", "", "\uFFFDb", ""]);
  assertEquals(stream(pieces, [4, BYTE + 0xf0]), ["a", "", "\uFFFD"]);
  assertEquals(stream(pieces, [BYTE + 0xff, BYTE + 0xff, 5]), ["", "\uFFFD", "\uFFFDb", ""]);
});

Deno.test("createDecoder() drops a space in front only where a text begins", () => {
  assertEquals(stream(pieces, [1, 6, 6, 3, 3, 5, 2]), ["", "a", " a", " ", " ", "b", "", ""]);
  assertEquals(stream(pieces, [6, 6], pieces.encode("ab")), [" a", " a", ""]);
  assertEquals(stream(pieces, [6, 6], [1]), ["a", " a", ""]);
  // A special token in between is no beginning.
  assertEquals(stream(pieces, [6, 2, 6, 1, 6]), ["a", "", " a", "", " a", ""]);
});

Deno.test("createDecoder() joins a character begun in what was shown", () => {
  assertEquals(stream(pieces, [BYTE + 0xa9, 6], [4, BYTE + 0xc3]), ["é", " a", ""]);
});

Deno.test("createDecoder() has nothing to flush before the first token", () => {
  assertEquals(createDecoder(pieces).flush(), "");
  assertEquals(createDecoder(pieces, { after: pieces.encode("ab") }).flush(), "");
});
