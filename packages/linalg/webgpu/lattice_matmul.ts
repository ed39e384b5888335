// x · Wᵀ for W stored as codes of a lattice: a codeword is decoded from one word of a table and the bits
// of its code, into workgroup memory for many tokens, into registers for a few. Of a few, an invocation
// takes a block of eight columns of each of four rows of codes at a time.

import { E8P_BLOCK } from "../codebook/e8p.ts";
import { SHADER_WORDS } from "../codebook/lattice_layout.ts";
import type { LatticeMatmulParams } from "../lattice_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { EACH_ROW, laneGroups, lanesOf, type LaneSums, laneSums } from "./lane_sums.ts";
import { fetchLattice } from "./lattice_codes.ts";
import { planTiles } from "./matmul_plan.ts";
import { tiledProduct } from "./matmul_tiles.ts";
import { MAX_VECTORS } from "./matmul_vectors.ts";
import { bound, fetchOf, isAligned, labelOf, type Operand, paramsOf, typeOf } from "./operand.ts";
import { pieces } from "./pieces.ts";
import { NO_DIAGONAL, type Product, runProduct } from "./product.ts";
import { type GpuStorage, view } from "./storage.ts";

/** Multiplies `x [tokens, cols]` by the transpose of rows of codes. */
export function latticeMatmul(gpu: Gpu, p: LatticeMatmulParams<GpuStorage>): void {
  const { rows, cols } = p;
  for (const [token, m] of pieces(p.tokens, gpu.maxWords / Math.max(rows, cols))) {
    for (const [row, n] of pieces(rows, gpu.maxWords / (p.rowBytes / 4))) {
      multiply(gpu, p, token, m, row, n);
    }
  }
}

/** The product of `m` tokens with `n` rows of codes. */
function multiply(
  gpu: Gpu,
  p: LatticeMatmulParams<GpuStorage>,
  token: number,
  m: number,
  row: number,
  n: number,
): void {
  const { rows, cols: k, bits, hasRowScales } = p;
  const x = { storage: p.x, isHalf: false, offset: token * k, stride: 0, row: k, col: 1 };
  const operand: Operand = { name: "a", isDeep: true, isHalf: false, isVector: isAligned(x, 1, k) };
  const rowWords = p.rowBytes / 4;
  const run = (
    name: string,
    code: () => string,
    plan: Pick<Product, "groups" | "parts" | "depth">,
  ) =>
    runProduct(gpu, {
      ...plan,
      name: `lattice ${bits} ${name}, ${labelOf(operand)}`,
      reads: {
        a: [typeOf(operand), bound(x, operand, m * k)],
        codes: ["u32", view(p.codes, row * rowWords, n * rowWords)],
        scales: ["f32", hasRowScales ? view(p.scales, row, n) : view(p.scales, 0, 1)],
        tables: ["u32", view(p.tables, 0, SHADER_WORDS)],
      },
      params: {
        ...paramsOf(operand, x),
        rowWords: ["u32", rowWords],
        blocks: ["u32", Math.ceil(k / E8P_BLOCK)],
        scaleStep: ["u32", hasRowScales ? 1 : 0],
        factor: ["f32", p.residualFactor],
      },
      code: () => `${fetchOf(operand, "p.m")}\n${fetchLattice(bits)}\n${code()}`,
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

  if (m <= MAX_VECTORS) {
    const tokens = m === 1 ? 1 : 4;
    const lanes = lanesOf(n, k, E8P_BLOCK, gpu.fullGroups);
    const plan = { groups: laneGroups(n, lanes), parts: 1, depth: k };
    run(`vectors ${tokens} ${lanes}`, () => vectors({ tokens, lanes }), plan);
    return;
  }
  const { side, ...plan } = planTiles(
    { m, n, k, batch: 1 },
    gpu.fullGroups,
    gpu.maxWords / (m * n),
  );
  run(`tiles ${side}`, () => tiledProduct({ side, isDeepA: true, isDeepB: true }), plan);
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
