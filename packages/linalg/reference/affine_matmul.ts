import type { AffineMatmulParams, HostArray } from "../kernels.ts";

/** Multiplies by scale · (code − zero point), or of the code's level, each weight dequantized when it is needed. */
export function affineMatmul(p: AffineMatmulParams<HostArray>): void {
  const { x, codes, scales, zeroPoints, levels, out, tokens, rows, cols, bits, groupSize, groups } =
    p;
  const mask = 2 ** bits - 1;
  for (let row = 0; row < rows; row++) {
    for (let token = 0; token < tokens; token++) {
      let sum = 0;
      for (let col = 0; col < cols; col++) {
        const position = col * bits;
        const byte = row * p.rowBytes + (position >> 3);
        const word = codes[byte] | (codes[byte + 1] ?? 0) << 8;
        const code = (word >> (position & 7)) & mask;
        const level = levels ? levels[code] : code;
        const group = groups ? row * groups + Math.floor(col / groupSize) : 0;
        const zeroPoint = typeof zeroPoints === "number" ? zeroPoints : zeroPoints[group];
        sum += x[token * cols + col] * scales[group] * (level - zeroPoint);
      }
      out[token * rows + row] = sum;
    }
  }
}
