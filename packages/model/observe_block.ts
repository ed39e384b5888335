import type { Device, DeviceArray } from "@pare/linalg";
import { checkOptions, type Checks, integer, oneOf, type Tensor } from "@pare/tensor";
import { INPUT_GROUPS, type InputGroup } from "./architecture.ts";
import { BATCH_CHECKS, type BatchOptions } from "./batches.ts";
import type { BoundBlock } from "./block.ts";
import {
  type ChannelStatistics,
  createAccumulator,
  type GramStatistics,
} from "./input_statistics.ts";
import { linearsOfBlock } from "./layout.ts";
import { runObserved } from "./run_windows.ts";

/** One of each for the four inputs of a block. */
export type PerInput<T> = Readonly<Record<InputGroup, T>>;

/** What a block's linear layers saw, and what came out of the block. */
export interface BlockObservation<S extends ChannelStatistics> {
  /** What each group of linear layers saw. */
  readonly statistics: PerInput<S>;
  /** What stands behind the block, per window. */
  readonly outputs: Tensor[];
}

/** Options of {@linkcode observeBlock}. */
export interface ObserveOptions extends BatchOptions {
  /**
   * Whether to gather Gram matrices, or sums per channel alone.
   *
   * @default {"gram"}
   */
  needs?: "gram" | "channels";
  /**
   * How many tokens at the beginning of each window are not counted: some models put activations
   * on the first one that dwarf all others.
   *
   * @default {0}
   */
  skipFirstTokens?: number;
}

/** One rule per option of {@linkcode observeBlock}. */
export const OBSERVE_CHECKS: Checks<ObserveOptions> = {
  ...BATCH_CHECKS,
  needs: oneOf("gram", "channels"),
  skipFirstTokens: integer(0),
};

/**
 * Runs one block on many windows and gathers statistics of what its linear layers read.
 *
 * Compress the block's layers with the statistics, then go on to the next block with `outputs`, or
 * with those of the compressed block by `runWindows`.
 *
 * @param block The block.
 * @param hidden What stands in front of the block, `[tokens, hidden]` per window.
 * @param options What to gather.
 * @returns Statistics per group of linear layers, and what stands behind the block.
 * @throws {RangeError} If an input is not finite (the message names the layer), or no token is
 * counted.
 */
export function observeBlock(
  block: BoundBlock,
  hidden: readonly Tensor[],
  options: ObserveOptions & { needs: "channels" },
): Promise<BlockObservation<ChannelStatistics>>;
/** Runs one block on many windows and gathers Gram matrices too. */
export function observeBlock(
  block: BoundBlock,
  hidden: readonly Tensor[],
  options?: ObserveOptions & { needs?: "gram" },
): Promise<BlockObservation<GramStatistics>>;
/** Runs one block on many windows and gathers what `options.needs` says. */
export function observeBlock(
  block: BoundBlock,
  hidden: readonly Tensor[],
  options?: ObserveOptions,
): Promise<BlockObservation<ChannelStatistics>>;
export async function observeBlock(
  block: BoundBlock,
  hidden: readonly Tensor[],
  options: ObserveOptions = {},
): Promise<BlockObservation<ChannelStatistics>> {
  const action = `Cannot calibrate ${block.name}`;
  checkOptions(action, options, OBSERVE_CHECKS);
  const { needs = "gram", skipFirstTokens = 0 } = options;
  if (!hidden.some(({ shape }) => shape[0] > skipFirstTokens)) {
    throw new RangeError(
      `${action} as a window must have more tokens than skipFirstTokens of ${skipFirstTokens}: ` +
        `current windows are ${hidden.length}, none longer`,
    );
  }
  using scope = block.device.scope();
  const accumulatorOf = (group: InputGroup) => {
    const readers = linearsOfBlock(block.config, block.index).filter(({ input }) =>
      input === group
    );
    const names = readers.map(({ name }) => name).join(", ");
    const [{ shape: [, channels] }] = readers;
    return createAccumulator(`Cannot calibrate ${names}`, channels, scope, needs === "gram");
  };
  const seen = {
    attention: accumulatorOf("attention"),
    o: accumulatorOf("o"),
    mlp: accumulatorOf("mlp"),
    down: accumulatorOf("down"),
  };
  const outputs = await runObserved(block, hidden, options, async (group, x) => {
    using rest = scope.scope();
    const counted = withoutFirst(rest, x, skipFirstTokens);
    if (counted) await seen[group].add(counted, rest);
  });
  const statistics: Partial<Record<InputGroup, ChannelStatistics>> = {};
  for (const group of INPUT_GROUPS) statistics[group] = await seen[group].finish();
  return { statistics: statistics as PerInput<ChannelStatistics>, outputs };
}

/** The tokens that count, of all windows: `[batch · tokens, n]`; `null` if there is none. */
function withoutFirst(device: Device, x: DeviceArray, skip: number): DeviceArray | null {
  const [batch, tokens, n] = x.shape;
  if (tokens <= skip) return null;
  if (!skip) return device.reshape(x, [batch * tokens, n]);
  const rows = device.reshape(x, [batch, tokens * n]);
  return device.reshape(device.slice(rows, { col: skip * n }), [batch * (tokens - skip), n]);
}
