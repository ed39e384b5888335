import { checkOptions, type Checks, integer, type Tensor } from "@pare/tensor";
import { type Progress, tokenCount } from "./batches.ts";
import { bindBlock } from "./block.ts";
import { embed, type Tokens } from "./embed.ts";
import { FORWARD_CHECKS, type ForwardOptions } from "./forward_blocks.ts";
import type { ChannelStatistics, GramStatistics } from "./input_statistics.ts";
import type { Model } from "./model.ts";
import {
  OBSERVE_CHECKS,
  observeBlock,
  type ObserveOptions,
  type PerInput,
} from "./observe_block.ts";
import { openDevice } from "./open_device.ts";
import { runWindows } from "./run_windows.ts";

/** Options of {@linkcode calibrate}. */
export interface CalibrateOptions extends ForwardOptions, ObserveOptions {
  /**
   * The first block that is wanted: windows only run through those before it.
   *
   * @default {0}
   */
  from?: number;
}

/** What the linear layers of one block saw. */
export interface BlockStatistics<S extends ChannelStatistics> {
  /** The number of the block, from 0. */
  readonly index: number;
  /** Statistics per group of linear layers that read the same input. */
  readonly statistics: PerInput<S>;
}

const CALIBRATE_CHECKS: Checks<CalibrateOptions> = {
  ...FORWARD_CHECKS,
  ...OBSERVE_CHECKS,
  from: integer(0),
};

/**
 * Gathers statistics of what every linear layer of a model reads, block by block: no more than one
 * block's weights and statistics are made at once.
 *
 * @example The Gram matrices of what each block's queries, keys and values are made of
 * ```ts
 * import { createReferenceDevice } from "@pare/linalg";
 * import { calibrate, parseConfig, randomModel } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const model = randomModel(parseConfig({
 *   model_type: "llama", vocab_size: 8, hidden_size: 4, intermediate_size: 6,
 *   num_hidden_layers: 2, num_attention_heads: 2, max_position_embeddings: 16,
 * }, "tiny"));
 * using device = createReferenceDevice();
 * for await (const { statistics } of calibrate(model, [[1, 2, 3], [4, 5, 6]], { device })) {
 *   assertEquals(statistics.attention.gram.shape, [4, 4]);
 *   assertEquals(statistics.attention.tokens, 6);
 * }
 * ```
 *
 * @param model The model.
 * @param windows Windows of tokens, as `sampleWindows` cuts them.
 * @param options What to gather, a device, progress.
 * @returns Statistics in the order of blocks.
 * @throws {RangeError} If a window is empty or too long, a token unknown, or an input not finite
 * (the message names the layer).
 */
export function calibrate(
  model: Model,
  windows: readonly Tokens[],
  options: CalibrateOptions & { needs: "channels" },
): AsyncGenerator<BlockStatistics<ChannelStatistics>, void, void>;
/** Gathers statistics of every linear layer's input, Gram matrices included. */
export function calibrate(
  model: Model,
  windows: readonly Tokens[],
  options?: CalibrateOptions & { needs?: "gram" },
): AsyncGenerator<BlockStatistics<GramStatistics>, void, void>;
export async function* calibrate(
  model: Model,
  windows: readonly Tokens[],
  options: CalibrateOptions = {},
): AsyncGenerator<BlockStatistics<ChannelStatistics>, void, void> {
  checkOptions(`Cannot calibrate ${model.name}`, options, CALIBRATE_CHECKS);
  const { device: target, onProgress, from = 0, ...observe } = options;
  using device = await openDevice(target);
  let hidden: readonly Tensor[] = await embed(model, windows);
  const tokens = tokenCount(hidden);
  const total = tokens * model.config.layers;
  for (let index = 0; index < model.config.layers; index++) {
    observe.signal?.throwIfAborted();
    using block = await bindBlock(model, index, device);
    const blockOptions = {
      ...observe,
      onProgress: ({ done }: Progress) => onProgress?.({ done: index * tokens + done, total }),
    };
    if (index < from) {
      const { batchTokens, signal, onProgress } = blockOptions;
      hidden = await runWindows(block, hidden, { batchTokens, signal, onProgress });
    } else {
      const { statistics, outputs } = await observeBlock(block, hidden, blockOptions);
      yield { index, statistics };
      hidden = outputs;
    }
  }
}
