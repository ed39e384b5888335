// Matrix products. Operands that take more than one binding are cut: along the rows or the columns
// of the result where that shortens them, else along the depth, whose parts are added up.

import type { MatmulParams } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { cutDepth, planTiles } from "./matmul_plan.ts";
import { tiledProduct } from "./matmul_tiles.ts";
import { MAX_VECTORS, vectorGroups, vectorProduct } from "./matmul_vectors.ts";
import {
  bound,
  fetchOf,
  isAligned,
  labelOf,
  type Operand,
  paramsOf,
  spanOf,
  type Strided,
  typeOf,
} from "./operand.ts";
import { NO_DIAGONAL, type Product, runProduct } from "./product.ts";
import type { GpuStorage } from "./storage.ts";

/** One product `c = alpha·a·b (+ c)` of strided matrices. */
interface Matrices {
  readonly a: Strided;
  readonly b: Strided;
  readonly c: Strided;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: number;
  readonly alpha: number;
  readonly accumulate: boolean;
  /** Element (i, j) is computed where j <= i + diagonal. */
  readonly diagonal: number;
}

/** Multiplies matrices. */
export function matmul(gpu: Gpu, p: MatmulParams<GpuStorage>): void {
  const { m, n, k, batch, alpha, accumulate } = p;
  const operand = (
    storage: GpuStorage,
    dtype: string,
    stride: number,
    lead: number,
    isTransposed: boolean,
  ) => ({
    storage,
    isHalf: dtype === "f16",
    offset: 0,
    stride,
    row: isTransposed ? 1 : lead,
    col: isTransposed ? lead : 1,
  });
  run(gpu, {
    a: operand(p.a, p.dtypeA, p.strideA, p.transposeA ? m : k, p.transposeA),
    b: operand(p.b, p.dtypeB, p.strideB, p.transposeB ? k : n, p.transposeB),
    c: { ...operand(p.c, p.dtype, p.strideC, p.leadC, false), offset: p.offsetC },
    m,
    n,
    k,
    batch,
    alpha,
    accumulate,
    diagonal: p.lower ? 0 : NO_DIAGONAL,
  });
}

function moved(x: Strided, entries: number, rows: number, cols: number): Strided {
  return { ...x, offset: x.offset + entries * x.stride + rows * x.row + cols * x.col };
}

/** About half of a dimension; vectors of four stay whole where there are some. */
function halfOf(length: number): number {
  return length > 8 ? Math.ceil(length / 8) * 4 : Math.ceil(length / 2);
}

/** Computes a product, in two halves if it is too large for the bindings. */
function run(gpu: Gpu, p: Matrices): void {
  const { a, b, c, m, n, k, batch } = p;
  // A run of halves may start and end within a word.
  const fits = (x: Strided, rows: number, cols: number) =>
    spanOf(x, batch, rows, cols) <= (x.isHalf ? 2 * gpu.maxWords - 2 : gpu.maxWords);
  const misfit = [[a, m, k] as const, [b, k, n] as const, [c, m, n] as const]
    .find(([x, rows, cols]) => !fits(x, rows, cols));
  if (!misfit) return fitting(gpu, p);
  if (batch > 1) {
    const half = Math.ceil(batch / 2);
    run(gpu, { ...p, batch: half });
    run(gpu, {
      ...p,
      batch: batch - half,
      a: moved(a, half, 0, 0),
      b: moved(b, half, 0, 0),
      c: moved(c, half, 0, 0),
    });
    return;
  }
  // The dimension that makes this operand long: the one with the longer steps, if there are two.
  const [x, rows, cols] = misfit;
  const isDown = rows > 1 && (x.row > x.col || cols === 1);
  if (x === a ? isDown : x === c && isDown) {
    const half = halfOf(m);
    run(gpu, { ...p, m: half });
    const diagonal = p.diagonal === NO_DIAGONAL ? NO_DIAGONAL : p.diagonal + half;
    run(gpu, { ...p, m: m - half, a: moved(a, 0, half, 0), c: moved(c, 0, half, 0), diagonal });
  } else if (x === c || (x === b && !isDown)) {
    const half = halfOf(n);
    run(gpu, { ...p, n: half });
    const diagonal = p.diagonal === NO_DIAGONAL ? NO_DIAGONAL : p.diagonal - half;
    run(gpu, { ...p, n: n - half, b: moved(b, 0, 0, half), c: moved(c, 0, 0, half), diagonal });
  } else {
    const half = halfOf(k);
    run(gpu, { ...p, k: half });
    run(gpu, {
      ...p,
      k: k - half,
      a: moved(a, 0, 0, half),
      b: moved(b, 0, half, 0),
      accumulate: true,
    });
  }
}

/** Chooses how to compute a product that fits the bindings. */
function fitting(gpu: Gpu, p: Matrices): void {
  const { a, b, m, n, k, batch } = p;
  const isWhole = p.diagonal === NO_DIAGONAL;
  if (isWhole && m > MAX_VECTORS && n <= MAX_VECTORS) {
    // The same product, transposed.
    const flip = (x: Strided) => ({ ...x, row: x.col, col: x.row });
    return fitting(gpu, { ...p, m: n, n: m, a: flip(b), b: flip(a), c: flip(p.c) });
  }
  const isThin = isWhole && m <= MAX_VECTORS;
  const operandA = operandOf("a", a, a.col === 1, a.col === 1 ? k : m, batch);
  const operandB = operandOf("b", b, b.row === 1, b.row === 1 ? k : n, batch);
  const [isDeepA, isDeepB] = [operandA.isDeep, operandB.isDeep];
  const mostParts = isWhole ? gpu.maxWords / (batch * m * n) : 1;
  if (isThin) {
    const rows = m === 1 ? 1 : 4;
    const groups = vectorGroups(n, isDeepB);
    // Where one of both lies across, rows are read number by number.
    const isVector = operandA.isVector && isDeepA && isDeepB;
    const parts = cutDepth(k, groups * batch, gpu.fullGroups, mostParts);
    const code = () => vectorProduct({ rows, isDeepA, isDeepB });
    const plan = { name: `vectors ${rows}`, code, groups, isVector: false, ...parts };
    return multiply(gpu, p, { ...operandA, isVector }, operandB, plan);
  }
  const { side, ...plan } = planTiles(p, gpu.fullGroups, mostParts);
  const code = () => tiledProduct({ side, isDeepA, isDeepB });
  multiply(gpu, p, operandA, operandB, { name: `tiles ${side}`, code, isVector: true, ...plan });
}

/** Computes a product as planned. */
function multiply(
  gpu: Gpu,
  p: Matrices,
  left: Operand,
  right: Operand,
  plan: Pick<Product, "name" | "code" | "groups" | "parts" | "depth" | "isVector">,
): void {
  const { a, b, m, n, k, batch } = p;
  runProduct(gpu, {
    ...p,
    ...plan,
    name: `matmul ${plan.name}, ${labelOf(left)}, ${labelOf(right)}`,
    reads: {
      a: [typeOf(left), bound(a, left, spanOf(a, batch, m, k))],
      b: [typeOf(right), bound(b, right, spanOf(b, batch, k, n))],
    },
    params: { ...paramsOf(left, a), ...paramsOf(right, b) },
    code: () => [fetchOf(left, "p.m"), fetchOf(right, "p.n"), plan.code()].join("\n"),
  });
}

function operandOf(
  name: "a" | "b",
  x: Strided,
  isDeep: boolean,
  length: number,
  batch: number,
): Operand {
  return { name, isDeep, isHalf: x.isHalf, isVector: isAligned(x, batch, length) };
}
