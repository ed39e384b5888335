// The nearest row of a codebook to each row of x, as wasm/assembly/nearest.ts scores them. One
// invocation has one row of x and scores a tile of codewords at a time, which the workgroup reads
// together; x · c − ‖c‖² / 2 is summed as Σ c (x − c / 2).

import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type Kernel, mainOf } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { view } from "./storage.ts";
import type { GpuStorage } from "./storage.ts";

/** Rows of x in a workgroup. */
const ROWS = 64;
/** Codewords in a tile, and how many of their elements are read at a time. */
const CODEWORDS = 16;
const DEPTH = 16;

const NEAREST: Kernel<"x" | "codebook", "out", "rows" | "cols" | "count"> = {
  name: "nearest",
  reads: { x: "f32", codebook: "f32" },
  writes: { out: "u32" },
  params: { rows: "u32", cols: "u32", count: "u32" },
  code: () => /* wgsl */ `
// Transposed, so that an element of all codewords is four vectors.
var<workgroup> tile: array<array<f32, ${CODEWORDS}>, ${DEPTH}>;
// Tests bits, which no compiler skips: scores that are not finite win nothing.
fn is_finite(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7f800000u) != 0x7f800000u;
}
${mainOf(ROWS)}
  let row = group * ${ROWS}u + local;
  let start = p.x_at + min(row, p.rows - 1u) * p.cols;
  var best = 0.0;
  var nearest = 0u;
  var isFound = false;
  for (var first = 0u; first < p.count; first += ${CODEWORDS}u) {
    var scores = array<f32, ${CODEWORDS}>();
    for (var low = 0u; low < p.cols; low += ${DEPTH}u) {
      workgroupBarrier();
      for (var i = local; i < ${CODEWORDS * DEPTH}u; i += ${ROWS}u) {
        let codeword = first + i / ${DEPTH}u;
        let col = low + i % ${DEPTH}u;
        var value = 0.0;
        if (codeword < p.count && col < p.cols) {
          value = codebook[p.codebook_at + codeword * p.cols + col];
        }
        tile[i % ${DEPTH}u][i / ${DEPTH}u] = value;
      }
      workgroupBarrier();
      for (var k = 0u; k < min(${DEPTH}u, p.cols - low); k++) {
        let v = x[start + low + k];
        for (var j = 0u; j < ${CODEWORDS}u; j++) {
          let c = tile[k][j];
          scores[j] = fma(c, fma(-0.5, c, v), scores[j]);
        }
      }
    }
    for (var j = 0u; j < min(${CODEWORDS}u, p.count - first); j++) {
      if (is_finite(scores[j]) && (!isFound || scores[j] > best)) {
        best = scores[j];
        nearest = first + j;
        isFound = true;
      }
    }
  }
  if (row < p.rows) { out[p.out_at + row] = nearest; }
}`,
};

/** Finds the nearest codeword of each row. */
export function nearest(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["nearest"]>[0]): void {
  const { x, out, rows, cols, count } = p;
  const codebook = view(p.codebook, 0, count * cols);
  for (const [row, height] of pieces(rows, gpu.maxWords / cols)) {
    gpu.dispatch(
      NEAREST,
      { x: view(x, row * cols, height * cols), codebook, out: view(out, row, height) },
      { rows: height, cols, count },
      Math.ceil(height / ROWS),
    );
  }
}
