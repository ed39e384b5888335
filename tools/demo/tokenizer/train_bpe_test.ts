import { assert, assertEquals, assertThrows } from "@std/assert";
import { openTokenizer } from "@pare/model";
import { DOMAINS } from "../text/domains.ts";
import { documents, generateDocument } from "../text/generate_document.ts";
import { mixture } from "../text/mixture.ts";
import { createBpeEncoder } from "./bpe_encoder.ts";
import { preTokenize } from "./pre_tokenize.ts";
import { bpeTokenizerFiles } from "./tokenizer_files.ts";
import { trainBpe } from "./train_bpe.ts";

/** The algorithm as the paper has it: all pairs are counted anew for each merge. */
function plainMerges(texts: readonly string[], count: number): [string, string][] {
  let words = texts.flatMap(preTokenize).map((word) => [...word]);
  return Array.from({ length: count }, () => {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 1; i < word.length; i++) {
        const pair = `${word[i - 1]}\n${word[i]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const [best] = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0];
    const [left, right] = best.split("\n");
    words = words.map((word) => {
      const joined: string[] = [];
      for (let i = 0; i < word.length; i++) {
        const isPair = word[i] === left && word[i + 1] === right;
        joined.push(isPair ? left + right : word[i]);
        if (isPair) i++;
      }
      return joined;
    });
    return [left, right];
  });
}

Deno.test("trainBpe() merges what counting all pairs anew would merge, ties included", () => {
  // Runs of one letter hold overlapping pairs; no spaces, whose byte has another character.
  const texts = ["banana", "bandanas", "aaaa", "aaaaa", "abababa", "nan", "xyz", "zyx", "pqrs"];
  for (const count of [1, 5, 12, 20]) {
    const { merges } = trainBpe(texts, { vocabularySize: 257 + count });
    assertEquals(merges, plainMerges(texts, count));
  }
  const story = [generateDocument("stories", { split: "train", seed: 0, index: 0 })];
  const words = story.flatMap(preTokenize).map((word) => word.trim()).filter((word) =>
    /^[a-z]+$/i.test(word)
  );
  assertEquals(trainBpe(words, { vocabularySize: 317 }).merges, plainMerges(words, 60));
});

Deno.test("trainBpe() puts special tokens first, then bytes in order, then merges", () => {
  const { tokens } = trainBpe(["aab aab"], {
    vocabularySize: 260,
    specialTokens: ["<|endoftext|>", "<|pad|>"],
  });
  assertEquals(tokens.length, 260);
  assertEquals(tokens.slice(0, 2), ["<|endoftext|>", "<|pad|>"]);
  assertEquals(tokens[2 + 0x41], "A");
  assertEquals(tokens[2 + 0x20], "Ġ");
  assertEquals(tokens.slice(258), ["aa", "aab"]);
  assertEquals(new Set(tokens).size, 260);
});

Deno.test("trainBpe() refuses texts with too few pairs, and options out of range", () => {
  assertThrows(() => trainBpe(["ab"], { vocabularySize: 300 }), RangeError, "end at 258");
  assertThrows(() => trainBpe(["ab"], { vocabularySize: 256 }), RangeError, "vocabularySize");
  assertThrows(() => trainBpe([], { specialTokens: ["a", "a"] }), RangeError, "specialTokens");
});

Deno.test("preTokenize() loses nothing, and lets no word hold a digit and something else", () => {
  for (const text of ["17 + 25 = 42\n", "Ёж, 3 ежа…", " don't  stop\n\n ", "a1b22 c"]) {
    const words = preTokenize(text);
    assertEquals(words.join(""), text);
    for (const word of words) assert(!/\d/.test(word) || word.length === 1, word);
  }
  assertEquals(preTokenize("had 12 apples"), ["had", " ", "1", "2", " apples"]);
});

/** A vocabulary of all domains, as the demo model has it but from less text. */
function trained() {
  const texts: string[] = [];
  for (const { text } of mixture("train", { seed: 1 })) {
    if (texts.push(text) === 1500) break;
  }
  return trainBpe(texts);
}

Deno.test("bpeTokenizerFiles() open as a tokenizer that gives every text back", () => {
  const bpe = trained();
  assertEquals(trained(), bpe);
  assertEquals([bpe.tokens.length, bpe.merges.length], [1024, 767]);
  const files = bpeTokenizerFiles(bpe, { maxPositions: 256 });
  const tokenizer = openTokenizer(JSON.parse(JSON.stringify(files)));
  assertEquals(tokenizer.vocabularySize, 1024);
  assertEquals([tokenizer.bosTokenId, tokenizer.eosTokenIds], [0, [0]]);
  const encode = createBpeEncoder(bpe);
  const texts = DOMAINS.flatMap((
    domain,
  ) => [...documents(domain, "validation", { seed: 2 }).take(25)]);
  // What no document holds is spelled in bytes.
  texts.push("", " ", "naïve 日本語 🙂 — 3.14159\r\n\ttab", "it's 1000x1000");
  for (const text of texts) {
    const tokens = tokenizer.encode(text);
    assertEquals(tokens[0], 0);
    assertEquals(tokenizer.decode(tokens), text);
    assertEquals([...tokens.subarray(1)], encode(text));
    assertEquals([...tokenizer.encode(text, { addSpecialTokens: false })], encode(text));
  }
});

Deno.test("bpeTokenizerFiles() make documents shorter, and digits tokens of their own", () => {
  const bpe = trained();
  const encode = createBpeEncoder(bpe);
  // Twice the tokens that the demo's vocabulary of more text needs would be of no use.
  for (
    const [domain, most] of [["stories", 0.45], ["arithmetic", 0.8], ["russian", 0.6]] as const
  ) {
    const texts = [...documents(domain, "validation", { seed: 2 }).take(20)];
    const characters = texts.join("").length;
    const tokens = texts.flatMap(encode).length;
    assert(tokens < most * characters, `${domain}: ${tokens / characters}`);
  }
  assertEquals(encode("409").map((id) => bpe.tokens[id]), ["4", "0", "9"]);
});
