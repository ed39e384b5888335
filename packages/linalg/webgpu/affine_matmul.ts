// x · Wᵀ for W = scale · (code − zero point), or of the code's level: the weights are dequantized as they are loaded, into
// workgroup memory for many tokens, into registers for a few.

import type { AffineMatmulParams } from "../kernels.ts";
import { type CodeLayout, fetchWeights } from "./affine_codes.ts";
import { affineLanes, affineVectorProduct, codesType, WORDS } from "./affine_vectors.ts";
import type { Gpu } from "./gpu.ts";
import { laneGroups } from "./lane_sums.ts";
import { planTiles } from "./matmul_plan.ts";
import { tiledProduct } from "./matmul_tiles.ts";
import { MAX_VECTORS } from "./matmul_vectors.ts";
import { bound, fetchOf, isAligned, labelOf, type Operand, paramsOf, typeOf } from "./operand.ts";
import { pieces } from "./pieces.ts";
import { NO_DIAGONAL, type Product, runProduct } from "./product.ts";
import { type GpuStorage, view } from "./storage.ts";

/** Multiplies `x [tokens, cols]` by the transpose of packed codes `[rows, cols]`. */
export function affineMatmul(gpu: Gpu, p: AffineMatmulParams<GpuStorage>): void {
  const { rows, cols, groups } = p;
  const rowWords = p.rowBytes / 4;
  for (const [token, m] of pieces(p.tokens, gpu.maxWords / Math.max(rows, cols))) {
    for (const [row, n] of pieces(rows, gpu.maxWords / Math.max(rowWords, groups))) {
      multiply(gpu, p, token, m, row, n);
    }
  }
}

/** The product of `m` tokens with `n` rows of codes. */
function multiply(
  gpu: Gpu,
  p: AffineMatmulParams<GpuStorage>,
  token: number,
  m: number,
  row: number,
  n: number,
): void {
  const { rows, cols: k, bits, groups, zeroPoints, levels } = p;
  const groupSize = Math.min(p.groupSize, k);
  const hasZeroPoints = typeof zeroPoints !== "number";
  const isEven = groups === 0 || groupSize % 4 === 0;
  const layout: CodeLayout = { bits, hasZeroPoints, hasLevels: levels !== null, isEven };
  const x = { storage: p.x, isHalf: false, offset: token * k, stride: 0, row: k, col: 1 };
  const isVector = isAligned(x, 1, k);
  const operand: Operand = { name: "a", isDeep: true, isHalf: false, isVector };
  const rowWords = p.rowBytes / 4;

  /** Scales, or zero points, of the rows; or the one there is. */
  const groupsView = (storage: GpuStorage) =>
    groups === 0 ? view(storage, 0, 1) : view(storage, row * groups, n * groups);
  const run = (
    name: string,
    type: keyof typeof WORDS,
    code: () => string,
    plan: Pick<Product, "groups" | "parts" | "depth">,
  ) => {
    const words = WORDS[type];
    runProduct(gpu, {
      ...plan,
      name: `affine ${bits} ${name}, ${labelOf(operand)} ${type}` +
        `${hasZeroPoints ? "" : ", one zero point"}${isEven ? "" : ", uneven"}` +
        `${levels ? ", levels" : ""}`,
      reads: {
        a: [typeOf(operand), bound(x, operand, m * k)],
        codes: [type, view(p.codes, row * rowWords / words, n * rowWords / words)],
        scales: ["f32", groupsView(p.scales)],
        ...(hasZeroPoints ? { zeroPoints: ["f32", groupsView(zeroPoints)] } : {}),
        ...(levels ? { levels: ["f32", view(levels, 0, 2 ** bits)] } : {}),
      },
      params: {
        ...paramsOf(operand, x),
        rowWords: ["u32", rowWords],
        groups: ["u32", groups],
        groupSize: ["u32", groupSize],
        zeroPoint: ["f32", hasZeroPoints ? 0 : zeroPoints],
      },
      code: () => `${fetchOf(operand, "p.m")}\n${code()}`,
      isVector: true,
      m,
      n,
      k,
      batch: 1,
      alpha: 1,
      accumulate: false,
      diagonal: NO_DIAGONAL,
      c: {
        storage: p.out,
        isHalf: false,
        offset: token * rows + row,
        stride: 0,
        row: rows,
        col: 1,
      },
    });
  };

  if (m <= MAX_VECTORS) {
    const tokens = m === 1 ? 1 : 4;
    const lanes = affineLanes(n, k, gpu.fullGroups);
    const isScaledOnce = groups === 0 || groupSize % 32 === 0;
    const type = isScaledOnce ? codesType(bits, rowWords) : "u32";
    run(
      `vectors ${tokens} ${lanes} ${isScaledOnce}`,
      type,
      () => affineVectorProduct({ ...layout, tokens, lanes, isScaledOnce, type }),
      { groups: laneGroups(n, lanes), parts: 1, depth: k },
    );
    return;
  }
  const { side, ...plan } = planTiles(
    { m, n, k, batch: 1 },
    gpu.fullGroups,
    gpu.maxWords / (m * n),
  );
  run(
    `tiles ${side}`,
    "u32",
    () => `${fetchWeights(layout)}\n${tiledProduct({ side, isDeepA: true, isDeepB: true })}`,
    plan,
  );
}
