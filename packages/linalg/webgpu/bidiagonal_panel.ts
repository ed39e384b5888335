// A panel of the reduction to bidiagonal form; names and formulas are those of
// `reference/bidiagonal_panel.ts`. Products with the matrix and with all vectors of the panel are
// matrix products; vectors that are not there yet are zero, so that they add nothing.

import type { MatmulParams } from "../kernels.ts";
import type { BidiagonalPanelParams } from "../step_kernels.ts";
import { copyBlock } from "./copy_block.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE, type Kernel, MAIN, mainOf } from "./kernel.ts";
import { matmul } from "./matmul.ts";
import { type GpuStorage, view } from "./storage.ts";
import { LARGER, treeReduction } from "./tree.ts";

/** What one half of a step reads and writes. */
interface Half {
  /** Where the new vector goes, and what it is corrected by. */
  readonly panel: GpuStorage;
  /** The panel of the other side. */
  readonly other: GpuStorage;
  /** Of the vectors of `other` with each other. */
  readonly products: GpuStorage;
  /** Holds τ. */
  readonly triangle: GpuStorage;
}

/** The most steps of a panel. */
const MAX_WIDTH = 64;

/**
 * H = I - τ v vᵀ of the vector x without its first `at` elements, which are zero in v; v is row `own`
 * of the panel, and `vector`.
 */
const REFLECT: Kernel<
  "x",
  "panel" | "vector" | "band" | "triangle",
  "size" | "at" | "own" | "beside" | "corner"
> = {
  name: "bidiagonal reflect",
  reads: { x: "f32" },
  writes: { panel: "f32", vector: "f32", band: "f32", triangle: "f32" },
  params: { size: "u32", at: "u32", own: "u32", beside: "u32", corner: "u32" },
  code: () => /* wgsl */ `
${LARGER}
${treeReduction("most", "max", GROUP_SIZE, GROUP_SIZE)}
${treeReduction("squares", "sum", GROUP_SIZE, GROUP_SIZE)}
${MAIN}
  var most = 0.0;
  for (var i = p.at + 1u + local; i < p.size; i += ${GROUP_SIZE}u) {
    most = max(most, abs(x[p.x_at + i]));
  }
  most = reduce_most(local, most);
  // Beside a matrix of norm 1 or more this is nothing, and its inverse is no number to count with.
  let isNothing = most < 1e-30;
  let inverse = select(1 / most, 0, isNothing);
  var squares = 0.0;
  for (var i = p.at + 1u + local; i < p.size; i += ${GROUP_SIZE}u) {
    let value = x[p.x_at + i] * inverse;
    squares += value * value;
  }
  squares = reduce_squares(local, squares);
  let alpha = x[p.x_at + p.at];
  let rest = most * sqrt(squares);
  let larger_side = max(abs(alpha), rest);
  let ratio = min(abs(alpha), rest) / larger_side;
  let norm = larger_side * sqrt(1 + ratio * ratio);
  let beta = select(select(norm, -norm, alpha > 0), alpha, isNothing);
  let factor = select(1 / (alpha - beta), 0, isNothing);
  for (var i = local; i < p.size; i += ${GROUP_SIZE}u) {
    var v = select(x[p.x_at + i] * factor, 1, i == p.at);
    if (i < p.at) { v = 0; }
    panel[p.panel_at + p.own * p.size + i] = v;
    vector[p.vector_at + i] = v;
  }
  if (local == 0u) {
    band[p.band_at + p.beside] = beta;
    triangle[p.triangle_at + p.corner] = select((beta - alpha) / beta, 0, isNothing);
  }
}`,
};

/**
 * Row `own` of the panel: τ (product - Σ_k along_k panel_k); and of the line of the matrix, what the
 * panel leaves of it: line - Σ_k other[k, at] panel_k - that row.
 */
const CORRECT: Kernel<
  "product" | "along" | "other" | "line" | "triangle",
  "panel" | "x",
  "size" | "count" | "at" | "step" | "own"
> = {
  name: "bidiagonal correct",
  reads: { product: "f32", along: "f32", other: "f32", line: "f32", triangle: "f32" },
  writes: { panel: "f32", x: "f32" },
  params: { size: "u32", count: "u32", at: "u32", step: "u32", own: "u32" },
  code: () =>
    /* wgsl */ `${MAIN}
  let j = group * ${GROUP_SIZE}u + local;
  if (j >= p.size) { return; }
  var own = product[p.product_at + j];
  var rest = line[p.line_at + j];
  for (var k = 0u; k < p.count; k++) {
    let value = panel[p.panel_at + k * p.size + j];
    own -= along[p.along_at + k] * value;
    rest -= other[p.other_at + k * p.size + p.at] * value;
  }
  let tau = triangle[p.triangle_at + p.step * (p.count / 2u + 1u)];
  own = select(0, tau * own, j > p.step);
  panel[p.panel_at + p.own * p.size + j] = own;
  x[p.x_at + j] = rest - own;
}`,
};

