import type { Tokenizer } from "./tokenizer.ts";

/** What {@linkcode createDecoder} may be told. */
export interface DecoderOptions {
  /**
   * The tokens before the first, which were shown already (a prompt). With them, the first word
   * keeps the space in front of it.
   *
   * @default {[]}
   */
  readonly after?: ArrayLike<number>;
}

/** Turns tokens into text while they are generated. */
export interface StreamDecoder {
  /** Takes one token and returns the text that is certain by now, often `""`. */
  push(token: number): string;
  /** Returns what is held back: half a character shows as U+FFFD. */
  flush(): string;
}

/** What half a character decodes to. */
const REPLACEMENT = "\uFFFD";

/**
 * Creates a decoder for tokens that arrive one at a time: it emits only whole characters, joins
 * the bytes of a character that came as several tokens, and keeps the spaces between words.
 *
 * What is pushed and flushed adds up to what {@linkcode Tokenizer.decode} makes of all tokens at
 * once, less the text of `after`.
 *
 * @example Two halves of an é
 * ```ts
 * import { convertGpt2, createDecoder, openTokenizer } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = openTokenizer(convertGpt2({ "Ã": 0, "©": 1, "!": 2 }, ""));
 * const decoder = createDecoder(tokenizer);
 * assertEquals([0, 1, 2].map((token) => decoder.push(token)), ["", "é", "!"]);
 * ```
 *
 * @param tokenizer Whose tokens they are.
 * @param options What was shown before.
 * @returns The decoder, which keeps the state of one stream.
 */
export function createDecoder(
  tokenizer: Pick<Tokenizer, "decode">,
  options: DecoderOptions = {},
): StreamDecoder {
  // A token decodes differently as the first of a text (a space in front is dropped), so it is
  // decoded behind those that came before: only those since the last two points where the text
  // was whole, as every other token would be decoded again for each new one.
  let window = Array.from(options.after ?? []);
  let text = tokenizer.decode(window);
  let shown = certainLength(text);
  let lastWhole = shown === text.length ? window.length : 0;

  return {
    push(token) {
      window.push(token);
      text = tokenizer.decode(window);
      const length = certainLength(text);
      const emitted = text.slice(shown, length);
      shown = Math.max(shown, length);
      if (emitted !== "" && length === text.length) {
        window = window.slice(lastWhole);
        lastWhole = window.length;
        text = tokenizer.decode(window);
        shown = text.length;
      }
      return emitted;
    },
    flush() {
      const emitted = text.slice(shown);
      shown = text.length;
      return emitted;
    },
  };
}

/** Counts what later tokens cannot change: all but a replacement character at the end. */
function certainLength(text: string): number {
  return text.endsWith(REPLACEMENT) ? text.length - 1 : text.length;
}
