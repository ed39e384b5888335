import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { convertPieces } from "./convert_pieces.ts";
import { openTokenizer } from "./open_tokenizer.ts";
import { orderMerges } from "./order_merges.ts";
import type { Piece } from "./piece.ts";
import { greedyEncoder } from "./testing/greedy_encoder.ts";
import { randomBelow } from "./testing/mutations.ts";

/**
 * Makes a vocabulary as training does: each piece joins two earlier ones and scores lower. A space
 * begins a word, except in a run of them, unless pieces may be of several words.
 */
function trained(seed: number, size: number, severalWords: boolean): Piece[] {
  const below = randomBelow(seed);
  const texts = ["▁", "a", "b", "c", "😀"];
  while (texts.length < size) {
    const text = texts[below(texts.length)] + texts[below(texts.length)];
    if (!texts.includes(text) && (severalWords || /^▁*[^▁]*$/.test(text))) texts.push(text);
  }
  return [
    { text: "<unk>", score: 0, kind: "unknown" },
    ...texts.map((text, i): Piece => ({ text, score: -i, kind: "normal" })),
  ];
}

Deno.test("orderMerges() makes a list of pairs encode as scores do", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "b", "c", "😀", " ", "x"),
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(
      fc.nat(),
      fc.boolean(),
      fc.array(text, { minLength: 5 }),
      (seed, several, texts) => {
        const pieces = trained(seed, 30, several);
        const tokenizer = openTokenizer(convertPieces("Cannot test", pieces, {
          algorithm: "bpe",
          byteFallback: false,
          dummyPrefix: true,
          removeExtraWhitespaces: false,
          escapeWhitespaces: true,
          bosPiece: "<s>",
          eosPiece: "</s>",
          padPiece: "<pad>",
        }));
        const greedy = greedyEncoder(
          pieces.map(({ text, score, kind }) => ({ text, score, normal: kind === "normal" })),
        );
        for (const text of texts) assertEquals(Array.from(tokenizer.encode(text)), greedy(text));
      },
    ),
    { seed: 1, numRuns: 400 },
  );
});

Deno.test("orderMerges() lists every cut of a piece, high scores and long left parts first", () => {
  const normal = (text: string, score: number): Piece => ({ text, score, kind: "normal" });
  const merges = orderMerges([
    normal("a", 0),
    normal("aa", -2),
    normal("aaa", -2),
    normal("b", 0),
    normal("ab", -1),
    // No piece can be made of a byte, nor of what is no piece.
    { text: "ba", score: 0, kind: "byte" },
    normal("bab", 5),
    normal("xa", 5),
  ]);
  assertEquals(merges, [["b", "ab"], ["a", "b"], ["aa", "a"], ["a", "aa"], ["a", "a"]]);
});

Deno.test("orderMerges() has nothing to merge in single characters", () => {
  assertEquals(orderMerges([{ text: "😀", score: 0, kind: "normal" }]), []);
  assertEquals(orderMerges([]), []);
});
