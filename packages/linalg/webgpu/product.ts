// What all products have in common: where their sums go. In parts they go to an array of their own
// first, see matmul_parts.ts.

import type { Gpu } from "./gpu.ts";
import type { ElementType, Kernel, ParamType } from "./kernel.ts";
import { sumParts } from "./matmul_parts.ts";
import type { Parts } from "./matmul_plan.ts";
import { bound, spanOf, type Strided } from "./operand.ts";
import type { View } from "./storage.ts";

/** A product that fits the bindings, and how it is computed. */
export interface Product extends Parts {
  /** Names the kernel and its variant, but for how it stores. */
  readonly name: string;
  /** What is read, and the type it is bound as. */
  readonly reads: Readonly<Record<string, readonly [ElementType, View]>>;
  /** What the kernel is given beyond the sizes of the product. */
  readonly params: Readonly<Record<string, readonly [ParamType, number]>>;
  /** WGSL of the operands and of the entry point; see `tiledProduct` and `vectorProduct`. */
  readonly code: () => string;
  /** Workgroups for one entry of the batch and one part. */
  readonly groups: number;
  /** Whether sums are stored four at a time where they can be. */
  readonly isVector: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: number;
  readonly alpha: number;
  readonly accumulate: boolean;
  /** Element (i, j) is stored where j <= i + diagonal. */
  readonly diagonal: number;
  readonly c: Strided;
}

/** The diagonal of a product that is computed whole. */
export const NO_DIAGONAL: number = 2 ** 30;

const PARAMS = {
  m: "u32",
  n: "u32",
  k: "u32",
  batch: "u32",
  parts: "u32",
  depth: "u32",
  alpha: "f32",
  accumulate: "u32",
  diagonal: "i32",
  strideC: "u32",
  rowC: "u32",
  colC: "u32",
} as const;

// Products in parts must not read what a new array holds: it may be NaN.
const STORE_FOUR = /* wgsl */ `
fn store(entry: u32, i: u32, j: u32, sums: vec4f) {
  if (i >= p.m || j >= p.n) { return; }
  let at = p.c_at + (entry * p.strideC + i * p.rowC + j) / 4;
  if (p.accumulate == 0) { c[at] = p.alpha * sums; } else { c[at] += p.alpha * sums; }
}`;

const STORE_EACH = /* wgsl */ `
fn store_one(at: u32, sum: f32) {
  if (p.accumulate == 0) { c[at] = p.alpha * sum; } else { c[at] += p.alpha * sum; }
}
fn store(entry: u32, i: u32, j: u32, sums: vec4f) {
  if (i >= p.m) { return; }
  let end = min(i32(p.n), i32(i) + p.diagonal + 1);
  let at = p.c_at + entry * p.strideC + i * p.rowC + j * p.colC;
  if (i32(j) < end) { store_one(at, sums.x); }
  if (i32(j) + 1 < end) { store_one(at + p.colC, sums.y); }
  if (i32(j) + 2 < end) { store_one(at + 2 * p.colC, sums.z); }
  if (i32(j) + 3 < end) { store_one(at + 3 * p.colC, sums.w); }
}`;

/** Computes a product, in as many parts as are planned. */
export function runProduct(gpu: Gpu, p: Product): void {
  const { m, n, k, batch, parts, depth } = p;
  const scratch = parts > 1 ? gpu.allocate(batch * parts * m * n * 4) : undefined;
  const c: Strided = scratch
    ? { storage: scratch, isHalf: false, offset: 0, stride: m * n, row: n, col: 1 }
    : p.c;
  const isAligned = [c.offset, batch * parts > 1 ? c.stride : 0, c.row, n].every((x) =>
    x % 4 === 0
  );
  const isVector = p.isVector && p.diagonal === NO_DIAGONAL && c.col === 1 && isAligned;
  const entries = Object.entries(p.reads);
  const extra = Object.entries(p.params);
  const kernel: Kernel = {
    name: `${p.name}${isVector ? ", x4" : ""}`,
    reads: Object.fromEntries(entries.map(([name, [type]]) => [name, type])),
    writes: { c: isVector ? "vec4f" : "f32" },
    params: { ...PARAMS, ...Object.fromEntries(extra.map(([name, [type]]) => [name, type])) },
    code: () => `${isVector ? STORE_FOUR : STORE_EACH}\n${p.code()}`,
  };
  gpu.dispatch(kernel, {
    ...Object.fromEntries(entries.map(([name, [, array]]) => [name, array])),
    c: bound(c, { isHalf: false, isVector }, spanOf(c, batch * parts, m, n)),
  }, {
    m,
    n,
    k,
    batch,
    parts,
    depth,
    alpha: scratch ? 1 : p.alpha,
    accumulate: p.accumulate && !scratch ? 1 : 0,
    diagonal: p.diagonal,
    strideC: c.stride,
    rowC: c.row,
    colC: c.col,
    ...Object.fromEntries(extra.map(([name, [, value]]) => [name, value])),
  }, p.groups * batch * parts);
  if (!scratch) return;
  sumParts(gpu, { ...p, x: scratch });
  gpu.free(scratch);
}
