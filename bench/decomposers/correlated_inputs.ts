import type { Statistics } from "@pare/operators";
import { tensor } from "@pare/tensor";

/** Statistics of inputs whose neighbours are correlated, and of which every hundredth is loud. */
export function correlatedInputs(n: number): Statistics {
  const tokens = 2 * n;
  const loudness = (channel: number) => channel % 100 === 50 ? 20 : 1;
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      gram[i * n + j] = tokens * loudness(i) * loudness(j) * 2 ** -Math.abs(i - j);
    }
  }
  const ones = tensor(new Float64Array(n).fill(1), [n]);
  return { tokens, gram: tensor(gram, [n, n]), meanAbs: ones, maxAbs: ones };
}