/** T[i, j] = -τ_j Σ_l T[i, l] products[j, l]; one invocation a row, which no other one reads. */
const TRIANGLE: Kernel<"products", "triangle", "width" | "first"> = {
  name: "bidiagonal triangle",
  reads: { products: "f32" },
  writes: { triangle: "f32" },
  params: { width: "u32", first: "u32" },
  code: () =>
    /* wgsl */ `${mainOf(MAX_WIDTH)}
  let i = group * ${MAX_WIDTH}u + local;
  if (i >= p.width) { return; }
  for (var j = i + 1u; j < p.width; j++) {
    var sum = 0.0;
    for (var l = i; l < j; l++) {
      sum += triangle[p.triangle_at + i * p.width + l] *
        products[p.products_at + j * 2u * p.width + p.first + l];
    }
    triangle[p.triangle_at + i * p.width + j] =
      -sum * triangle[p.triangle_at + j * p.width + j];
  }
}`,
};

/** Reduces a panel. */
export function bidiagonalPanel(gpu: Gpu, p: BidiagonalPanelParams<GpuStorage>): void {
  const { width, rows, cols, band, left, right } = p;
  const size = p.size - p.first;
  const count = 2 * width;
  for (const array of [rows, cols]) gpu.clear(array, 4 * count * size);
  for (const array of [left, right]) gpu.clear(array, 4 * width * width);
  gpu.clear(band, 4 * count);
  const lengths = [size, size, size, size, count * width, count * width];
  const work = lengths.map((length) => gpu.allocate(4 * length));
  const [x, vector, product, line, leftProducts, rightProducts] = work;
  for (const products of [leftProducts, rightProducts]) gpu.clear(products, 4 * count * width);
  const trailing = p.first === 0 ? p.a : gpu.allocate(4 * size * size);
  if (p.first > 0) {
    copyBlock(gpu, {
      source: p.a,
      sourceOffset: p.first * (p.size + 1),
      sourceLead: p.size,
      target: trailing,
      targetOffset: 0,
      targetLead: size,
      rows: size,
      cols: size,
      dtype: "f32",
    });
  }

  const copyLine = (target: GpuStorage, isColumn: boolean, index: number) =>
    copyBlock(gpu, {
      source: trailing,
      sourceOffset: isColumn ? index : index * size,
      sourceLead: size,
      target,
      targetOffset: 0,
      targetLead: isColumn ? 1 : size,
      rows: isColumn ? size : 1,
      cols: isColumn ? 1 : size,
      dtype: "f32",
    });
  const reflect = (panel: GpuStorage, own: number, at: number, triangle: GpuStorage, i: number) =>
    gpu.dispatch(
      REFLECT,
      {
        x: view(x, 0, size),
        panel: view(panel, 0, count * size),
        vector: view(vector, 0, size),
        band: view(band, 0, count),
        triangle: view(triangle, 0, width * width),
      },
      { size, at, own, beside: own, corner: i * (width + 1) },
      1,
    );
  const times = (
    own: Pick<MatmulParams<GpuStorage>, "b" | "c" | "n" | "transposeB" | "offsetC">,
  ) =>
    matmul(gpu, {
      ...own,
      ...{ a: vector, dtype: "f32", dtypeA: "f32", dtypeB: "f32", m: 1, k: size, batch: 1 },
      ...{ strideA: 0, strideB: 0, strideC: 0, transposeA: false, alpha: 1, accumulate: false },
      ...{ leadC: own.n, lower: false },
    });
  /** The products of the vector with the matrix, or its transpose, and with all of a panel. */
  const multiply = (isTransposed: boolean, panel: GpuStorage, products: GpuStorage, i: number) => {
    times({ b: trailing, c: product, n: size, transposeB: !isTransposed, offsetC: 0 });
    times({ b: panel, c: products, n: count, transposeB: true, offsetC: i * count });
  };
  const correct = (half: Half, own: number, at: number, i: number) =>
    gpu.dispatch(
      CORRECT,
      {
        product: view(product, 0, size),
        along: view(half.products, i * count, count),
        other: view(half.other, 0, count * size),
        line: view(line, 0, size),
        triangle: view(half.triangle, 0, width * width),
        panel: view(half.panel, 0, count * size),
        x: view(x, 0, size),
      },
      { size, count, at, step: i, own },
      Math.ceil(size / GROUP_SIZE),
    );

  const ofColumns = { panel: cols, other: rows, products: leftProducts, triangle: left };
  const ofRows = { panel: rows, other: cols, products: rightProducts, triangle: right };
  copyLine(x, true, 0);
  for (let i = 0; i < width; i++) {
    reflect(rows, i, i, left, i);
    if (i + 1 === size) break;
    multiply(true, rows, leftProducts, i);
    copyLine(line, false, i);
    correct(ofColumns, i, i, i);
    reflect(cols, width + i, i + 1, right, i);
    multiply(false, cols, rightProducts, i);
    copyLine(line, true, i + 1);
    correct(ofRows, width + i, i + 1, i);
  }
  for (const { products, triangle } of [ofColumns, ofRows]) {
    gpu.dispatch(
      TRIANGLE,
      {
        products: view(products, 0, count * width),
        triangle: view(triangle, 0, width * width),
      },
      { width, first: triangle === left ? 0 : width },
      1,
    );
  }
  for (const storage of work) gpu.free(storage);
  if (trailing !== p.a) gpu.free(trailing);
}
