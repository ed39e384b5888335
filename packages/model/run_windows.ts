import { checkOptions, type Tensor } from "@pare/tensor";
import {
  BATCH_CHECKS,
  batchesOf,
  type BatchOptions,
  downloadBatch,
  tokenCount,
  uploadBatch,
} from "./batches.ts";
import type { BoundBlock } from "./block.ts";
import { checkFinite } from "./checks.ts";
import { bindPositions } from "./rotary.ts";
import { type InputObserver, runBlock } from "./run_block.ts";

/**
 * Runs one block on the residual streams of many windows, batch by batch.
 *
 * @param block The block.
 * @param hidden What stands in front of the block, `[tokens, hidden]` per window, of any lengths;
 * every window begins at position 0.
 * @param options How many tokens at once.
 * @returns What stands behind the block, in the same order.
 * @throws {RangeError} If an output is not finite, or a window is longer than the context.
 */
export async function runWindows(
  block: BoundBlock,
  hidden: readonly Tensor[],
  options: BatchOptions = {},
): Promise<Tensor[]> {
  checkOptions(`Cannot run ${block.name}`, options, BATCH_CHECKS);
  return await runObserved(block, hidden, options);
}

/** Does the same, and shows the inputs of the linear layers. */
export async function runObserved(
  block: BoundBlock,
  hidden: readonly Tensor[],
  { batchTokens, signal, onProgress }: BatchOptions,
  onInput?: InputObserver,
): Promise<Tensor[]> {
  const outputs: Tensor[] = new Array(hidden.length);
  const total = tokenCount(hidden);
  let done = 0;
  for (const batch of batchesOf(hidden, batchTokens)) {
    signal?.throwIfAborted();
    using scope = block.device.scope();
    const x = uploadBatch(scope, batch.map((window) => hidden[window]));
    const positions = bindPositions(block.config, scope, x.shape[1]);
    const y = await runBlock(block, x, positions, { device: scope, onInput });
    for (const [i, output] of (await downloadBatch(scope, y)).entries()) {
      checkFinite(`Cannot run ${block.name}`, `the output for window ${batch[i]}`, output.data);
      outputs[batch[i]] = output;
    }
    done += x.shape[0] * x.shape[1];
    onProgress?.({ done, total });
  }
  return outputs;
}
