// x · Wᵀ for trellis codes: four rows of a column are decoded as they are loaded, into workgroup memory
// for many tokens, into registers for a few.

import { trellisTileBytes } from "../trellis/trellis_code.ts";
import type { TrellisMatmulParams } from "../trellis_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { cutDepth, planTiles } from "./matmul_plan.ts";
import { tiledProduct } from "./matmul_tiles.ts";
import { MAX_VECTORS, vectorGroups, vectorProduct } from "./matmul_vectors.ts";
import { bound, fetchOf, isAligned, labelOf, type Operand, paramsOf, typeOf } from "./operand.ts";
import { pieces } from "./pieces.ts";
import { NO_DIAGONAL, type Product, runProduct } from "./product.ts";
import { type GpuStorage, view } from "./storage.ts";
import { fetchTrellis } from "./trellis_codes.ts";

/** As many lines of tiles end with a whole word. */
const WORD_LINES = 4;

/** Multiplies `x [tokens, cols]` by the transpose of a matrix of codes. */
export function trellisMatmul(gpu: Gpu, p: TrellisMatmulParams<GpuStorage>): void {
  const { rows, cols, tileHeight, lineBytes } = p;
  const lines = Math.ceil(rows / tileHeight);
  for (const [token, m] of pieces(p.tokens, gpu.maxWords / Math.max(rows, cols))) {
    for (const [line, count] of pieces(lines, gpu.maxWords / (lineBytes / 4), WORD_LINES)) {
      multiply(gpu, p, token, m, line, count);
    }
  }
}

/** The product of `m` tokens with `count` lines of tiles. */
function multiply(
  gpu: Gpu,
  p: TrellisMatmulParams<GpuStorage>,
  token: number,
  m: number,
  line: number,
  count: number,
): void {
  const { rows, cols: k, bits, stateBits, tileHeight, tileWidth, lineBytes, hasRowScales } = p;
  const row = line * tileHeight;
  const n = Math.min(count * tileHeight, rows - row);
  const tileBytes = trellisTileBytes(tileHeight, tileWidth, bits);
  const isWhole = tileBytes % 4 === 0;
  const isVectors = m <= MAX_VECTORS;
  const x = { storage: p.x, isHalf: false, offset: token * k, stride: 0, row: k, col: 1 };
  const isVector = !isVectors && isAligned(x, 1, k);
  const operand: Operand = { name: "a", isDeep: true, isHalf: false, isVector };
  const words = Math.ceil(count * lineBytes / 4);
  const run = (
    name: string,
    code: () => string,
    plan: Pick<Product, "groups" | "parts" | "depth">,
  ) =>
    runProduct(gpu, {
      ...plan,
      name: `trellis ${bits} ${name}, ${labelOf(operand)}${isWhole ? "" : ", bytes"}`,
      reads: {
        a: [typeOf(operand), bound(x, operand, m * k)],
        codes: ["u32", view(p.codes, line * lineBytes / 4, words)],
        scales: ["f32", hasRowScales ? view(p.scales, row, n) : view(p.scales, 0, 1)],
      },
      params: {
        ...paramsOf(operand, x),
        height: ["u32", tileHeight],
        width: ["u32", tileWidth],
        tileBytes: ["u32", tileBytes],
        lineBytes: ["u32", lineBytes],
        rowScales: ["u32", hasRowScales ? 1 : 0],
        mask: ["u32", 2 ** stateBits - 1],
      },
      code: () =>
        [
          fetchOf(operand, "p.m"),
          fetchTrellis(bits, isWhole),
          code(),
        ].join("\n"),
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
  const mostParts = gpu.maxWords / (m * n);
  if (isVectors) {
    const vectors = m === 1 ? 1 : 4;
    const groups = vectorGroups(n, false);
    run(
      `vectors ${vectors}`,
      () => vectorProduct({ rows: vectors, isDeepA: true, isDeepB: false }),
      { groups, ...cutDepth(k, groups, gpu.fullGroups, mostParts) },
    );
    return;
  }
  const { side, ...plan } = planTiles({ m, n, k, batch: 1 }, gpu.fullGroups, mostParts);
  run(`tiles ${side}`, () => tiledProduct({ side, isDeepA: true, isDeepB: false }), plan);
}
