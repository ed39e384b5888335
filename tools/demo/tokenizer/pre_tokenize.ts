/** Every digit alone, and what stands between digits. */
const DIGITS = /\d|[^\d]+/g;

/** The words of GPT-2, each with the space before it (github.com/openai/gpt-2, src/encoder.py). */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/**
 * Cuts a text into the words that no token reaches across: digits one by one, then as GPT-2 does.
 *
 * @param text The text.
 * @returns Its words; joined they are the text.
 */
export function preTokenize(text: string): string[] {
  return (text.match(DIGITS) ?? []).flatMap((part) => part.match(WORDS) ?? []);
}
