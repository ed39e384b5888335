import type { Bpe } from "./train_bpe.ts";

/** The parsed files of a tokenizer in a Hugging Face folder. */
export interface BpeTokenizerFiles {
  /** `tokenizer.json`. */
  readonly tokenizerJson: Readonly<Record<string, unknown>>;
  /** `tokenizer_config.json`. */
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
}

/**
 * Writes a vocabulary as the files of a Hugging Face folder.
 *
 * The first special token begins and ends texts and is put in front of each, so that texts encoded
 * one after another come out as the model was trained: `<|endoftext|>` before every document.
 *
 * @param bpe The vocabulary, with one special token at least.
 * @param options The longest text that the model reads, in tokens.
 * @returns The files, parsed.
 */
export function bpeTokenizerFiles(
  bpe: Bpe,
  { maxPositions }: { readonly maxPositions: number },
): BpeTokenizerFiles {
  const [end] = bpe.specialTokens;
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
  return {
    tokenizerJson: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: bpe.specialTokens.map((content, id) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          { type: "Digits", individual_digits: true },
          { ...byteLevel, use_regex: true },
        ],
      },
      post_processor: {
        type: "TemplateProcessing",
        single: [{ SpecialToken: { id: end, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
        pair: [
          { SpecialToken: { id: end, type_id: 0 } },
          { Sequence: { id: "A", type_id: 0 } },
          { SpecialToken: { id: end, type_id: 1 } },
          { Sequence: { id: "B", type_id: 1 } },
        ],
        special_tokens: { [end]: { id: end, ids: [0], tokens: [end] } },
      },
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
        vocab: Object.fromEntries(bpe.tokens.map((token, id) => [token, id])),
        merges: bpe.merges,
      },
    },
    tokenizerConfig: {
      tokenizer_class: "PreTrainedTokenizerFast",
      bos_token: end,
      eos_token: end,
      clean_up_tokenization_spaces: false,
      model_max_length: maxPositions,
    },
  };
}
