import { gatherRows, type Operator } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import type { ModelConfig } from "./config.ts";
import { topLevel } from "./layout.ts";
import type { Model } from "./model.ts";

/** The ids of consecutive tokens. */
export type Tokens = ArrayLike<number>;

/**
 * Looks up the embeddings of windows of tokens: the residual stream in front of the first block.
 *
 * @param model The model; its embedding is loaded once.
 * @param windows Windows of tokens, of any lengths.
 * @returns One tensor `[tokens, hidden]` per window.
 * @throws {RangeError} If a window is empty or longer than the context, or a token unknown.
 */
export async function embed(model: Model, windows: readonly Tokens[]): Promise<Tensor[]> {
  const ids = windows.map((window) => checkTokens(model.config, window));
  const embedding = await model.linear(topLevel(model.config).embedding.name);
  return ids.map((window) => gatherRows(embedding, window));
}

/** Looks up tokens in an embedding that is already loaded. */
export function embedTokens(config: ModelConfig, embedding: Operator, tokens: Tokens): Tensor {
  return gatherRows(embedding, checkTokens(config, tokens));
}

/** The ids of a window, after a check of its length and of each of them. */
export function checkTokens(config: ModelConfig, tokens: Tokens): Uint32Array<ArrayBuffer> {
  const { vocabularySize, maxPositions } = config;
  if (tokens.length < 1 || tokens.length > maxPositions) {
    throw new RangeError(
      `Cannot run a window as it must have from 1 to ${maxPositions} tokens: ` +
        `current length is ${tokens.length}`,
    );
  }
  for (let i = 0; i < tokens.length; i++) {
    const id = tokens[i];
    if (!Number.isInteger(id) || id < 0 || id >= vocabularySize) {
      throw new RangeError(
        `Cannot run a window as tokens must be integers from 0 to ${vocabularySize - 1}: ` +
          `token ${i} is ${id}`,
      );
    }
  }
  return Uint32Array.from(tokens);
}

/** Throws unless there are windows and all have one length. */
export function checkWindows(name: string, windows: readonly Tokens[]): void {
  if (windows.length === 0) {
    throw new RangeError(`Cannot run ${name} as windows must be 1 or more: current count is 0`);
  }
  const tokens = windows[0].length;
  const other = windows.find((window) => window.length !== tokens);
  if (other) {
    throw new RangeError(
      `Cannot run ${name} as windows must all be ${tokens} tokens long: ` +
        `current length of one is ${other.length}`,
    );
  }
}
