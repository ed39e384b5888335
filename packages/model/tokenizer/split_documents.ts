/**
 * Splits a text into its documents: what stands between separators, without the newlines at both
 * ends; empty ones are left out.
 *
 * @example Two stories
 * ```ts
 * import { splitDocuments } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const text = "Once.\n<|endoftext|>\n\n<|endoftext|>\nTwice.\nThe end.\n";
 * assertEquals(splitDocuments(text, "<|endoftext|>"), ["Once.", "Twice.\nThe end."]);
 * ```
 *
 * @param text The text.
 * @param separator What stands between two documents, as `<|endoftext|>`.
 * @returns The documents in their order.
 * @throws {RangeError} If the separator is empty.
 */
export function splitDocuments(text: string, separator: string): string[] {
  if (separator === "") {
    throw new RangeError(
      `Cannot split text as separator must have one character or more: current separator is ""`,
    );
  }
  return text.split(separator)
    .map((document) => document.replace(/^[\r\n]+/, "").replace(/(?<![\r\n])[\r\n]+$/, ""))
    .filter((document) => document !== "");
}
