import type { WindowLogits } from "../logits_of.ts";
import type { Tokens } from "../embed.ts";

/** Σ -log p over the tokens that the rows predict, and how many those are; in f64. */
export function lossOf(
  { start, logits: { shape: [rows, width], data } }: WindowLogits,
  window: Tokens,
): { sum: number; tokens: number } {
  const tokens = Math.min(rows, window.length - 1 - start);
  let sum = 0;
  for (let i = 0; i < tokens; i++) {
    const row = data.subarray(i * width, (i + 1) * width);
    const max = row.reduce((a, b) => Math.max(a, b));
    const total = row.reduce((a, b) => a + Math.exp(b - max), 0);
    sum += Math.log(total) + max - row[window[start + i + 1]];
  }
  return { sum, tokens };
}
