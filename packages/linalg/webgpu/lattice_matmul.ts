// x · Wᵀ for W stored as codes of a lattice: a codeword is decoded from one word of a table and the bits
// of its code, into workgroup memory for many tokens, into registers for a few. Of a few, an invocation
// takes a block of eight columns of each of four rows of codes at a time.

import { E8P_BLOCK } from "../codebook/e8p.ts";
import { SHADER_WORDS } from "../codebook/lattice_layout.ts";
import type { LatticeMatmulParams } from "../lattice_kernels.ts";
import { codedMatmul } from "./coded_matmul.ts";
import type { Gpu } from "./gpu.ts";
import { EACH_ROW, laneGroups, lanesOf, type LaneSums, laneSums } from "./lane_sums.ts";
import { fetchLattice } from "./lattice_codes.ts";
import { type GpuStorage, view } from "./storage.ts";

/** Multiplies `x [tokens, cols]` by the transpose of rows of codes. */
export function latticeMatmul(gpu: Gpu, p: LatticeMatmulParams<GpuStorage>): void {
  const { cols, bits, hasRowScales } = p;
  const rowWords = p.rowBytes / 4;
  codedMatmul(gpu, p, {
    name: `lattice ${bits}`,
    mostRows: gpu.maxWords / rowWords,
    reads: ([row, n]) => ({
      codes: ["u32", view(p.codes, row * rowWords, n * rowWords)],
      scales: ["f32", hasRowScales ? view(p.scales, row, n) : view(p.scales, 0, 1)],
      tables: ["u32", view(p.tables, 0, SHADER_WORDS)],
    }),
    params: {
      rowWords: ["u32", rowWords],
      blocks: ["u32", Math.ceil(cols / E8P_BLOCK)],
      scaleStep: ["u32", hasRowScales ? 1 : 0],
      factor: ["f32", p.residualFactor],
    },
    fetch: () => fetchLattice(bits),
    isDeep: true,
    vectors(tokens, n) {
      const lanes = lanesOf(n, cols, E8P_BLOCK, gpu.fullGroups);
      return {
        label: `vectors ${tokens} ${lanes}`,
        type: "u32",
        isFetching: true,
        groups: laneGroups(n, lanes),
        parts: 1,
        depth: cols,
        code: () => `${fetchLattice(bits)}\n${vectors({ tokens, lanes })}`,
      };
    },
  });
}

function vectors(sums: LaneSums): string {
  return laneSums(sums, (each) => /* wgsl */ `
  for (var block = lane; block * ${E8P_BLOCK} < p.k; block += ${sums.lanes}) {
    let col = block * ${E8P_BLOCK};
    ${EACH_ROW.map((r) => `let w${r} = weights_of(row${r}, block);`).join(" ")}
    let low = mat4x4f(${EACH_ROW.map((r) => `w${r}[0]`).join(", ")});
    let high = mat4x4f(${EACH_ROW.map((r) => `w${r}[1]`).join(", ")});
    ${
    each.map((t) =>
      `sums${t} += fetch_a(0, ${t}, col, p.k) * low + fetch_a(0, ${t}, col + 4, p.k) * high;`
    ).join("\n    ")
  }
  }`);
}
