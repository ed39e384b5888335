// Copies a rectangle: by the copy engine where it is one run of words, else one invocation for each
// word of the target, or for each of its four bytes.

import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";

type BlockParams = Parameters<Kernels<GpuStorage>["copyBlock"]>[0];

const COPY_WORDS: Kernel<"source", "out", "rows" | "cols" | "sourceLead" | "outLead"> = {
  name: "copy words",
  reads: { source: "u32" },
  writes: { out: "u32" },
  params: { rows: "u32", cols: "u32", sourceLead: "u32", outLead: "u32" },
  code: () =>
    /* wgsl */ `${MAIN}
  let i = group * ${GROUP_SIZE}u + local;
  let row = i / p.cols;
  let col = i % p.cols;
  if (row < p.rows) {
    out[p.out_at + row * p.outLead + col] = source[p.source_at + row * p.sourceLead + col];
  }
}`,
};

// Words on the border of a row also hold what stays, or the start of the next row: one invocation
// sees to all four bytes of a word.
const COPY_BYTES: Kernel<
  "source",
  "out",
  "rows" | "cols" | "sourceLead" | "outLead" | "sourceByte" | "outByte" | "words"
> = {
  name: "copy bytes",
  reads: { source: "u32" },
  writes: { out: "u32" },
  params: {
    rows: "u32",
    cols: "u32",
    sourceLead: "u32",
    outLead: "u32",
    sourceByte: "u32",
    outByte: "u32",
    words: "u32",
  },
  code: () =>
    /* wgsl */ `${MAIN}
  let i = group * ${GROUP_SIZE}u + local;
  if (i >= p.words) { return; }
  var word = out[p.out_at + i];
  for (var j = 0u; j < 4; j++) {
    let at = 4 * i + j;
    let row = (at - p.outByte) / p.outLead;
    let col = (at - p.outByte) % p.outLead;
    if (at >= p.outByte && row < p.rows && col < p.cols) {
      let byte = p.sourceByte + row * p.sourceLead + col;
      word = insertBits(word, extractBits(source[p.source_at + byte / 4], byte % 4 * 8, 8), j * 8, 8);
    }
  }
  out[p.out_at + i] = word;
}`,
};

/** Copies `rows` runs of `cols` elements. */
export function copyBlock(gpu: Gpu, p: BlockParams): void {
  if (p.dtype === "u8") copyBytes(gpu, p, 1);
  else if (p.dtype !== "f16") copyWords(gpu, p, p.dtype === "f64" ? 2 : 1);
  // Halves that all lie in whole words are copied as words.
  else if ([p.sourceOffset, p.sourceLead, p.targetOffset, p.targetLead, p.cols].every(isEven)) {
    copyWords(gpu, p, 0.5);
  } else copyBytes(gpu, p, 2);
}

function copyWords(gpu: Gpu, p: BlockParams, words: number): void {
  const { source, target, rows } = p;
  const cols = p.cols * words;
  const sourceOffset = p.sourceOffset * words;
  const targetOffset = p.targetOffset * words;
  const sourceLead = p.sourceLead * words;
  const outLead = p.targetLead * words;
  const isOneRun = rows === 1 || (sourceLead === cols && outLead === cols);
  if (isOneRun && source !== target) {
    gpu.copy(source, sourceOffset * 4, target, targetOffset * 4, rows * cols * 4);
    return;
  }
  const perPiece = (gpu.maxWords - cols) / Math.max(sourceLead, outLead) + 1;
  for (const [row, count] of pieces(rows, perPiece)) {
    gpu.dispatch(
      COPY_WORDS,
      {
        source: view(source, sourceOffset + row * sourceLead, (count - 1) * sourceLead + cols),
        out: view(target, targetOffset + row * outLead, (count - 1) * outLead + cols),
      },
      { rows: count, cols, sourceLead, outLead },
      Math.ceil(count * cols / GROUP_SIZE),
    );
  }
}

function isEven(count: number): boolean {
  return count % 2 === 0;
}

function copyBytes(gpu: Gpu, p: BlockParams, bytes: number): void {
  const { source, target, rows } = p;
  const cols = p.cols * bytes;
  const sourceLead = p.sourceLead * bytes;
  const outLead = p.targetLead * bytes;
  const perPiece = (4 * gpu.maxWords - 8 - cols) / Math.max(sourceLead, outLead) + 1;
  for (const [row, count] of pieces(rows, perPiece)) {
    const from = p.sourceOffset * bytes + row * sourceLead;
    const to = p.targetOffset * bytes + row * outLead;
    const sourceWord = Math.floor(from / 4);
    const outWord = Math.floor(to / 4);
    const words = Math.ceil((to + (count - 1) * outLead + cols) / 4) - outWord;
    gpu.dispatch(COPY_BYTES, {
      source: view(
        source,
        sourceWord,
        Math.ceil((from + (count - 1) * sourceLead + cols) / 4) - sourceWord,
      ),
      out: view(target, outWord, words),
    }, {
      rows: count,
      cols,
      sourceLead,
      outLead,
      sourceByte: from % 4,
      outByte: to % 4,
      words,
    }, Math.ceil(words / GROUP_SIZE));
  }
}
