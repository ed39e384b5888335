import { createDice } from "./dice.ts";
import { type Domain, DOMAINS, WRITERS } from "./domains.ts";
import { type Split, splitOfDocument, SPLITS } from "./split.ts";

/** Which of the documents of a domain. */
export interface DocumentOptions {
  /** The part of the text it belongs to. */
  readonly split: Split;
  /** An integer from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Its number, an integer from 0 to 2^53 - 1. */
  readonly index: number;
}

/**
 * Generates one document; no other has to be generated before it.
 *
 * Documents are drawn until the hash of one selects the split, so that no text is in two splits,
 * whatever the seeds.
 *
 * @example The same numbers, the same text
 * ```ts
 * import { generateDocument } from "./generate_document.ts";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 *
 * const story = generateDocument("stories", { split: "train", seed: 1, index: 7 });
 * assertEquals(generateDocument("stories", { split: "train", seed: 1, index: 7 }), story);
 * assertNotEquals(generateDocument("stories", { split: "train", seed: 1, index: 8 }), story);
 * ```
 *
 * @param domain The kind of text.
 * @param options Which document.
 * @returns The text, without a newline at its end.
 */
export function generateDocument(domain: Domain, { split, seed, index }: DocumentOptions): string {
  const stream = DOMAINS.indexOf(domain) * SPLITS.length + SPLITS.indexOf(split);
  for (let attempt = 0;; attempt++) {
    const dice = createDice({ seed, index, salt: attempt * 16 + stream });
    const document = WRITERS[domain](dice, split);
    if (splitOfDocument(document) === split) return document;
  }
}

/**
 * Generates the documents of a split, 0, 1, 2, … without end.
 *
 * @param domain The kind of text.
 * @param split The part of the text.
 * @param options The seed, and the first index.
 */
export function* documents(
  domain: Domain,
  split: Split,
  { seed, first = 0 }: { readonly seed: number; readonly first?: number },
): Generator<string, never, void> {
  for (let index = first;; index++) yield generateDocument(domain, { split, seed, index });
}
