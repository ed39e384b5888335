// Matrix products. Operands that take more than one binding are cut: along the rows or the columns
// of the result where that shortens them, else along the depth, whose parts are added up.

import type { MatmulParams } from "../kernels.ts";
import { cast } from "./cast.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import type { Kernel, ParamType } from "./kernel.ts";
import { tileCount, tiledProduct } from "./matmul_tiles.ts";
import { MAX_VECTORS, vectorGroups, vectorProduct } from "./matmul_vectors.ts";

/** A matrix in a storage: element (i, j) of batch entry e at offset + e·stride + i·row + j·col. */
interface Strided {
  readonly storage: GpuStorage;
  readonly offset: number;
  readonly stride: number;
  readonly row: number;
  readonly col: number;
}

/** One product `c = alpha·a·b (+ c)` of strided matrices. */
interface Product {
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

/** The diagonal of a product that is computed whole. */
const NO_DIAGONAL = 2 ** 30;

/** Multiplies matrices; halves are decoded first. */
export function matmul(gpu: Gpu, p: MatmulParams<GpuStorage>): void {
  const decoded = (x: GpuStorage, dtype: string, length: number) => {
    if (dtype !== "f16") return x;
    const out = gpu.allocate(4 * length);
    cast(gpu, { x, from: "f16", out, to: "f32", length });
    return out;
  };
  const a = decoded(p.a, p.dtypeA, p.strideA * (p.batch - 1) + p.m * p.k);
  const b = decoded(p.b, p.dtypeB, p.strideB * (p.batch - 1) + p.k * p.n);
  multiply(gpu, { ...p, a, b });
  if (a !== p.a) gpu.free(a);
  if (b !== p.b) gpu.free(b);
}

function multiply(gpu: Gpu, p: MatmulParams<GpuStorage>): void {
  const { m, n, k, batch, alpha, accumulate } = p;
  const operand = (storage: GpuStorage, stride: number, lead: number, isTransposed: boolean) => ({
    storage,
    offset: 0,
    stride,
    row: isTransposed ? 1 : lead,
    col: isTransposed ? lead : 1,
  });
  run(gpu, {
    a: operand(p.a, p.strideA, p.transposeA ? m : k, p.transposeA),
    b: operand(p.b, p.strideB, p.transposeB ? k : n, p.transposeB),
    c: { ...operand(p.c, p.strideC, p.leadC, false), offset: p.offsetC },
    m,
    n,
    k,
    batch,
    alpha,
    accumulate,
    diagonal: p.lower ? 0 : NO_DIAGONAL,
  });
}

/** The elements from the first to the last of a matrix that is `rows` × `cols`. */
function spanOf(x: Strided, batch: number, rows: number, cols: number): number {
  return (batch - 1) * x.stride + (rows - 1) * x.row + (cols - 1) * x.col + 1;
}

function moved(x: Strided, entries: number, rows: number, cols: number): Strided {
  return { ...x, offset: x.offset + entries * x.stride + rows * x.row + cols * x.col };
}

/** Computes a product, in two halves if it is too large for the bindings. */
function run(gpu: Gpu, p: Product): void {
  const { a, b, c, m, n, k, batch } = p;
  const fits = (x: Strided, rows: number, cols: number) =>
    spanOf(x, batch, rows, cols) <= gpu.maxWords;
  const misfit = [[a, m, k] as const, [b, k, n] as const, [c, m, n] as const]
    .find(([x, rows, cols]) => !fits(x, rows, cols));
  if (!misfit) {
    const isThin = m <= MAX_VECTORS || n <= MAX_VECTORS;
    return isThin && p.diagonal === NO_DIAGONAL ? vectors(gpu, p) : tiles(gpu, p);
  }
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
    const half = Math.ceil(m / 2);
    run(gpu, { ...p, m: half });
    const diagonal = p.diagonal === NO_DIAGONAL ? NO_DIAGONAL : p.diagonal + half;
    run(gpu, { ...p, m: m - half, a: moved(a, 0, half, 0), c: moved(c, 0, half, 0), diagonal });
  } else if (x === c || (x === b && !isDown)) {
    const half = Math.ceil(n / 2);
    run(gpu, { ...p, n: half });
    const diagonal = p.diagonal === NO_DIAGONAL ? NO_DIAGONAL : p.diagonal - half;
    run(gpu, { ...p, n: n - half, b: moved(b, 0, 0, half), c: moved(c, 0, 0, half), diagonal });
  } else {
    const half = Math.ceil(k / 2);
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

type Names = "m" | "n" | "k" | "batch" | "alpha" | "accumulate" | "diagonal";
type Strides = `${"stride" | "row" | "col"}${"A" | "B" | "C"}`;

const PARAMS: Readonly<Record<Names | Strides, ParamType>> = {
  m: "u32",
  n: "u32",
  k: "u32",
  batch: "u32",
  alpha: "f32",
  accumulate: "u32",
  diagonal: "i32",
  strideA: "u32",
  rowA: "u32",
  colA: "u32",
  strideB: "u32",
  rowB: "u32",
  colB: "u32",
  strideC: "u32",
  rowC: "u32",
  colC: "u32",
};

const A = (i: string) => `a[p.a_at + batch * p.strideA + ${i} * p.rowA + l * p.colA]`;
const B = "b[p.b_at + batch * p.strideB + l * p.rowB + j * p.colB]";
// Products in parts must not read what a new array holds: it may be NaN.
const STORE = `
  let at = p.c_at + batch * p.strideC + i * p.rowC + j * p.colC;
  if (p.accumulate == 0u) { c[at] = p.alpha * sum; } else { c[at] += p.alpha * sum; }`;

function kernelOf(name: string, code: () => string): Kernel<"a" | "b", "c", Names | Strides> {
  return { name, reads: { a: "f32", b: "f32" }, writes: { c: "f32" }, params: PARAMS, code };
}

function tiles(gpu: Gpu, p: Product): void {
  const each = p.m <= 32 || p.n <= 32 ? 2 : 4;
  const deepA = p.a.col === 1;
  const deepB = p.b.row === 1;
  const kernel = kernelOf(
    `matmul ${each} ${deepA} ${deepB}`,
    () =>
      tiledProduct({
        each,
        a: A("i"),
        b: B,
        deepA,
        deepB,
        store: STORE,
        diagonal: "p.diagonal",
      }),
  );
  dispatch(gpu, kernel, p, tileCount(p.m, p.n, each));
}

function vectors(gpu: Gpu, p: Product): void {
  if (p.m > MAX_VECTORS) {
    // The same product, transposed.
    const flip = (x: Strided) => ({ ...x, row: x.col, col: x.row });
    return vectors(gpu, { ...p, m: p.n, n: p.m, a: flip(p.b), b: flip(p.a), c: flip(p.c) });
  }
  const rows = p.m === 1 ? 1 : 4;
  const deepB = p.b.row === 1;
  const kernel = kernelOf(
    `matmul vectors ${rows} ${deepB}`,
    () => vectorProduct({ rows, a: A, b: B, deepB, store: STORE }),
  );
  dispatch(gpu, kernel, p, vectorGroups(p.n, deepB));
}

function dispatch(
  gpu: Gpu,
  kernel: ReturnType<typeof kernelOf>,
  p: Product,
  groups: number,
): void {
  const { a, b, c, m, n, k, batch, alpha, accumulate } = p;
  gpu.dispatch(kernel, {
    a: view(a.storage, a.offset, spanOf(a, batch, m, k)),
    b: view(b.storage, b.offset, spanOf(b, batch, k, n)),
    c: view(c.storage, c.offset, spanOf(c, batch, m, n)),
  }, {
    m,
    n,
    k,
    batch,
    alpha,
    accumulate: accumulate ? 1 : 0,
    diagonal: p.diagonal,
    strideA: a.stride,
    rowA: a.row,
    colA: a.col,
    strideB: b.stride,
    rowB: b.row,
    colB: b.col,
    strideC: c.stride,
    rowC: c.row,
    colC: c.col,
  }, batch * groups);
}
