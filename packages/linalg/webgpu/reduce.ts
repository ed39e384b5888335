// Reductions of rows and columns. What is too long for one workgroup, or for one binding, is
// reduced in segments first, and their results are reduced again.

import type { Reduction } from "../device.ts";
import type { Kernels } from "../kernels.ts";
import { type Gpu, type GpuStorage, view } from "./gpu.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { COMBINED_AS, ELEMENT_OF, lanesFor, LARGER, treeReduction } from "./tree.ts";

interface ReduceParams {
  x: GpuStorage;
  out: GpuStorage;
  rows: number;
  cols: number;
  reduction: Reduction;
}

/** Elements of a row, or of a column, that one group of lanes reduces. */
const ROW_SEGMENT = 8192;
const COL_SEGMENT = 1024;

/** Columns that a workgroup reduces side by side. */
const COLS = 32;

/** Reduces every row, or every column, to one number. */
export function reduce(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["reduce"]>[0]): void {
  if (p.along === "rows") reduceRows(gpu, p);
  else reduceCols(gpu, p);
}

/** What is not in the row leaves every reduction as it is. */
function initialOf(reduction: Reduction): number {
  return reduction === "max" ? -Infinity : 0;
}

function step(reduction: Reduction, value: string): string {
  return COMBINED_AS[reduction] === "sum"
    ? `total += ${value};`
    : `total = larger(total, ${value});`;
}

function rowsKernel(
  reduction: Reduction,
  lanes: number,
): Kernel<"x", "out", "rows" | "lead" | "length" | "segment" | "segments" | "outLead" | "initial"> {
  return {
    name: `reduce rows ${reduction} ${lanes}`,
    reads: { x: "f32" },
    writes: { out: "f32" },
    params: {
      rows: "u32",
      lead: "u32",
      length: "u32",
      segment: "u32",
      segments: "u32",
      outLead: "u32",
      initial: "f32",
    },
    code: () => /* wgsl */ `
${LARGER}
${treeReduction("total", COMBINED_AS[reduction], lanes, GROUP_SIZE)}
${MAIN}
  let item = group * ${GROUP_SIZE / lanes}u + local / ${lanes}u;
  let row = item / p.segments;
  let start = item % p.segments * p.segment;
  let end = select(0, min(start + p.segment, p.length), row < p.rows);
  var total = p.initial;
  for (var i = start + local % ${lanes}u; i < end; i += ${lanes}u) {
    let v = x[p.x_at + row * p.lead + i];
    ${step(reduction, ELEMENT_OF[reduction])}
  }
  total = reduce_total(local, total);
  if (row < p.rows && local % ${lanes}u == 0u) {
    out[p.out_at + row * p.outLead + item % p.segments] = total;
  }
}`,
  };
}

function reduceRows(gpu: Gpu, { x, out, rows, cols, reduction }: ReduceParams): void {
  const segment = Math.min(ROW_SEGMENT, gpu.maxWords);
  const segments = Math.ceil(cols / segment);
  const target = segments > 1 ? gpu.allocate(rows * segments * 4) : out;
  const lanes = lanesFor(cols);
  const kernel = rowsKernel(reduction, lanes);
  const initial = initialOf(reduction);
  const run = (row: number, count: number, first: number, length: number) => {
    const part = Math.ceil(length / segment);
    gpu.dispatch(kernel, {
      x: view(x, row * cols + first, (count - 1) * cols + length),
      out: view(target, row * segments + first / segment, (count - 1) * segments + part),
    }, {
      rows: count,
      lead: cols,
      length,
      segment,
      segments: part,
      outLead: segments,
      initial,
    }, Math.ceil(count * part * lanes / GROUP_SIZE));
  };
  if (cols <= gpu.maxWords) {
    for (const [row, count] of pieces(rows, gpu.maxWords / cols)) run(row, count, 0, cols);
  } else {
    for (let row = 0; row < rows; row++) {
      for (const [first, length] of pieces(cols, gpu.maxWords, segment)) {
        run(row, 1, first, length);
      }
    }
  }
  if (target === out) return;
  reduceRows(gpu, { x: target, out, rows, cols: segments, reduction: COMBINED_AS[reduction] });
  gpu.free(target);
}

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

function reduceCols(gpu: Gpu, { x, out, rows, cols, reduction }: ReduceParams): void {
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
  const segment = Math.min(COL_SEGMENT, fitting);
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
