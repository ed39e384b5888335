import { downloadF32 } from "@pare/linalg";
import { checkOptions, type Checks, integer, type Tensor, tensor } from "@pare/tensor";
import { tokenCount } from "./batches.ts";
import { checkFinite, integers } from "./checks.ts";
import type { Tokens } from "./embed.ts";
import { FORWARD_CHECKS, forwardBlocks, type ForwardOptions } from "./forward_blocks.ts";
import { bindHead } from "./head.ts";
import type { Model } from "./model.ts";
import { openDevice } from "./open_device.ts";

/** The most logits that are held at once, unless an option says how many rows: 64 MiB of f32. */
const MOST_LOGITS = 2 ** 24;

/** Options of {@linkcode logitsOf}. */
export interface LogitsOptions extends ForwardOptions {
  /**
   * How many tokens' logits to compute at once; a longer window comes in pieces.
   *
   * @default {2^24 / vocabularySize}
   */
  headTokens?: number;
  /** The first token of each window whose logits are wanted; 0 for all by default. */
  firstTokens?: readonly number[];
}

/** Logits of consecutive tokens of a window. */
export interface WindowLogits {
  /** The number of the window. */
  readonly window: number;
  /** The token in it that the first row is of. */
  readonly start: number;
  /** What may follow each token: `[tokens, vocabulary]`. */
  readonly logits: Tensor;
}

const LOGITS_CHECKS: Checks<LogitsOptions> = {
  ...FORWARD_CHECKS,
  headTokens: integer(1),
  firstTokens: integers(0),
};

/**
 * Computes the logits of windows of tokens, with one block's weights in memory at a time.
 *
 * A window's logits come in one piece, unless they are more than `headTokens` rows.
 *
 * @example Two windows of different lengths
 * ```ts
 * import { createReferenceDevice } from "@pare/linalg";
 * import { logitsOf, parseConfig, randomModel } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const model = randomModel(parseConfig({
 *   model_type: "llama", vocab_size: 8, hidden_size: 4, intermediate_size: 6,
 *   num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 16,
 * }, "tiny"));
 * using device = createReferenceDevice();
 * for await (const { window, logits } of logitsOf(model, [[1, 2, 3], [4, 5]], { device })) {
 *   assertEquals(logits.shape, [window === 0 ? 3 : 2, 8]);
 * }
 * ```
 *
 * @param model The model.
 * @param windows Windows of tokens, of any lengths.
 * @param options A device, batches, progress, which rows.
 * @returns Logits in the order of windows and tokens.
 * @throws {RangeError} If a window is empty or too long, a token unknown, or a result not finite.
 */
export async function* logitsOf(
  model: Model,
  windows: readonly Tokens[],
  options: LogitsOptions = {},
): AsyncGenerator<WindowLogits, void, void> {
  const action = `Cannot compute logits of ${model.name}`;
  checkOptions(action, options, LOGITS_CHECKS);
  const { vocabularySize, layers } = model.config;
  const { headTokens = Math.max(1, Math.floor(MOST_LOGITS / vocabularySize)) } = options;
  const { firstTokens = [], batchTokens, signal, onProgress } = options;
  using device = await openDevice(options.device);
  // The head counts as one more block.
  const stretch = (done: number, total: number) =>
    onProgress?.({ done, total: total / layers * (layers + 1) });
  let hidden: readonly Tensor[] = [];
  const blocks = forwardBlocks(model, windows, {
    device,
    batchTokens,
    signal,
    onProgress: ({ done, total }) => stretch(done, total),
  });
  for await (const { outputs } of blocks) hidden = outputs;
  using head = await bindHead(model, device);
  const tokens = tokenCount(hidden);
  let done = tokens * layers;
  for (const pieces of piecesOf(hidden, firstTokens, headTokens)) {
    signal?.throwIfAborted();
    using scope = device.scope();
    const rows = concatenated(pieces.map(({ rows }) => rows));
    const { data } = await downloadF32(scope, head.logits(scope.upload(rows), scope));
    checkFinite(action, "every logit", data);
    let offset = 0;
    for (const { window, start, rows: { shape: [count] } } of pieces) {
      const size = count * vocabularySize;
      const logits = tensor(data.subarray(offset, offset + size), [count, vocabularySize]);
      offset += size;
      yield { window, start, logits };
      done += count;
    }
    stretch(done, tokens * layers);
  }
}

/** Consecutive rows of a window's residual stream. */
interface Piece {
  readonly window: number;
  readonly start: number;
  readonly rows: Tensor;
}

/** Groups rows for the head, `most` at once; a window is cut only if it alone has more. */
function piecesOf(
  hidden: readonly Tensor[],
  firstTokens: readonly number[],
  most: number,
): Piece[][] {
  const groups: Piece[][] = [[]];
  let room = most;
  for (const [window, { shape: [tokens, width], data }] of hidden.entries()) {
    const first = Math.min(firstTokens[window] ?? 0, tokens);
    for (let start = first; start < tokens; start += most) {
      const end = Math.min(start + most, tokens);
      if (end - start > room) {
        groups.push([]);
        room = most;
      }
      room -= end - start;
      const rows = tensor(data.subarray(start * width, end * width), [end - start, width]);
      groups[groups.length - 1].push({ window, start, rows });
    }
  }
  return groups.filter((pieces) => pieces.length > 0);
}

/** One tensor of the rows of all. */
function concatenated(parts: readonly Tensor[]): Tensor {
  const [{ shape: [, width] }] = parts;
  const rows = tokenCount(parts);
  const data = new Float32Array(rows * width);
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return tensor(data, [rows, width]);
}
