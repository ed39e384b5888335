import type { Reduction } from "../device.ts";
import type { Gpu } from "./gpu.ts";
import { view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { COMBINED_AS, ELEMENT_OF, initialOf, type ReduceParams, step } from "./reduction.ts";
import { LARGER, treeReduction } from "./tree.ts";

/** Elements of a column that one group of lanes reduces. */
const SEGMENT = 1024;

/** Columns that a workgroup reduces side by side. */
const COLS = 32;

function colsKernel(
  reduction: Reduction,
): Kernel<
  "x",
  "out",
  "rows" | "cols" | "segment" | "segments" | "isAdded" | "initial"
> {
  const lanes = GROUP_SIZE / COLS;
  const combine = COMBINED_AS[reduction];
  // The tree reduces neighbours, so lanes that share a column are exchanged to stand side by side.
  return {
    name: `reduce cols ${reduction}`,
    reads: { x: "f32" },
    writes: { out: "f32" },
    params: {
      rows: "u32",
      cols: "u32",
      segment: "u32",
      segments: "u32",
      isAdded: "u32",
      initial: "f32",
    },
    code: () => /* wgsl */ `
${LARGER}
${treeReduction("total", combine, lanes, GROUP_SIZE)}
var<workgroup> lanes: array<f32, ${GROUP_SIZE}>;
${MAIN}
  let blocks = (p.cols + ${COLS - 1}u) / ${COLS}u;
  let segment = group / blocks;
  let first = group % blocks * ${COLS}u;
  let start = segment * p.segment;
  let end = select(0, min(start + p.segment, p.rows), segment < p.segments);
  var total = p.initial;
  if (first + local % ${COLS}u < p.cols) {
    for (var i = start + local / ${COLS}u; i < end; i += ${lanes}u) {
      let v = x[p.x_at + i * p.cols + first + local % ${COLS}u];
      ${step(reduction, ELEMENT_OF[reduction])}
    }
  }
  lanes[local % ${COLS}u * ${lanes}u + local / ${COLS}u] = total;
  workgroupBarrier();
  total = reduce_total(local, lanes[local]);
  let col = first + local / ${lanes}u;
  if (segment < p.segments && col < p.cols && local % ${lanes}u == 0u) {
    let at = p.out_at + segment * p.cols + col;
    if (p.isAdded != 0u) {
      ${step(combine, "out[at]")}
    }
    out[at] = total;
  }
}`,
  };
}

/**
 * Reduces every column to one number.
 *
 * Columns too long for one group of lanes, or for one binding, are reduced in segments of rows first,
 * and their results are reduced again.
 */
export function reduceCols(gpu: Gpu, { x, out, rows, cols, reduction }: ReduceParams): void {
  const kernel = colsKernel(reduction);
  const initial = initialOf(reduction);
  if (2 * cols > gpu.maxWords) {
    // Not even two rows fit: one after the other, in pieces, onto the result.
    for (let row = 0; row < rows; row++) {
      for (const [col, count] of pieces(cols, gpu.maxWords)) {
        gpu.dispatch(
          kernel,
          { x: view(x, row * cols + col, count), out: view(out, col, count) },
          { rows: 1, cols: count, segment: 1, segments: 1, isAdded: row > 0 ? 1 : 0, initial },
          Math.ceil(count / COLS),
        );
      }
    }
    return;
  }
  const fitting = Math.floor(gpu.maxWords / cols);
  const segment = Math.min(SEGMENT, fitting);
  const segments = Math.ceil(rows / segment);
  const target = segments > 1 ? gpu.allocate(segments * cols * 4) : out;
  for (const [row, count] of pieces(rows, fitting, segment)) {
    const part = Math.ceil(count / segment);
    gpu.dispatch(kernel, {
      x: view(x, row * cols, count * cols),
      out: view(target, row / segment * cols, part * cols),
    }, {
      rows: count,
      cols,
      segment,
      segments: part,
      isAdded: 0,
      initial,
    }, part * Math.ceil(cols / COLS));
  }
  if (target === out) return;
  reduceCols(gpu, { x: target, out, rows: segments, cols, reduction: COMBINED_AS[reduction] });
  gpu.free(target);
}
