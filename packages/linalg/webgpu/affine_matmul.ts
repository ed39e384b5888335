// x · Wᵀ for W = scale · (code − zero point): the weights are dequantized as they are loaded, into
// workgroup memory for many tokens, into registers for a few.

import type { AffineMatmulParams } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import type { Kernel } from "./kernel.ts";
import { tileCount, tiledProduct } from "./matmul_tiles.ts";
import { MAX_VECTORS, vectorGroups, vectorProduct } from "./matmul_vectors.ts";
import { pieces } from "./pieces.ts";

/**
 * WGSL of `fn weight(row, col)`.
 *
 * Codes of 3, 5, 6 and 7 bits may lie across two words.
 */
function weightOf(bits: number, hasZeroPoints: boolean): string {
  const next = 32 % bits === 0 ? "" : `
  if (shift + ${bits}u > 32u) {
    code |= codes[word + 1u] << (32u - shift);
  }`;
  return /* wgsl */ `
fn weight(row: u32, col: u32) -> f32 {
  let bit = col * ${bits}u;
  let word = p.codes_at + row * p.rowWords + bit / 32u;
  let shift = bit % 32u;
  var code = codes[word] >> shift;${next}
  let group = row * p.groups + min(p.groups, 1u) * (col / p.groupSize);
  let zero = ${hasZeroPoints ? "zeroPoints[p.zeroPoints_at + group]" : "p.zeroPoint"};
  return scales[p.scales_at + group] * (f32(code & ${2 ** bits - 1}u) - zero);
}`;
}

function kernelOf(name: string, bits: number, hasZeroPoints: boolean, main: () => string): Kernel {
  return {
    name: `affine ${name} ${bits} ${hasZeroPoints}`,
    reads: {
      x: "f32",
      codes: "u32",
      scales: "f32",
      ...(hasZeroPoints ? { zeroPoints: "f32" } : {}),
    },
    writes: { out: "f32" },
    params: {
      m: "u32",
      n: "u32",
      k: "u32",
      batch: "u32",
      outLead: "u32",
      rowWords: "u32",
      groups: "u32",
      groupSize: "u32",
      zeroPoint: "f32",
    },
    code: () => `${weightOf(bits, hasZeroPoints)}\n${main()}`,
  };
}

const X = (i: string) => `x[p.x_at + ${i} * p.k + l]`;
const STORE = "out[p.out_at + i * p.outLead + j] = sum;";

function tilesKernel(bits: number, hasZeroPoints: boolean, each: 2 | 4): Kernel {
  return kernelOf(`tiles ${each}`, bits, hasZeroPoints, () =>
    tiledProduct({
      each,
      a: X("i"),
      b: "weight(j, l)",
      deepA: true,
      deepB: true,
      store: STORE,
    }));
}

function vectorsKernel(bits: number, hasZeroPoints: boolean, rows: 1 | 4): Kernel {
  return kernelOf(
    `vectors ${rows}`,
    bits,
    hasZeroPoints,
    () => vectorProduct({ rows, a: X, b: "weight(j, l)", deepB: true, store: STORE }),
  );
}

/** Multiplies `x [tokens, cols]` by the transpose of packed codes `[rows, cols]`. */
export function affineMatmul(gpu: Gpu, p: AffineMatmulParams<GpuStorage>): void {
  const { x, codes, scales, zeroPoints, out, rows, cols, bits, groups } = p;
  const rowWords = p.rowBytes / 4;
  const hasZeroPoints = typeof zeroPoints !== "number";
  // Scales, and zero points, of some rows; or the one there is.
  const groupsView = (storage: GpuStorage, row: number, n: number) =>
    groups === 0 ? view(storage, 0, 1) : view(storage, row * groups, n * groups);

  for (const [token, m] of pieces(p.tokens, gpu.maxWords / Math.max(rows, cols))) {
    for (const [row, n] of pieces(rows, gpu.maxWords / Math.max(rowWords, groups))) {
      const each = m <= 32 || n <= 32 ? 2 : 4;
      const [kernel, workgroups] = m <= MAX_VECTORS
        ? [vectorsKernel(bits, hasZeroPoints, m === 1 ? 1 : 4), vectorGroups(n, true)]
        : [tilesKernel(bits, hasZeroPoints, each), tileCount(m, n, each)];
      gpu.dispatch(kernel, {
        x: view(x, token * cols, m * cols),
        codes: view(codes, row * rowWords, n * rowWords),
        scales: groupsView(scales, row, n),
        ...(hasZeroPoints ? { zeroPoints: groupsView(zeroPoints, row, n) } : {}),
        out: view(out, token * rows + row, (m - 1) * rows + n),
      }, {
        m,
        n,
        k: cols,
        batch: 1,
        outLead: rows,
        rowWords,
        groups,
        groupSize: Math.min(p.groupSize, cols),
        zeroPoint: hasZeroPoints ? 0 : zeroPoints,
      }, workgroups);
    }
  }
}
