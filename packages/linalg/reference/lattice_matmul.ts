import { latticeDecoder } from "../codebook/lattice_decoder.ts";
import type { HostArray } from "../kernels.ts";
import type { LatticeMatmulParams } from "../lattice_kernels.ts";

/** Multiplies by codes of a lattice, each row decoded when it is needed. */
export function latticeMatmul(p: LatticeMatmulParams<HostArray>): void {
  const { x, codes, scales, out, tokens, rows, cols, rowBytes } = p;
  const decode = latticeDecoder({
    bits: p.bits as 2 | 3 | 4,
    residualScale: p.bits === 2 ? null : 1 / p.residualFactor,
  });
  const weights = new Float64Array(cols);
  for (let row = 0; row < rows; row++) {
    decode(Uint8Array.from(codes.subarray(row * rowBytes, (row + 1) * rowBytes)), weights);
    for (let token = 0; token < tokens; token++) {
      let sum = 0;
      for (let col = 0; col < cols; col++) sum += x[token * cols + col] * weights[col];
      out[token * rows + row] = sum * scales[p.hasRowScales ? row : 0];
    }
  }
}
