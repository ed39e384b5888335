import { preTokenize } from "./pre_tokenize.ts";
import type { Bpe } from "./train_bpe.ts";

/**
 * Creates a function that cuts texts into tokens as `tokenizer.json` says, but without the special
 * token in front: words that occurred are looked up, which makes it some ten times as fast on texts
 * of few different words.
 *
 * @param bpe The vocabulary.
 * @returns The function.
 */
export function createBpeEncoder(bpe: Bpe): (text: string) => number[] {
  const firstByte = bpe.specialTokens.length;
  const firstMerge = firstByte + 256;
  const ids = new Map(bpe.tokens.map((token, id) => [token, id]));
  const merged = new Map(
    bpe.merges.map(([left, right], i) => [keyOf(ids.get(left), ids.get(right)), firstMerge + i]),
  );
  const encoder = new TextEncoder();
  const words = new Map<string, readonly number[]>();

  function encodeWord(word: string): number[] {
    const symbols = Array.from(encoder.encode(word), (byte) => firstByte + byte);
    for (;;) {
      let best = Infinity;
      let at = 0;
      for (let i = 1; i < symbols.length; i++) {
        // The id of what a merge makes tells how urgent it is.
        const id = merged.get(keyOf(symbols[i - 1], symbols[i])) ?? Infinity;
        if (id < best) [best, at] = [id, i];
      }
      if (best === Infinity) return symbols;
      symbols.splice(at - 1, 2, best);
    }
  }

  return (text) => {
    const tokens: number[] = [];
    for (const word of preTokenize(text)) {
      let encoded = words.get(word);
      if (!encoded) words.set(word, encoded = encodeWord(word));
      for (const token of encoded) tokens.push(token);
    }
    return tokens;
  };
}

function keyOf(left = 0, right = 0): number {
  return left * 2 ** 16 + right;
}
