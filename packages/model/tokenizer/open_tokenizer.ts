import {
  ByteFallbackDecoder,
  type Decoder,
  SequenceDecoder,
  Tokenizer as HuggingFaceTokenizer,
} from "@huggingface/tokenizers";
import { boolean, checkOptions, FormatError } from "@pare/tensor";
import { checkTokenizerJson, OPEN_ACTION } from "./check_tokenizer_json.ts";
import { describe, isRecord } from "./describe.ts";
import type { EncodeOptions, Tokenizer } from "./tokenizer.ts";

/** A tokenizer as it lies in a Hugging Face folder, parsed. */
export interface TokenizerFiles {
  /** `tokenizer.json`. */
  readonly tokenizerJson: unknown;
  /** `tokenizer_config.json`, which names the tokens that begin and end a text. */
  readonly tokenizerConfig?: unknown;
}

/**
 * Opens a tokenizer.
 *
 * The files are untrusted: what is broken is refused before anything is encoded. A regular
 * expression in them can still be slow on texts made for it.
 *
 * @example A vocabulary of four
 * ```ts
 * import { convertGpt2, openTokenizer } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const files = convertGpt2({ h: 0, i: 1, hi: 2, "!": 3 }, "h i");
 * const tokenizer = openTokenizer(files);
 * assertEquals(tokenizer.encode("hi!"), Uint32Array.of(2, 3));
 * assertEquals(tokenizer.decode([2, 3]), "hi!");
 * ```
 *
 * @param files The parsed files. Without `tokenizerConfig` no token begins or ends a text.
 * @returns The tokenizer; its `encode` throws a `RangeError` for a text with a character that has
 * no token, where the vocabulary has none for unknown ones either.
 * @throws {FormatError} If a file does not describe a tokenizer, or one that cannot be reproduced
 * here: a unigram model with byte fallback.
 */
export function openTokenizer(files: TokenizerFiles): Tokenizer {
  const { json, ids, vocabularySize } = checkTokenizerJson(files.tokenizerJson);
  const { tokenizerConfig: config = {} } = files;
  if (!isRecord(config)) {
    const problem = `must be an object: current value is ${describe(config)}`;
    throw new FormatError(OPEN_ACTION, "tokenizer_config.json", problem);
  }
  const idOf = (name: string): number | null => {
    const token = config[name];
    const text = isRecord(token) ? token.content : token;
    return typeof text === "string" ? ids.get(text) ?? null : null;
  };
  const eosTokenId = idOf("eos_token");
  const inner = build(json, config);

  return {
    vocabularySize,
    bosTokenId: idOf("bos_token"),
    eosTokenIds: eosTokenId === null ? [] : [eosTokenId],
    encode(text: string, options: EncodeOptions = {}): Uint32Array<ArrayBuffer> {
      checkOptions("Cannot encode text", options, { addSpecialTokens: boolean() });
      const { addSpecialTokens = true } = options;
      const { ids, tokens } = inner.encode(text.toWellFormed(), {
        add_special_tokens: addSpecialTokens,
      });
      const missing = ids.findIndex((id) => !Number.isInteger(id));
      if (missing >= 0) {
        throw new RangeError(
          `Cannot encode text as every token must be in the vocabulary: current token is ${
            describe(tokens[missing])
          }`,
        );
      }
      return Uint32Array.from(ids);
    },
    decode(tokens: ArrayLike<number>): string {
      const known = Array.from(tokens).filter((id) => inner.id_to_token(id) !== undefined);
      if (known.length === 0) return "";
      return inner.decode(known, {
        skip_special_tokens: true,
        clean_up_tokenization_spaces: false,
      });
    },
  };
}

/** Builds the tokenizer and tries it, as parts of the file are only read when a text is encoded. */
function build(
  json: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
): HuggingFaceTokenizer {
  try {
    const inner = new HuggingFaceTokenizer(json, config);
    keepByteOrderMarks(inner.decoder);
    inner.encode("a");
    inner.decode([0], { skip_special_tokens: true });
    return inner;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    const problem = `must describe a tokenizer that works: current problem is "${cause}"`;
    throw new FormatError(OPEN_ACTION, "tokenizer.json", problem);
  }
}

/** Bytes EF BB BF are the character U+FEFF, which the package drops where bytes begin with it. */
function keepByteOrderMarks(decoder: Decoder | null): void {
  if (decoder instanceof SequenceDecoder) decoder.decoders.forEach(keepByteOrderMarks);
  if (decoder instanceof ByteFallbackDecoder) {
    decoder.text_decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  }
}
