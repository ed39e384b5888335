import { type BoundModel, generate, type Tokenizer } from "@pare/model";

/** A text that the model went on with. */
export interface Continuation {
  /** What it was given. */
  readonly prompt: string;
  /** What it wrote. */
  readonly text: string;
}

/**
 * Continues a text with the likeliest token each time.
 *
 * @param model The model.
 * @param tokenizer Its tokenizer.
 * @param prompt The beginning of a document.
 * @param maxTokens How many tokens at most; the end of the document ends it too.
 * @returns The prompt and what came after it.
 */
export async function continueGreedily(
  model: BoundModel,
  tokenizer: Tokenizer,
  prompt: string,
  maxTokens: number,
): Promise<Continuation> {
  const tokens = await Array.fromAsync(generate(model, tokenizer.encode(prompt), { maxTokens }));
  return { prompt, text: tokenizer.decode(tokens) };
}
