// Byte-pair encoding, trained on counts of words.
//
// P. Gage, "A New Algorithm for Data Compression", C Users Journal 12(2), 1994; R. Sennrich et al.,
// "Neural Machine Translation of Rare Words with Subword Units", ACL 2016, arXiv:1508.07909,
// algorithm 1: the most frequent pair of neighbours becomes a symbol, until the vocabulary is full.
//
// Departs from the paper: symbols start as bytes (A. Radford et al., GPT-2, 2019), without a symbol
// for the end of a word; of pairs equally frequent the one whose text sorts first is taken; counts
// of pairs are kept and changed only in the words that hold the merged pair.
// Cost: one pass over the texts; each merge looks at all different pairs, and at the words it is in.

import { checkOptions, type Checks, integer } from "@pare/tensor";
import { BYTE_CHARACTERS } from "./byte_level.ts";
import { preTokenize } from "./pre_tokenize.ts";

/** Options of {@linkcode trainBpe}. */
export interface BpeOptions {
  /**
   * How many tokens: special ones, 256 bytes, and one for each merge.
   *
   * @default {1024}
   */
  vocabularySize?: number;
  /**
   * Tokens that no text is cut into, which get the first ids.
   *
   * @default {["<|endoftext|>"]}
   */
  specialTokens?: readonly string[];
}

/** A trained vocabulary. */
export interface Bpe {
  /** The special tokens; their ids are their places. */
  readonly specialTokens: readonly string[];
  /** All tokens by id: special ones, the bytes in order, and what each merge makes. */
  readonly tokens: readonly string[];
  /** Which tokens become one, first the most urgent. */
  readonly merges: readonly (readonly [left: string, right: string])[];
}

/** A word that occurs `count` times, as the ids of its symbols so far. */
interface Word {
  readonly count: number;
  symbols: number[];
}

/** How often two neighbours occur, and in which words they may. */
interface Pair {
  readonly left: number;
  readonly right: number;
  readonly words: Set<Word>;
  count: number;
}

const BPE_CHECKS: Checks<BpeOptions> = {
  vocabularySize: integer(257, 2 ** 16),
  specialTokens: {
    wanted: "a list of different texts",
    schema: { type: "array", items: { type: "string" }, uniqueItems: true },
    test: (value) =>
      Array.isArray(value) && new Set(value).size === value.length &&
      value.every((text) => typeof text === "string" && text !== ""),
  },
};

/**
 * Trains a byte-level vocabulary in which digits stand alone.
 *
 * @example The most frequent pair is merged first
 * ```ts
 * import { trainBpe } from "./train_bpe.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { tokens, merges } = trainBpe(["low lower lowest"], { vocabularySize: 259 });
 * assertEquals(merges, [["l", "o"], ["lo", "w"]]);
 * assertEquals(tokens.length, 259);
 * ```
 *
 * @param texts What to learn from.
 * @param options The size of the vocabulary, its special tokens.
 * @returns The vocabulary.
 * @throws {RangeError} If an option is out of range, or the texts have too few different pairs.
 * @throws {TypeError} If an option is unknown.
 */
export function trainBpe(texts: Iterable<string>, options: BpeOptions = {}): Bpe {
  checkOptions("Cannot train a vocabulary", options, BPE_CHECKS);
  const { vocabularySize = 1024, specialTokens = ["<|endoftext|>"] } = options;
  const tokens = [...specialTokens, ...BYTE_CHARACTERS];
  const pairs = pairsOf(countWords(texts, specialTokens.length));
  const merges: [string, string][] = [];
  while (tokens.length < vocabularySize) {
    const best = mostFrequent(pairs, tokens);
    if (best === null) {
      throw new RangeError(
        `Cannot train a vocabulary as the texts must have pairs for ${vocabularySize} tokens: current texts end at ${tokens.length}`,
      );
    }
    merges.push([tokens[best.left], tokens[best.right]]);
    merge(pairs, best, tokens.length);
    tokens.push(tokens[best.left] + tokens[best.right]);
  }
  return { specialTokens, tokens, merges };
}

function countWords(texts: Iterable<string>, firstByte: number): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of preTokenize(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const encoder = new TextEncoder();
  return Array.from(counts, ([word, count]) => ({
    count,
    symbols: Array.from(encoder.encode(word), (byte) => firstByte + byte),
  }));
}

function pairsOf(words: readonly Word[]): Map<number, Pair> {
  const pairs = new Map<number, Pair>();
  for (const word of words) countPairs(pairs, word, word.count);
  return pairs;
}

/** Adds the pairs of a word `count` times; takes them away if it is negative. */
function countPairs(pairs: Map<number, Pair>, word: Word, count: number): void {
  const { symbols } = word;
  for (let i = 1; i < symbols.length; i++) {
    const left = symbols[i - 1];
    const right = symbols[i];
    const key = left * 2 ** 16 + right;
    let pair = pairs.get(key);
    if (!pair) pairs.set(key, pair = { left, right, words: new Set(), count: 0 });
    pair.count += count;
    if (count > 0) pair.words.add(word);
    else if (pair.count === 0) pairs.delete(key);
  }
}

/** Finds the pair with the highest count; of equals the one that sorts first. */
function mostFrequent(pairs: ReadonlyMap<number, Pair>, tokens: readonly string[]): Pair | null {
  let best: Pair | null = null;
  for (const pair of pairs.values()) {
    if (
      !best || pair.count > best.count ||
      (pair.count === best.count && sortsBefore(pair, best, tokens))
    ) best = pair;
  }
  return best;
}

function sortsBefore(a: Pair, b: Pair, tokens: readonly string[]): boolean {
  if (a.left !== b.left) return tokens[a.left] < tokens[b.left];
  return tokens[a.right] < tokens[b.right];
}

/** Replaces a pair by one symbol in all words that hold it. */
function merge(pairs: Map<number, Pair>, { left, right, words }: Pair, merged: number): void {
  for (const word of [...words]) {
    const { symbols } = word;
    const joined: number[] = [];
    for (let i = 0; i < symbols.length; i++) {
      const isPair = symbols[i] === left && symbols[i + 1] === right;
      joined.push(isPair ? merged : symbols[i]);
      if (isPair) i++;
    }
    if (joined.length === symbols.length) continue;
    countPairs(pairs, word, -word.count);
    word.symbols = joined;
    countPairs(pairs, word, word.count);
  }
}
