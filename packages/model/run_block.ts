import type { Device, DeviceArray } from "@pare/linalg";
import type { InputGroup, VectorRole } from "./architecture.ts";
import type { BoundBlock } from "./block.ts";
import type { LinearRole } from "./config.ts";
import type { KvCache } from "./kv_cache.ts";
import type { BoundPositions } from "./rotary.ts";

/** Sees the input `[batch, tokens, width]` of a group of linear layers before they run. */
export type InputObserver = (group: InputGroup, x: DeviceArray) => void | Promise<void>;

/** Options of {@linkcode runBlock}. */
export interface RunBlockOptions {
  /** Whose the result is; the block's own device by default. */
  device?: Device;
  /** The keys and values of earlier tokens, to which the new ones are added. */
  cache?: KvCache;
  /** Called four times, with the input of each group; the array is freed afterwards. */
  onInput?: InputObserver;
}

/**
 * Runs one block: attention and MLP, each on a normalized input and added to what came in.
 *
 * @param block The block.
 * @param hidden The residual stream `[batch, tokens, hidden]`.
 * @param positions Where the tokens stand.
 * @param options A cache, an observer.
 * @returns The residual stream behind the block, of the same shape; the caller frees it.
 * @throws {ShapeError} If the shape does not fit the block.
 */
export async function runBlock(
  block: BoundBlock,
  hidden: DeviceArray,
  positions: BoundPositions,
  options: RunBlockOptions = {},
): Promise<DeviceArray> {
  const device = options.device ?? block.device;
  using middle = await attend(block, hidden, positions, device, options);
  return await feedForward(block, middle, device, options);
}

async function attend(
  block: BoundBlock,
  hidden: DeviceArray,
  positions: BoundPositions,
  device: Device,
  { cache, onInput }: RunBlockOptions,
): Promise<DeviceArray> {
  const { heads, kvHeads, slidingWindow } = block.config;
  const { cos, sin, rows } = positions;
  using scope = device.scope();
  const x = normalize(block, "attentionNorm", hidden, scope);
  await onInput?.("attention", x);
  const q = normalize(block, "qNorm", apply(block, "q", x, scope), scope);
  const k = normalize(block, "kNorm", apply(block, "k", x, scope), scope);
  const v = apply(block, "v", x, scope);
  const turnedQ = scope.rotary(q, cos, sin, rows);
  const turnedK = scope.rotary(k, cos, sin, rows);
  const attention = { heads, kvHeads, window: slidingWindow ?? undefined };
  const attended = cache
    ? await cache.attend(block.index, turnedQ, turnedK, v, attention, scope)
    : scope.attention(turnedQ, turnedK, v, attention);
  await onInput?.("o", attended);
  return scope.keep(scope.add(hidden, apply(block, "o", attended, scope)));
}

async function feedForward(
  block: BoundBlock,
  hidden: DeviceArray,
  device: Device,
  { onInput }: RunBlockOptions,
): Promise<DeviceArray> {
  using scope = device.scope();
  const x = normalize(block, "mlpNorm", hidden, scope);
  await onInput?.("mlp", x);
  const inner = gated(block, x, scope);
  await onInput?.("down", inner);
  return scope.keep(scope.add(hidden, apply(block, "down", inner, scope)));
}

/** silu(gate x) · up x; these are the widest arrays of all, and no more than three at once. */
function gated(block: BoundBlock, x: DeviceArray, device: Device): DeviceArray {
  using opened = activated(block, x, device);
  using up = apply(block, "up", x, device);
  return device.multiply(opened, up);
}

function activated(block: BoundBlock, x: DeviceArray, device: Device): DeviceArray {
  using gate = apply(block, "gate", x, device);
  return device.activate(gate, "silu");
}

/** The norm of a role; `x` itself where the family has none. */
function normalize(
  { config, vectors }: BoundBlock,
  role: VectorRole,
  x: DeviceArray,
  device: Device,
): DeviceArray {
  const gain = vectors[role];
  return gain ? device.rmsNorm(x, gain, config.normEpsilon) : x;
}

/** The linear layer of a role, and its bias where there is one. */
function apply(
  { linears, vectors }: BoundBlock,
  role: LinearRole,
  x: DeviceArray,
  device: Device,
): DeviceArray {
  const y = linears[role].apply(x, device);
  const bias = vectors[`${role}Bias`];
  if (!bias) return y;
  using plain = y;
  return device.add(plain, bias);
}
