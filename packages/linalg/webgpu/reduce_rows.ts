import type { Reduction } from "../device.ts";
import type { Gpu } from "./gpu.ts";
import { view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { COMBINED_AS, ELEMENT_OF, initialOf, type ReduceParams, step } from "./reduction.ts";
import { lanesFor, LARGER, treeReduction } from "./tree.ts";

/** Elements of a row that one group of lanes reduces. */
const SEGMENT = 8192;

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

/**
 * Reduces every row to one number.
 *
 * A row too long for one group of lanes, or for one binding, is reduced in segments first, and their
 * results are reduced again.
 */
export function reduceRows(gpu: Gpu, { x, out, rows, cols, reduction }: ReduceParams): void {
  const segment = Math.min(SEGMENT, gpu.maxWords);
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
