// Products of few elements and a long inner dimension are computed in parts of it, so that there is
// work for the whole machine; the parts are added up in order, and so give the same bits every time.

import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { type GpuStorage, view } from "./storage.ts";

const SUM: Kernel<
  "x",
  "c",
  "length" | "m" | "n" | "parts" | "alpha" | "accumulate" | "strideC" | "rowC" | "colC"
> = {
  name: "sum of parts",
  reads: { x: "f32" },
  writes: { c: "f32" },
  params: {
    length: "u32",
    m: "u32",
    n: "u32",
    parts: "u32",
    alpha: "f32",
    accumulate: "u32",
    strideC: "u32",
    rowC: "u32",
    colC: "u32",
  },
  code: () =>
    /* wgsl */ `${MAIN}
  let index = group * ${GROUP_SIZE} + local;
  if (index >= p.length) { return; }
  let size = p.m * p.n;
  let entry = index / size;
  let element = index % size;
  var sum = 0.0;
  for (var s = 0u; s < p.parts; s++) {
    sum += x[p.x_at + (entry * p.parts + s) * size + element];
  }
  let at = p.c_at + entry * p.strideC + element / p.n * p.rowC + element % p.n * p.colC;
  if (p.accumulate == 0) { c[at] = p.alpha * sum; } else { c[at] += p.alpha * sum; }
}`,
};

/** Where the parts of a product are added up. */
export interface PartSums {
  /** `[batch, parts, m, n]`. */
  readonly x: GpuStorage;
  readonly parts: number;
  readonly m: number;
  readonly n: number;
  readonly batch: number;
  readonly alpha: number;
  readonly accumulate: boolean;
  /** The elements of `c` from the first that is written to the last. */
  readonly c: { storage: GpuStorage; offset: number; stride: number; row: number; col: number };
}

/** `c = alpha · Σ parts (+ c)`. */
export function sumParts(gpu: Gpu, p: PartSums): void {
  const { x, parts, m, n, batch, alpha, accumulate, c } = p;
  const length = batch * m * n;
  const span = (batch - 1) * c.stride + (m - 1) * c.row + (n - 1) * c.col + 1;
  gpu.dispatch(SUM, {
    x: view(x, 0, length * parts),
    c: view(c.storage, c.offset, span),
  }, {
    length,
    m,
    n,
    parts,
    alpha,
    accumulate: accumulate ? 1 : 0,
    strideC: c.stride,
    rowC: c.row,
    colC: c.col,
  }, Math.ceil(length / GROUP_SIZE));
}
