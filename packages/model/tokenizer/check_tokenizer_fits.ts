import type { Tokenizer } from "./tokenizer.ts";

/**
 * Checks that a model has a row in its embedding for every token of a tokenizer.
 *
 * @example A tokenizer of another model
 * ```ts
 * import { checkTokenizerFits, convertGpt2, openTokenizer } from "@pare/model";
 * import { assertThrows } from "@std/assert";
 *
 * const tokenizer = openTokenizer(convertGpt2({ a: 0, b: 1, c: 2 }, ""));
 * checkTokenizerFits(tokenizer, 3);
 * assertThrows(
 *   () => checkTokenizerFits(tokenizer, 2),
 *   RangeError,
 *   "Cannot use the tokenizer as it must have token ids below the model's vocabulary of 2: current largest id is 2",
 * );
 * ```
 *
 * @param tokenizer The tokenizer.
 * @param vocabularySize The rows of the model's embedding; more than the tokenizer needs is fine.
 * @throws {RangeError} If the tokenizer has an id that the model does not know.
 */
export function checkTokenizerFits(
  tokenizer: Pick<Tokenizer, "vocabularySize">,
  vocabularySize: number,
): void {
  if (tokenizer.vocabularySize > vocabularySize) {
    throw new RangeError(
      `Cannot use the tokenizer as it must have token ids below the model's vocabulary of ${vocabularySize}: current largest id is ${
        tokenizer.vocabularySize - 1
      }`,
    );
  }
}
