import type { AttentionParams, HostArray } from "../kernels.ts";

/** Causal attention, one query and head at a time: scores, their softmax, the weighted values. */
export function attention(p: AttentionParams<HostArray>): void {
  const { q, k, v, out, queries, keys, keyRows, heads, kvHeads, headSize } = p;
  const scores = new Float64Array(keys);
  for (let batch = 0; batch < p.batch; batch++) {
    for (let query = 0; query < queries; query++) {
      const last = keys - queries + query;
      const first = Math.max(0, last - p.window + 1);
      for (let head = 0; head < heads; head++) {
        const kvHead = Math.floor(head * kvHeads / heads);
        const row = ((batch * queries + query) * heads + head) * headSize;
        const column = (key: number) => ((batch * keyRows + key) * kvHeads + kvHead) * headSize;
        let max = -Infinity;
        for (let key = first; key <= last; key++) {
          let score = 0;
          for (let i = 0; i < headSize; i++) score += q[row + i] * k[column(key) + i];
          scores[key] = score * p.scale;
          max = Math.max(max, scores[key]);
        }
        let total = 0;
        for (let key = first; key <= last; key++) {
          scores[key] = Math.exp(scores[key] - max);
          total += scores[key];
        }
        for (let i = 0; i < headSize; i++) {
          let sum = 0;
          for (let key = first; key <= last; key++) sum += scores[key] * v[column(key) + i];
          out[row + i] = sum / total;
        }
        if (p.logSumExp) p.logSumExp[row / headSize] = max + Math.log(total);
      }
    }
  }
}
