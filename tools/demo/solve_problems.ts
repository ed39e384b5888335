import { type BoundModel, generate, type Tokenizer } from "@pare/model";
import type { KindAccuracy } from "./facts.ts";

/** A problem that has one answer. */
export interface Problem {
  /** The kind of problem. */
  readonly kind: string;
  /** The text up to the answer. */
  readonly prompt: string;
  /** What must come next. */
  readonly answer: string;
}

/**
 * Counts the problems that a model solves with the likeliest token each time.
 *
 * @param model The model.
 * @param tokenizer Its tokenizer.
 * @param problems The problems.
 * @returns How many were right, kind by kind in the order in which they occur.
 */
export async function solveProblems(
  model: BoundModel,
  tokenizer: Tokenizer,
  problems: readonly Problem[],
): Promise<KindAccuracy[]> {
  const kinds = new Map<string, KindAccuracy>();
  for (const problem of problems) {
    const { kind, prompt, answer } = problem;
    const { problems, right, example } = kinds.get(kind) ??
      { problems: 0, right: 0, example: prompt + answer };
    const isRight = await solves(model, tokenizer, problem);
    kinds.set(kind, { kind, example, problems: problems + 1, right: right + Number(isRight) });
  }
  return [...kinds.values()];
}

/** Tells whether the answer comes next, token by token as it would be cut in the whole text. */
async function solves(
  model: BoundModel,
  tokenizer: Tokenizer,
  { prompt, answer }: Problem,
): Promise<boolean> {
  const start = tokenizer.encode(prompt);
  const wanted = tokenizer.encode(prompt + answer).subarray(start.length);
  const options = { maxTokens: wanted.length };
  let at = 0;
  for await (const token of generate(model, start, options)) {
    if (token !== wanted[at++]) return false;
  }
  return at === wanted.length;
}
