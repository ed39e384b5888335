// Windows of tokens to train on. Window i depends on i alone, so that a run can go on at any step
// without a memory of the text before: its documents are those from i · 64 on, each with the token
// that begins it, until the window is full; the last one is cut.
//
// Every other window begins at a random token of its first document instead: texts are evaluated in
// windows that are cut anywhere.

import { createDice } from "./text/dice.ts";

/** How many documents a window has to itself; more than it can hold. */
const DOCUMENTS_PER_WINDOW = 64;

/** Tells this use of random numbers from all others of one seed. */
const SALT = 0x77696e64;

/** Where windows come from. */
export interface WindowSource {
  /** Which windows. */
  readonly seed: number;
  /** Tokens in a window. */
  readonly length: number;
  /** Documents as tokens, without end, from one of a number on. */
  documentsFrom(index: number): Iterable<Uint32Array>;
}

/**
 * Fills one window.
 *
 * @param source Its text.
 * @param index The number of the window, from 0.
 * @returns The tokens, one more than the length: each is predicted from those before.
 */
export function trainingWindow(source: WindowSource, index: number): Uint32Array<ArrayBuffer> {
  const window = new Uint32Array(source.length + 1);
  let end = 0;
  for (const document of source.documentsFrom(index * DOCUMENTS_PER_WINDOW)) {
    const start = end === 0 && index % 2 === 1
      ? createDice({ seed: source.seed, index, salt: SALT }).below(document.length)
      : 0;
    const part = document.subarray(start, start + window.length - end);
    window.set(part, end);
    end += part.length;
    if (end === window.length) return window;
  }
  throw new RangeError(
    `Cannot fill a window as documents must have ${window.length} tokens: current number is ${end}`,
  );
}
