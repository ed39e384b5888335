// Documents to windows of tokens.

import { sampleWindows, type Tokenizer, windowsOf } from "@pare/model";

/**
 * Joins documents to one run of tokens.
 *
 * @param documents The texts; each is encoded with the tokens that begin a text.
 * @param tokenizer The tokenizer.
 * @returns The tokens of all.
 */
export function joinDocuments(documents: readonly string[], tokenizer: Tokenizer): Uint32Array {
  const encoded = documents.map((document) => tokenizer.encode(document));
  const tokens = new Uint32Array(encoded.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of encoded) {
    tokens.set(part, end);
    end += part.length;
  }
  return tokens;
}

/**
 * Joins documents to one run of tokens and cuts it into windows of one length; the rest is left out.
 *
 * @param documents The texts; each is encoded with the tokens that begin a text.
 * @param tokenizer The tokenizer.
 * @param length Tokens in a window.
 * @returns The windows.
 */
export function packDocuments(
  documents: readonly string[],
  tokenizer: Tokenizer,
  length: number,
): Uint32Array[] {
  return windowsOf(joinDocuments(documents, tokenizer), length);
}

/** How many windows a text is sampled for where nobody says. */
const DEFAULT_WINDOWS = 128;

/**
 * Samples windows of one length from documents joined to one run of tokens.
 *
 * A text that is too short for the windows asked for is refused, as whoever names a number counts
 * on it; without one it may be any text of at least one window.
 *
 * @param documents The texts; each is encoded with the tokens that begin a text.
 * @param tokenizer The tokenizer.
 * @param length Tokens in a window.
 * @param count How many windows; `null` for 128, or all there are where the text has fewer.
 * @param seed Which windows.
 * @returns The windows.
 * @throws {RangeError} If the text has not as many windows, or not one.
 */
export function sampleDocuments(
  documents: readonly string[],
  tokenizer: Tokenizer,
  length: number,
  count: number | null,
  seed: number,
): Uint32Array[] {
  const tokens = joinDocuments(documents, tokenizer);
  const all = Math.max(1, Math.floor(tokens.length / length));
  return sampleWindows(tokens, length, count ?? Math.min(DEFAULT_WINDOWS, all), { seed });
}

/**
 * Makes one window of each document, cut at the longest context.
 *
 * @param documents The texts.
 * @param tokenizer The tokenizer.
 * @param length The most tokens in a window.
 * @returns The windows; documents of less than two tokens are left out.
 */
export function windowPerDocument(
  documents: readonly string[],
  tokenizer: Tokenizer,
  length: number,
): Uint32Array[] {
  return documents.map((document) => tokenizer.encode(document).subarray(0, length))
    .filter((window) => window.length >= 2);
}
