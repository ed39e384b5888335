/**
 * Language models: configurations, the forward pass, generation, tokenizers and calibration.
 *
 * @module
 */

export * from "./tokenizer/check_tokenizer_fits.ts";
export * from "./tokenizer/convert_gpt2.ts";
export * from "./tokenizer/convert_llama2c_tokenizer.ts";
export * from "./tokenizer/convert_sentence_piece.ts";
export type { ConvertedTokenizer } from "./tokenizer/convert_pieces.ts";
export * from "./tokenizer/create_decoder.ts";
export * from "./tokenizer/open_tokenizer.ts";
export * from "./tokenizer/split_documents.ts";
export * from "./tokenizer/tokenizer.ts";
