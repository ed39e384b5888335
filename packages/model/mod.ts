/**
 * Language models: configurations, architectures, the forward pass, streaming over blocks,
 * calibration statistics, text generation and tokenizers.
 *
 * A {@linkcode Model} is a configuration and weights that are read when asked for. What runs one
 * loads it block by block (`forwardBlocks`, `logitsOf`, `calibrate`) or as a whole (`bindModel`,
 * `generate`), with whatever operators its linear layers have.
 *
 * @example Which linear layers a model has, before any weight is read
 * ```ts
 * import { linearNames, parameterCount, parseConfig } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseConfig({
 *   model_type: "llama", vocab_size: 512, hidden_size: 64, intermediate_size: 172,
 *   num_hidden_layers: 5, num_attention_heads: 8, num_key_value_heads: 4,
 *   max_position_embeddings: 512, tie_word_embeddings: true,
 * }, "stories260K");
 * assertEquals(linearNames(config).length, 35);
 * assertEquals(parameterCount(config), 260_032);
 * ```
 *
 * @module
 */

export * from "./architecture.ts";
export { type BatchOptions, type Progress } from "./batches.ts";
export * from "./bind_model.ts";
export * from "./block.ts";
export * from "./calibrate.ts";
export * from "./config.ts";
export { type DenseModel } from "./dense_model.ts";
export { embed, type Tokens } from "./embed.ts";
export { type BlockStep, forwardBlocks, type ForwardOptions } from "./forward_blocks.ts";
export * from "./generate.ts";
export * from "./head.ts";
export { type ChannelStatistics, type GramStatistics } from "./input_statistics.ts";
export * from "./kv_cache.ts";
export * from "./layout.ts";
export * from "./logits_of.ts";
export * from "./model.ts";
export {
  type BlockObservation,
  observeBlock,
  type ObserveOptions,
  type PerInput,
} from "./observe_block.ts";
export * from "./open_model.ts";
export * from "./parse_config.ts";
export * from "./random_model.ts";
export * from "./rotary.ts";
export * from "./run_block.ts";
export { runWindows } from "./run_windows.ts";
export * from "./sample_token.ts";
export * from "./training_logits.ts";
export * from "./windows.ts";
export * from "./with_linears.ts";

export * from "./tokenizer/check_tokenizer_fits.ts";
export * from "./tokenizer/convert_gpt2.ts";
export * from "./tokenizer/convert_llama2c_tokenizer.ts";
export * from "./tokenizer/convert_sentence_piece.ts";
export type { ConvertedTokenizer } from "./tokenizer/convert_pieces.ts";
export * from "./tokenizer/create_decoder.ts";
export * from "./tokenizer/open_tokenizer.ts";
export * from "./tokenizer/split_documents.ts";
export * from "./tokenizer/tokenizer.ts";
