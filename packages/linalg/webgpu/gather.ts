// Picked rows or columns, of words (f32, u32), of pairs (f64), or of bytes, four to a word. A matrix
// that takes several bindings is gone through part by part; each part serves the rows that lie in it.

import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, type View, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { type Piece, pieces } from "./pieces.ts";

type GatherParams = Parameters<Kernels<GpuStorage>["gather"]>[0];

type Element = "u32" | "pair" | "byte";

const ELEMENT_OF = { f32: "u32", u32: "u32", f64: "pair", u8: "byte" } as const;

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

/** One word of four bytes an invocation; what other parts bring to the word is kept. */
const COPY_BYTES = `
  if (4 * i >= p.length) { return; }
  var word = out[p.out_at + i];
  for (var j = 4 * i; j < min(4 * i + 4, p.length); j++) {
    if (is_here(j)) {
      let byte = p.firstByte + source_of(j);
      let code = extractBits(x[p.x_at + byte / 4], byte % 4 * 8, 8);
      word = insertBits(word, code, j % 4 * 8, 8);
    }
  }
  out[p.out_at + i] = word;`;

function gatherKernel(along: "rows" | "cols", element: Element): Kernel<
  "x" | "indices",
  "out",
  "length" | "width" | "cols" | "lastRow" | "firstRow" | "rows" | "firstByte"
> {
  const type = element === "byte" ? "u32" : element;
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
      firstByte: "u32",
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
  ${element === "byte" ? COPY_BYTES : COPY_ELEMENT}
}`,
  };
}

/** Picks rows, `out[i, j] = x[indices[i], j]`, or columns, `out[i, j] = x[i, indices[j]]`. */
export function gather(gpu: Gpu, p: GatherParams): void {
  const { x, indices, out, rows, cols, count, along } = p;
  const element = ELEMENT_OF[p.dtype];
  const kernel = gatherKernel(along, element);
  const perWord = element === "byte" ? 4 : element === "pair" ? 0.5 : 1;
  const width = along === "rows" ? cols : count;
  const most = gpu.maxWords * perWord;
  // Four rows of bytes, wherever they start, start with a word.
  const unit = element === "byte" ? 4 : 1;

  const run = ([firstRow, height]: Piece, [outRow, outHeight]: Piece, picked: View) => {
    const length = outHeight * width;
    const first = firstRow * cols;
    const start = outRow * width;
    const bytes = element === "byte";
    gpu.dispatch(kernel, {
      x: bytes ? bytesView(x, first, height * cols) : view(x, first, height * cols),
      indices: picked,
      out: bytes ? bytesView(out, start, length) : view(out, start, length),
    }, {
      length,
      width,
      cols,
      lastRow: rows - 1,
      firstRow,
      rows: height,
      firstByte: bytes ? first % 4 : 0,
    }, Math.ceil(length / (bytes ? 4 : 1) / GROUP_SIZE));
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

/** The words that hold some bytes. */
function bytesView(storage: GpuStorage, first: number, count: number): View {
  const word = Math.floor(first / 4);
  return view(storage, word, Math.ceil((first + count) / 4) - word);
}
