// Derivative of causal attention, one query and head at a time, with probabilities from the log-sum-
// exponential L of each row of scores s = scale · q·k:
//
//   P = exp(s − L)    D = Σ_i dO_i O_i    dS = P (dO·v − D)
//   dq = scale Σ_key dS k    dk = scale Σ_query dS q    dv = Σ_query P dO
//
// T. Dao et al., "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness", 2022,
// arXiv:2205.14135, appendix B.2. Keys and values sum over the query heads that share them.

import type { HostArray } from "../kernels.ts";
import type { AttentionGradientParams } from "../training_kernels.ts";

/** Differentiates. */
export function attentionGradient(p: AttentionGradientParams<HostArray>): void {
  const { q, k, v, out, gradient, queries, keys, keyRows, heads, kvHeads, headSize } = p;
  const dK = new Float64Array(k.length);
  const dV = new Float64Array(v.length);
  const dQ = new Float64Array(headSize);
  for (let row = 0; row < p.batch * queries; row++) {
    const batch = Math.floor(row / queries);
    const last = keys - queries + row % queries;
    const first = Math.max(0, last - p.window + 1);
    for (let head = 0; head < heads; head++) {
      const kvHead = Math.floor(head * kvHeads / heads);
      const at = (row * heads + head) * headSize;
      const dO = gradient.subarray(at, at + headSize);
      const D = dot(dO, 0, out, at, headSize);
      dQ.fill(0);
      for (let key = first; key <= last; key++) {
        const atKey = ((batch * keyRows + key) * kvHeads + kvHead) * headSize;
        const score = p.scale * dot(q, at, k, atKey, headSize);
        const P = Math.exp(score - p.logSumExp[row * heads + head]);
        const dS = P * (dot(dO, 0, v, atKey, headSize) - D);
        for (let i = 0; i < headSize; i++) {
          dQ[i] += p.scale * dS * k[atKey + i];
          dK[atKey + i] += p.scale * dS * q[at + i];
          dV[atKey + i] += P * dO[i];
        }
      }
      p.gradientQ.set(dQ, at);
    }
  }
  p.gradientK.set(dK);
  p.gradientV.set(dV);
}

function dot(a: HostArray, atA: number, b: HostArray, atB: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[atA + i] * b[atB + i];
  return sum;
}
