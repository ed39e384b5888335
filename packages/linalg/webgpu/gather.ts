// Picked rows or columns, of words (f32, u32), of pairs (f64), of halves, two to a word, or of bytes,
// four to a word. A matrix
// that takes several bindings is gone through part by part; each part serves the rows that lie in it.

import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, type View, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { type Piece, pieces } from "./pieces.ts";

type GatherParams = Parameters<Kernels<GpuStorage>["gather"]>[0];

type Element = "u32" | "pair" | "half" | "byte";

const ELEMENT_OF = { f32: "u32", u32: "u32", f64: "pair", f16: "half", u8: "byte" } as const;

/** How many elements there are to an element of the kernel's arrays. */
const PER_ENTRY: Readonly<Record<Element, number>> = { u32: 1, pair: 1, half: 2, byte: 4 };

// Where element i of the result comes from.
const SOURCE_ROW = {
  rows: "min(indices[p.indices_at + i / p.width], p.lastRow)",
  cols: "p.firstRow + i / p.width",
};
const SOURCE_COL = {
  rows: "i % p.width",
  cols: "min(indices[p.indices_at + i % p.width], p.cols - 1)",
};

/** One element an invocation. */
const COPY_ELEMENT = `
  if (i >= p.length || !is_here(i)) { return; }
  out[p.out_at + i] = x[p.x_at + source_of(i)];`;

/** One word of several elements an invocation; what other parts bring to the word is kept. */
const copyPacked = (count: number) => `
  if (${count} * i >= p.length) { return; }
  var word = out[p.out_at + i];
  for (var j = ${count} * i; j < min(${count} * i + ${count}, p.length); j++) {
    if (is_here(j)) {
      let at = p.first + source_of(j);
      let bits = extractBits(x[p.x_at + at / ${count}], at % ${count} * ${32 / count}, ${
  32 / count
});
      word = insertBits(word, bits, j % ${count} * ${32 / count}, ${32 / count});
    }
  }
  out[p.out_at + i] = word;`;

function gatherKernel(along: "rows" | "cols", element: Element): Kernel<
  "x" | "indices",
  "out",
  "length" | "width" | "cols" | "lastRow" | "firstRow" | "rows" | "first"
> {
  const type = element === "pair" ? "pair" : "u32";
  const perEntry = PER_ENTRY[element];
  return {
    name: `gather ${along} ${element}`,
    reads: { x: type, indices: "u32" },
    writes: { out: type },
    params: {
      length: "u32",
      width: "u32",
      cols: "u32",
      lastRow: "u32",
      firstRow: "u32",
      rows: "u32",
      first: "u32",
    },
    code: () => /* wgsl */ `
fn is_here(i: u32) -> bool {
  let row = ${SOURCE_ROW[along]};
  return row >= p.firstRow && row - p.firstRow < p.rows;
}
fn source_of(i: u32) -> u32 {
  return (${SOURCE_ROW[along]} - p.firstRow) * p.cols + ${SOURCE_COL[along]};
}
${MAIN}
  let i = group * ${GROUP_SIZE}u + local;
  ${perEntry > 1 ? copyPacked(perEntry) : COPY_ELEMENT}
}`,
  };
}

/** Picks rows, `out[i, j] = x[indices[i], j]`, or columns, `out[i, j] = x[i, indices[j]]`. */
export function gather(gpu: Gpu, p: GatherParams): void {
  const { x, indices, out, rows, cols, count, along } = p;
  const element = ELEMENT_OF[p.dtype];
  const kernel = gatherKernel(along, element);
  const perEntry = PER_ENTRY[element];
  const width = along === "rows" ? cols : count;
  const most = gpu.maxWords * (element === "pair" ? 0.5 : perEntry);
  // As many rows as there are elements to a word, wherever they start, start with a word.
  const unit = perEntry;

  const run = ([firstRow, height]: Piece, [outRow, outHeight]: Piece, picked: View) => {
    const length = outHeight * width;
    const first = firstRow * cols;
    const start = outRow * width;
    gpu.dispatch(kernel, {
      x: packedView(x, first, height * cols, perEntry),
      indices: picked,
      out: packedView(out, start, length, perEntry),
    }, {
      length,
      width,
      cols,
      lastRow: rows - 1,
      firstRow,
      rows: height,
      first: first % perEntry,
    }, Math.ceil(length / perEntry / GROUP_SIZE));
  };

  if (along === "cols") {
    for (const part of pieces(rows, Math.min(most / cols, most / count), unit)) {
      run(part, part, view(indices, 0, count));
    }
    return;
  }
  for (const outPart of pieces(count, most / cols, unit)) {
    for (const part of pieces(rows, most / cols)) {
      run(part, outPart, view(indices, outPart[0], outPart[1]));
    }
  }
}

/** The entries that hold some elements, of which several may lie in one. */
function packedView(storage: GpuStorage, first: number, count: number, perEntry: number): View {
  const entry = Math.floor(first / perEntry);
  return view(storage, entry, Math.ceil((first + count) / perEntry) - entry);
}
