// GPT-2's `vocab.json` and `merges.txt`: byte-level BPE (github.com/openai/gpt-2, src/encoder.py).

import { FormatError } from "@pare/tensor";
import type { ConvertedTokenizer } from "./convert_pieces.ts";
import { describe, isRecord } from "./describe.ts";

const ACTION = "Cannot convert the GPT-2 tokenizer";
const END_OF_TEXT = "<|endoftext|>";

/**
 * Converts GPT-2's `vocab.json` and `merges.txt` to the files of a Hugging Face folder.
 *
 * @example One merge
 * ```ts
 * import { convertGpt2, openTokenizer } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const files = convertGpt2({ a: 0, b: 1, ab: 2 }, "#version: 0.2\na b\n");
 * assertEquals(openTokenizer(files).encode("aab"), Uint32Array.of(0, 2));
 * ```
 *
 * @param vocabJson The parsed `vocab.json`: the id of every token.
 * @param mergesText `merges.txt`: two tokens a line, first the most urgent; a first line that
 * begins with `#version` is left out.
 * @returns `tokenizer.json` and `tokenizer_config.json`, for transformers as well. A token
 * `<|endoftext|>` begins and ends texts, but is put around none.
 * @throws {FormatError} If a file is broken, or a merge is made of or gives what is no token.
 */
export function convertGpt2(vocabJson: unknown, mergesText: string): ConvertedTokenizer {
  if (!isRecord(vocabJson)) {
    const problem = `must be an object: current value is ${describe(vocabJson)}`;
    throw new FormatError(ACTION, "vocab.json", problem);
  }
  for (const [text, id] of Object.entries(vocabJson)) {
    if (!Number.isSafeInteger(id) || (id as number) < 0) {
      const problem = `must be an integer of 0 or more: current value is ${describe(id)}`;
      throw new FormatError(ACTION, `id of ${describe(text)}`, problem);
    }
  }
  const ends = Object.hasOwn(vocabJson, END_OF_TEXT);
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
  return {
    tokenizerJson: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: !ends ? [] : [{
        id: vocabJson[END_OF_TEXT],
        content: END_OF_TEXT,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      }],
      normalizer: null,
      pre_tokenizer: { ...byteLevel, use_regex: true },
      post_processor: { ...byteLevel, trim_offsets: false, use_regex: true },
      decoder: { ...byteLevel, use_regex: true },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: vocabJson,
        merges: readMerges(vocabJson, mergesText),
      },
    },
    tokenizerConfig: {
      tokenizer_class: "PreTrainedTokenizerFast",
      clean_up_tokenization_spaces: false,
      ...(ends && { bos_token: END_OF_TEXT, eos_token: END_OF_TEXT, unk_token: END_OF_TEXT }),
    },
  };
}

function readMerges(vocab: Readonly<Record<string, unknown>>, text: string): string[][] {
  const lines = text.split(/\r?\n/);
  const merges: string[][] = [];
  for (const [i, line] of lines.entries()) {
    if (line === "" || (i === 0 && line.startsWith("#version"))) continue;
    const parts = line.split(" ");
    const fits = parts.length === 2 &&
      [...parts, parts.join("")].every((token) => Object.hasOwn(vocab, token));
    if (!fits) {
      const problem = `must be two tokens that join to one: current line is ${describe(line)}`;
      throw new FormatError(ACTION, `line ${i + 1} of merges.txt`, problem);
    }
    merges.push(parts);
  }
  return merges;
}
