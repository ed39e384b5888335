// Gram matrices, summed with twice the precision of f32.
//
// T. Ogita, S. M. Rump, S. Oishi, "Accurate Sum and Dot Product", SIAM J. Sci. Comput. 26 (2005),
// algorithms 3.1 (two-sum), 3.3 (two-product) and 5.3 (Dot2); here with the result kept as a pair.
//
//   (s, e) = a + b exactly        (q, r) = a · b exactly
//   sum_high, e = sum_high + q    sum_low += e + r
//
// and (sum_high, sum_low) is normalized at every step, so that |sum_low| <= 2^-24 |sum_high|.
//
// Bound: |sum − Σ x_i y_i| <= 6 T · 2^-48 · Σ |x_i y_i| for T terms: per term, the two roundings of
// sum_low are of numbers up to 5 · 2^-24 Σ |x_i y_i| together, and that of normalizing is smaller.
// Measured against exact sums: 0.7 √T · 2^-48, where a loop in f64 has 1e-15 for T = 1000. It holds
// as long as no product overflows (3.4e38) and no error of one underflows (products above 2^-102 are
// safe). An infinite or NaN sum has a low part of 0. Cost: T · n² two-products and two-sums; half of
// them where the matrix fits one binding, as tiles below the diagonal are mirrored.
//
// Departs from the paper: numbers are split by masking bits, which cannot overflow. WGSL lets the
// compiler reorder sums and fuse products into them; Mesa's does, and loses all compensation (1e-6
// instead of 1e-13). So every intermediate is hidden behind an exclusive-or with a zero that only
// the host knows to be one.

import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";

const TILE = 32;
const DEPTH = 16;
const SIDE = 16;

const COMPENSATED = /* wgsl */ `
fn hidden(v: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(v) ^ p.zero);
}
fn two_sum(a: f32, b: f32) -> vec2f {
  let s = hidden(a + b);
  let t = hidden(s - a);
  let e = hidden(a - hidden(s - t));
  return vec2f(s, e + hidden(b - t));
}
// The upper 12 bits of a number, and the rest.
fn halves(v: f32) -> vec2f {
  let high = bitcast<f32>(bitcast<u32>(v) & (0xfffff000u ^ p.zero));
  return vec2f(high, hidden(v - high));
}
fn two_product(a: f32, b: f32) -> vec2f {
  let q = hidden(a * b);
  let x = halves(a);
  let y = halves(b);
  // Each of the four is exact in f32, and so is each sum.
  let r1 = hidden(hidden(x.x * y.x) - q);
  let r2 = hidden(r1 + hidden(x.x * y.y));
  let r3 = hidden(r2 + hidden(x.y * y.x));
  return vec2f(q, r3 + hidden(x.y * y.y));
}
// A low part that came loose is taken up by the high part, so that it stays small, and so do its
// own errors.
fn normalized(high: f32, low: f32) -> vec2f {
  let is_finite = (bitcast<u32>(high) & 0x7f800000u) != 0x7f800000u;
  let rest = select(0, low, is_finite);
  let sum = hidden(high + rest);
  return vec2f(sum, select(0, hidden(rest - hidden(sum - high)), is_finite));
}
fn add_product(sum: vec2f, a: f32, b: f32) -> vec2f {
  let product = two_product(a, b);
  let high = two_sum(sum.x, product.x);
  return normalized(high.x, hidden(sum.y + hidden(high.y + product.y)));
}
fn add_pairs(a: vec2f, b: vec2f) -> vec2f {
  let high = two_sum(a.x, b.x);
  return normalized(high.x, hidden(high.y + hidden(a.y + b.y)));
}`;

const GRAM: Kernel<
  "x",
  "into",
  "tokens" | "cols" | "firstRow" | "rows" | "isMirrored" | "zero"
> = {
  name: "gram",
  reads: { x: "f32" },
  writes: { into: "pair" },
  params: {
    tokens: "u32",
    cols: "u32",
    firstRow: "u32",
    rows: "u32",
    isMirrored: "u32",
    zero: "u32",
  },
  code: () => /* wgsl */ `
${COMPENSATED}
var<workgroup> tile_a: array<f32, ${DEPTH * TILE}>;
var<workgroup> tile_b: array<f32, ${DEPTH * TILE}>;

fn add_into(i: u32, j: u32, sum: vec2f) {
  let at = p.into_at + (i - p.firstRow) * p.cols + j;
  into[at] = add_pairs(into[at], sum);
}

${MAIN}
  let tiles_across = (p.cols + ${TILE - 1}u) / ${TILE}u;
  let row = p.firstRow + group / tiles_across * ${TILE}u;
  let col = group % tiles_across * ${TILE}u;
  let end = p.firstRow + p.rows;
  if (row >= end || (p.isMirrored != 0u && row > col)) { return; }
  let down = local / ${SIDE}u;
  let across = local % ${SIDE}u;
  var sum00 = vec2f();
  var sum01 = vec2f();
  var sum10 = vec2f();
  var sum11 = vec2f();
  for (var start = 0u; start < p.tokens; start += ${DEPTH}u) {
    for (var e = local; e < ${DEPTH * TILE}u; e += ${GROUP_SIZE}u) {
      let token = start + e / ${TILE}u;
      let line = e % ${TILE}u;
      tile_a[e] = 0;
      tile_b[e] = 0;
      if (token < p.tokens) {
        if (row + line < p.cols) { tile_a[e] = x[p.x_at + token * p.cols + row + line]; }
        if (col + line < p.cols) { tile_b[e] = x[p.x_at + token * p.cols + col + line]; }
      }
    }
    workgroupBarrier();
    for (var line = 0u; line < ${DEPTH * TILE}u; line += ${TILE}u) {
      let a0 = tile_a[line + down];
      let a1 = tile_a[line + down + ${SIDE}u];
      let b0 = tile_b[line + across];
      let b1 = tile_b[line + across + ${SIDE}u];
      sum00 = add_product(sum00, a0, b0);
      sum01 = add_product(sum01, a0, b1);
      sum10 = add_product(sum10, a1, b0);
      sum11 = add_product(sum11, a1, b1);
    }
    workgroupBarrier();
  }
  var sums = array<vec2f, 4>(sum00, sum01, sum10, sum11);
  for (var e = 0u; e < 4u; e++) {
    let i = row + down + e / 2u * ${SIDE}u;
    let j = col + across + e % 2u * ${SIDE}u;
    if (i < end && j < p.cols) {
      add_into(i, j, sums[e]);
      if (p.isMirrored != 0u && row != col) { add_into(j, i, sums[e]); }
    }
  }
}`,
};

/** `into += xᵀ x`, x f32 `[rows, cols]`, into pairs `[cols, cols]`. */
export function gram(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["gram"]>[0]): void {
  const { x, into, rows: tokens, cols } = p;
  const isMirrored = cols * cols * 2 <= gpu.maxWords;
  for (const [token, count] of pieces(tokens, gpu.maxWords / cols)) {
    for (const [firstRow, rows] of pieces(cols, gpu.maxWords / 2 / cols)) {
      gpu.dispatch(GRAM, {
        x: view(x, token * cols, count * cols),
        into: view(into, firstRow * cols, rows * cols),
      }, {
        tokens: count,
        cols,
        firstRow,
        rows,
        isMirrored: isMirrored ? 1 : 0,
        zero: 0,
      }, Math.ceil(rows / TILE) * Math.ceil(cols / TILE));
    }
  }
}
