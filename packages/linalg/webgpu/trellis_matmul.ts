// x · Wᵀ for trellis codes: four rows of a column are decoded as they are loaded, into workgroup memory
// for many tokens, into registers for a few.

import { trellisTileBytes } from "../trellis/trellis_code.ts";
import type { TrellisMatmulParams } from "../trellis_kernels.ts";
import { codedMatmul } from "./coded_matmul.ts";
import type { Gpu } from "./gpu.ts";
import { cutDepth } from "./matmul_plan.ts";
import { vectorGroups, vectorProduct } from "./matmul_vectors.ts";
import { type GpuStorage, view } from "./storage.ts";
import { fetchTrellis, WORD_LINES } from "./trellis_codes.ts";

/** Multiplies `x [tokens, cols]` by the transpose of a matrix of codes. */
export function trellisMatmul(gpu: Gpu, p: TrellisMatmulParams<GpuStorage>): void {
  const { cols, bits, stateBits, tileHeight, tileWidth, lineBytes, hasRowScales } = p;
  const tileBytes = trellisTileBytes(tileHeight, tileWidth, bits);
  const isWhole = tileBytes % 4 === 0;
  const fetch = () => fetchTrellis(bits, stateBits, isWhole);
  codedMatmul(gpu, p, {
    name: `trellis ${bits} of ${stateBits}${isWhole ? "" : ", bytes,"}`,
    mostRows: gpu.maxWords / (lineBytes / 4) * tileHeight,
    unit: WORD_LINES * tileHeight,
    reads([row, n]) {
      const words = Math.ceil(Math.ceil(n / tileHeight) * lineBytes / 4);
      return {
        codes: ["u32", view(p.codes, row / tileHeight * lineBytes / 4, words)],
        scales: ["f32", hasRowScales ? view(p.scales, row, n) : view(p.scales, 0, 1)],
      };
    },
    params: {
      height: ["u32", tileHeight],
      width: ["u32", tileWidth],
      tileBytes: ["u32", tileBytes],
      lineBytes: ["u32", lineBytes],
      rowScales: ["u32", hasRowScales ? 1 : 0],
      mask: ["u32", 2 ** stateBits - 1],
    },
    fetch,
    isDeep: false,
    vectors(tokens, n, mostParts) {
      const groups = vectorGroups(n, false);
      return {
        label: `vectors ${tokens}`,
        type: "u32",
        isFetching: false,
        groups,
        ...cutDepth(cols, groups, gpu.fullGroups, mostParts),
        code: () => `${fetch()}\n${vectorProduct({ rows: tokens, isDeepA: true, isDeepB: false })}`,
      };
    },
  });
}
