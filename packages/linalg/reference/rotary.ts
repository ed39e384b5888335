import type { HostArray, Kernels } from "../kernels.ts";

/** Rotates element i of a head with element i + headSize/2 by the angle of the token's position. */
export function rotary(p: Parameters<Kernels<HostArray>["rotary"]>[0]): void {
  const { x, cos, sin, positions, out, tokens, heads, headSize } = p;
  const half = headSize / 2;
  for (let row = 0; row < p.batch * tokens; row++) {
    const angle = Math.min(positions[row % tokens], p.positionCount - 1) * half;
    for (let head = 0; head < heads; head++) {
      const start = (row * heads + head) * headSize;
      for (let i = 0; i < half; i++) {
        const a = x[start + i];
        const b = x[start + i + half];
        out[start + i] = a * cos[angle + i] - b * sin[angle + i];
        out[start + i + half] = b * cos[angle + i] + a * sin[angle + i];
      }
    }
  }
}
