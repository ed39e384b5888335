// x · Wᵀ for W = scale · (code − zero point), or of the code's level: the weights are dequantized as they are loaded, into
// workgroup memory for many tokens, into registers for a few.

import type { AffineMatmulParams } from "../kernels.ts";
import { type CodeLayout, fetchWeights } from "./affine_codes.ts";
import { affineLanes, affineVectorProduct, codesType } from "./affine_vectors.ts";
import { codedMatmul, WORDS } from "./coded_matmul.ts";
import type { Gpu } from "./gpu.ts";
import { laneGroups } from "./lane_sums.ts";
import { type GpuStorage, view } from "./storage.ts";

/** Multiplies `x [tokens, cols]` by the transpose of packed codes `[rows, cols]`. */
export function affineMatmul(gpu: Gpu, p: AffineMatmulParams<GpuStorage>): void {
  const { cols, bits, groups, zeroPoints, levels } = p;
  const groupSize = Math.min(p.groupSize, cols);
  const hasZeroPoints = typeof zeroPoints !== "number";
  const isEven = groups === 0 || groupSize % 4 === 0;
  const isScaledOnce = groups === 0 || groupSize % 32 === 0;
  const layout: CodeLayout = { bits, hasZeroPoints, hasLevels: levels !== null, isEven };
  const rowWords = p.rowBytes / 4;
  codedMatmul(gpu, p, {
    name: `affine ${bits}${hasZeroPoints ? "" : ", one zero point"}${isEven ? "" : ", uneven"}` +
      `${levels ? ", levels" : ""},`,
    mostRows: gpu.maxWords / Math.max(rowWords, groups),
    reads([row, n], type) {
      /** Scales, or zero points, of the rows; or the one there is. */
      const groupsView = (storage: GpuStorage) =>
        groups === 0 ? view(storage, 0, 1) : view(storage, row * groups, n * groups);
      const words = WORDS[type];
      return {
        codes: [type, view(p.codes, row * rowWords / words, n * rowWords / words)],
        scales: ["f32", groupsView(p.scales)],
        ...(hasZeroPoints ? { zeroPoints: ["f32", groupsView(zeroPoints)] } : {}),
        ...(levels ? { levels: ["f32", view(levels, 0, 2 ** bits)] } : {}),
      };
    },
    params: {
      rowWords: ["u32", rowWords],
      groups: ["u32", groups],
      groupSize: ["u32", groupSize],
      zeroPoint: ["f32", hasZeroPoints ? 0 : zeroPoints],
    },
    fetch: () => fetchWeights(layout),
    isDeep: true,
    vectors(tokens, n) {
      const lanes = affineLanes(n, cols, gpu.fullGroups);
      const type = isScaledOnce ? codesType(bits, rowWords) : "u32";
      return {
        label: `vectors ${tokens} ${lanes} ${isScaledOnce}`,
        type,
        isFetching: true,
        groups: laneGroups(n, lanes),
        parts: 1,
        depth: cols,
        code: () => affineVectorProduct({ ...layout, tokens, lanes, isScaledOnce, type }),
      };
    },
  });
}
