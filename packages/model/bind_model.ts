import type { Device, DeviceArray } from "@pare/linalg";
import type { Operator } from "@pare/operators";
import { uploadBatch } from "./batches.ts";
import { bindBlock, type BoundBlock } from "./block.ts";
import type { ModelConfig } from "./config.ts";
import { checkWindows, embedTokens, type Tokens } from "./embed.ts";
import { bindHead, type BoundHead } from "./head.ts";
import type { KvCache } from "./kv_cache.ts";
import { topLevel } from "./layout.ts";
import type { Model } from "./model.ts";
import { bindPositions } from "./rotary.ts";
import { runBlock } from "./run_block.ts";

/** A whole model on a device. */
export interface BoundModel extends Disposable {
  /** How error messages name it. */
  readonly name: string;
  /** Widths, counts and constants. */
  readonly config: ModelConfig;
  /** Where it is. */
  readonly device: Device;
  /** The embedding, on the host. */
  readonly embedding: Operator;
  /** All blocks, in their order. */
  readonly blocks: readonly BoundBlock[];
  /** The last norm and the head. */
  readonly head: BoundHead;
}

/** Options of {@linkcode runModel}. */
export interface RunModelOptions {
  /** Whose the result is; the model's own device by default. */
  device?: Device;
  /** The keys and values of earlier tokens, to which the new ones are added. */
  cache?: KvCache;
}

/**
 * Loads a whole model and uploads it.
 *
 * @param model The model.
 * @param device Where to.
 * @returns The model on the device; the caller frees it.
 */
export async function bindModel(model: Model, device: Device): Promise<BoundModel> {
  const { name, config } = model;
  const scope = device.scope();
  try {
    const embedding = await model.linear(topLevel(config).embedding.name);
    const blocks: BoundBlock[] = [];
    for (let i = 0; i < config.layers; i++) blocks.push(await bindBlock(model, i, scope));
    const head = await bindHead(model, scope);
    return {
      name,
      config,
      device,
      embedding,
      blocks,
      head,
      [Symbol.dispose]: () => {
        for (const part of [...blocks, head]) part[Symbol.dispose]();
        scope[Symbol.dispose]();
      },
    };
  } catch (error) {
    scope[Symbol.dispose]();
    throw error;
  }
}

/**
 * Runs all blocks of a model on windows of one length.
 *
 * @param model The model on a device.
 * @param windows Windows of tokens; those after what the cache holds, if there is one.
 * @param options A cache.
 * @returns The residual stream behind the last block, `[windows, tokens, hidden]`, for
 * `model.head.logits`; the caller frees it.
 * @throws {RangeError} If there are no windows, they differ in length, are empty or too long, or a
 * token is unknown.
 */
export async function runModel(
  model: BoundModel,
  windows: readonly Tokens[],
  options: RunModelOptions = {},
): Promise<DeviceArray> {
  const { name, config, embedding, blocks } = model;
  const { cache, device = model.device } = options;
  checkWindows(name, windows);
  const tokens = windows[0].length;
  const embedded = windows.map((window) => embedTokens(config, embedding, window));
  using scope = device.scope();
  const positions = bindPositions(config, scope, tokens, { start: cache?.length });
  let hidden = uploadBatch(scope, embedded);
  for (const block of blocks) {
    using before = hidden;
    hidden = await runBlock(block, before, positions, { device: scope, cache });
  }
  cache?.advance(tokens);
  return scope.keep(hidden);
}
