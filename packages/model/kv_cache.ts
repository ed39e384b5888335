import type { AttentionOptions, Device, DeviceArray } from "@pare/linalg";
import { checkOptions, type Checks, integer } from "@pare/tensor";
import type { ModelConfig } from "./config.ts";
import { axisLength } from "./layout.ts";

/**
 * The keys and values of the tokens that a model has seen, so that only new ones are computed.
 *
 * A run hands every block's new keys and values to `attend`, then tells by `advance` that all
 * blocks have them.
 */
export interface KvCache extends Disposable {
  /** How many tokens all blocks hold. */
  readonly length: number;
  /**
   * Appends new keys and values in a block, and attends to all it then holds.
   *
   * @param index The number of the block.
   * @param q Queries `[batch, tokens, heads·headSize]`.
   * @param k Keys of the same tokens, `[batch, tokens, kvHeads·headSize]`.
   * @param v Values of the shape of `k`.
   * @param options Heads and window.
   * @param device Where the result goes.
   * @returns The shape of `q`.
   */
  attend(
    index: number,
    q: DeviceArray,
    k: DeviceArray,
    v: DeviceArray,
    options: AttentionOptions,
    device: Device,
  ): DeviceArray | Promise<DeviceArray>;
  /** Counts tokens that every block has been given. */
  advance(tokens: number): void;
}

/** Options of {@linkcode createKvCache}. */
export interface KvCacheOptions {
  /**
   * How many sequences run side by side.
   *
   * @default {1}
   */
  batch?: number;
  /**
   * How many tokens to make room for at first; it doubles when full.
   *
   * @default {256}
   */
  capacity?: number;
}

const CACHE_CHECKS: Checks<KvCacheOptions> = { batch: integer(1), capacity: integer(1) };

/** The keys and values of one block, each `[batch · capacity, kvHeads·headSize]`. */
interface Held {
  readonly capacity: number;
  readonly k: DeviceArray;
  readonly v: DeviceArray;
}

/**
 * Makes an empty cache that holds keys and values as they are, in f32.
 *
 * @param config The model's configuration.
 * @param device Where the cache lives.
 * @param options How many sequences and tokens to make room for.
 * @returns The cache; the caller frees it.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If an option is unknown.
 */
export function createKvCache(
  config: ModelConfig,
  device: Device,
  options: KvCacheOptions = {},
): KvCache {
  checkOptions("Cannot make a cache", options, CACHE_CHECKS);
  const { batch = 1, capacity: first = 256 } = options;
  const width = axisLength(config, "keyValue");
  const blocks = new Map<number, Held>();
  let length = 0;

  /** The block's room, doubled until `tokens` fit. */
  const roomFor = (index: number, tokens: number): Held => {
    const held = blocks.get(index);
    if (held && held.capacity >= tokens) return held;
    let capacity = Math.min(held?.capacity ?? first, config.maxPositions);
    while (capacity < tokens) capacity = Math.min(2 * capacity, config.maxPositions);
    const shape = [batch * capacity, width];
    const grown = { capacity, k: device.zeros(shape), v: device.zeros(shape) };
    if (held) {
      for (const [from, to] of [[held.k, grown.k], [held.v, grown.v]]) {
        append(device, to, capacity, from, held.capacity, 0, length, batch);
        from[Symbol.dispose]();
      }
    }
    blocks.set(index, grown);
    return grown;
  };

  return {
    get length() {
      return length;
    },
    attend: (index, q, k, v, attention, target) => {
      const tokens = k.shape[1];
      const total = length + tokens;
      if (k.shape[0] !== batch || total > config.maxPositions) {
        throw new RangeError(
          `Cannot append to the cache as it must hold ${batch} sequences of ` +
            `${config.maxPositions} tokens or fewer: current ones are ${k.shape[0]} of ${total}`,
        );
      }
      const held = roomFor(index, total);
      using scope = target.scope();
      const shape = [batch, held.capacity, width];
      for (const [from, to] of [[k, held.k], [v, held.v]]) {
        const rows = scope.reshape(from, [batch * tokens, width]);
        append(scope, to, held.capacity, rows, tokens, length, tokens, batch);
      }
      const attended = scope.attention(
        q,
        scope.reshape(held.k, shape),
        scope.reshape(held.v, shape),
        { ...attention, keyCount: total },
      );
      return scope.keep(attended);
    },
    advance: (tokens) => {
      length += tokens;
    },
    [Symbol.dispose]: () => {
      for (const { k, v } of blocks.values()) {
        k[Symbol.dispose]();
        v[Symbol.dispose]();
      }
      blocks.clear();
    },
  };
}

/** Copies the first `count` rows of every sequence in `from` to row `start` of those in `to`. */
function append(
  device: Device,
  to: DeviceArray,
  toRows: number,
  from: DeviceArray,
  fromRows: number,
  start: number,
  count: number,
  batch: number,
): void {
  for (let sequence = 0; sequence < batch; sequence++) {
    using rows = device.slice(from, { row: sequence * fromRows, rows: count });
    device.write(to, rows, sequence * toRows + start, 0);
  }
}
