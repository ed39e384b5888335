import type { Device } from "@pare/linalg";
import { checkOptions, type Checks, type Tensor } from "@pare/tensor";
import { BATCH_CHECKS, type BatchOptions, tokenCount } from "./batches.ts";
import { bindBlock } from "./block.ts";
import { objectWith } from "./checks.ts";
import { embed, type Tokens } from "./embed.ts";
import type { Model } from "./model.ts";
import { openDevice } from "./open_device.ts";
import { runWindows } from "./run_windows.ts";

/** Options of everything that goes through a model block by block. */
export interface ForwardOptions extends BatchOptions {
  /** Where to compute; a WebAssembly device of one's own by default. */
  device?: Device;
}

/** One rule per option of {@linkcode ForwardOptions}. */
export const FORWARD_CHECKS: Checks<ForwardOptions> = {
  ...BATCH_CHECKS,
  device: objectWith("a device", "upload", "download", "scope"),
};

/** What one block made of all windows. */
export interface BlockStep {
  /** The number of the block, from 0. */
  readonly index: number;
  /** What stood in front of it, `[tokens, hidden]` per window. */
  readonly inputs: readonly Tensor[];
  /** What stands behind it. */
  readonly outputs: readonly Tensor[];
}

/**
 * Pushes windows of tokens through a model one block at a time: no more than one block's weights
 * are held at once, and the residual streams of all windows on the host.
 *
 * @param model The model.
 * @param windows Windows of tokens, of any lengths.
 * @param options A device, batches, progress.
 * @returns What every block got and made, in their order.
 * @throws {RangeError} If a window is empty or too long, a token unknown, or a block's output not
 * finite.
 */
export async function* forwardBlocks(
  model: Model,
  windows: readonly Tokens[],
  options: ForwardOptions = {},
): AsyncGenerator<BlockStep, void, void> {
  checkOptions(`Cannot run ${model.name}`, options, FORWARD_CHECKS);
  const { batchTokens, signal, onProgress } = options;
  using device = await openDevice(options.device);
  let inputs = await embed(model, windows);
  const tokens = tokenCount(inputs);
  const total = tokens * model.config.layers;
  for (let index = 0; index < model.config.layers; index++) {
    signal?.throwIfAborted();
    using block = await bindBlock(model, index, device);
    const outputs = await runWindows(block, inputs, {
      batchTokens,
      signal,
      onProgress: ({ done }) => onProgress?.({ done: index * tokens + done, total }),
    });
    yield { index, inputs, outputs };
    inputs = outputs;
  }
}
