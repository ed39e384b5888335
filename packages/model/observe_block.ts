// What calibration keeps of the input X `[tokens, n]` of the linear layers of one block:
//
//   Σ |x|   max |x|   Σ x²   per channel, and, where asked for, the Gram matrix Σ x xᵀ
//
// Layers that read the same input share one. Sums over a batch are the device's, sums over batches
// are f64. Cost: tokens · n² multiply-adds for the Gram matrix; without it nothing beside the run.

import { type Device, type DeviceArray, downloadF32, downloadF64 } from "@pare/linalg";
import type { Statistics } from "@pare/operators";
import {
  checkOptions,
  type Checks,
  integer,
  oneOf,
  sizeOf,
  type Tensor,
  tensor,
} from "@pare/tensor";
import { INPUT_GROUPS, type InputGroup, linearsOfBlock } from "./architecture.ts";
import { BATCH_CHECKS, type BatchOptions } from "./batches.ts";
import type { BoundBlock } from "./block.ts";
import { checkFinite } from "./checks.ts";
import type { ModelConfig } from "./config.ts";
import { runObserved } from "./run_windows.ts";

/** What calibration saw channel by channel. */
export interface ChannelStatistics extends Omit<Statistics, "gram"> {
  /** Σ x² per channel, `[n]`: the diagonal of the Gram matrix. */
  readonly squareSum: Tensor<"f64">;
}

/** What calibration saw, the Gram matrix included. */
export interface GramStatistics extends ChannelStatistics, Statistics {}

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
  const seen = createAccumulators(block, scope, needs === "gram");
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

interface Accumulator {
  /** Adds the tokens of a matrix `[tokens, n]`. */
  add(x: DeviceArray, device: Device): Promise<void>;
  finish(): Promise<ChannelStatistics>;
}

function createAccumulators(
  { config, index }: BoundBlock,
  device: Device,
  hasGram: boolean,
): Record<InputGroup, Accumulator> {
  const of = (group: InputGroup) => createAccumulator(config, index, group, device, hasGram);
  return { attention: of("attention"), o: of("o"), mlp: of("mlp"), down: of("down") };
}

function createAccumulator(
  config: ModelConfig,
  index: number,
  group: InputGroup,
  device: Device,
  hasGram: boolean,
): Accumulator {
  const readers = linearsOfBlock(config, index).filter(({ input }) => input === group);
  const [{ shape: [, n] }] = readers;
  const action = `Cannot calibrate ${readers.map(({ name }) => name).join(", ")}`;
  const absSum = new Float64Array(n);
  const maxAbs = new Float64Array(n);
  const squareSum = new Float64Array(n);
  const gram = hasGram ? device.zeros([n, n], "f64") : null;
  let tokens = 0;
  return {
    add: async (x, scope) => {
      const { data: sums } = await downloadF32(scope, scope.reduceCols(x, "absSum"));
      checkFinite(action, "the input, summed by channel,", sums);
      const { data: largest } = await downloadF32(scope, scope.reduceCols(x, "absMax"));
      const { data: squares } = await downloadF32(scope, scope.reduceCols(x, "squareSum"));
      if (gram) scope.gram(x, gram);
      for (let i = 0; i < n; i++) {
        absSum[i] += sums[i];
        maxAbs[i] = Math.max(maxAbs[i], largest[i]);
        squareSum[i] += squares[i];
      }
      tokens += sizeOf(x.shape) / n;
    },
    finish: async () => {
      const channels: ChannelStatistics = {
        tokens,
        meanAbs: tensor(absSum.map((sum) => sum / tokens), [n]),
        maxAbs: tensor(maxAbs, [n]),
        squareSum: tensor(squareSum, [n]),
      };
      if (!gram) return channels;
      const full: GramStatistics = {
        ...channels,
        gram: symmetrized(await downloadF64(device, gram)),
      };
      return full;
    },
  };
}

/** (G + Gᵀ) / 2, for a device that sums the two triangles in different orders. */
function symmetrized({ shape, data }: Tensor<"f64">): Tensor<"f64"> {
  const [n] = shape;
  const out = new Float64Array(data.length);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) out[i * n + j] = (data[i * n + j] + data[j * n + i]) / 2;
  }
  return tensor(out, shape);
}
