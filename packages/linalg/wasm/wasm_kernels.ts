// The WebAssembly backend: one storage is a run of the memory that all kernels and threads share.

import type { Reduction } from "../device.ts";
import type { DeviceDtype } from "../device_array.ts";
import { type AffineMatmulParams, type HostArray, KERNEL_NAMES, type Kernels } from "../kernels.ts";
import type { SolveBlockParams } from "../step_kernels.ts";
import { attention, attentionGradient } from "./attention.ts";
import { bidiagonalPanel } from "./bidiagonal_panel.ts";
import type { Engine } from "./engine.ts";
import { createLatticeKernels } from "./lattice.ts";
import { matmul } from "./matmul.ts";
import { activationNumber, of } from "./numbers.ts";
import {
  ACTIVATE,
  AFFINE_MATMUL,
  ARROWHEAD_ROOTS,
  ARROWHEAD_ROW,
  ARROWHEAD_VECTORS,
  BINARY,
  CAST,
  CHOLESKY_BLOCK,
  COPY_BLOCK,
  GATHER,
  GRAM,
  HADAMARD,
  HALF,
  HOUSEHOLDER_PANEL,
  NEAREST,
  PACK_CODEBOOK,
  REDUCE,
  RMS_NORM,
  ROTARY,
  ROTATE_ROWS,
  SCALE,
  SECULAR_ROOTS,
  SECULAR_VECTORS,
  SECULAR_WEIGHTS,
  SOFTMAX,
  SOLVE_BLOCK,
  TRANSPOSE,
} from "./operations.ts";
import { pivotedPanel } from "./pivoted_panel.ts";
import { createRoundingKernels } from "./rounding.ts";
import { createTrainingKernels } from "./training.ts";
import { createTrellisKernels } from "./trellis.ts";
import { tridiagonalPanel } from "./tridiagonal_panel.ts";

/** A run of the memory. */
export interface WasmStorage {
  readonly address: number;
}

const BYTES: Readonly<Record<DeviceDtype, number>> = { f32: 4, f64: 8, f16: 2, u32: 4, u8: 1 };

// The positions of these words are the numbers that the kernels know them by.
const REDUCTIONS: readonly Reduction[] = ["sum", "absSum", "squareSum", "max", "absMax"];
const OPERATIONS = ["add", "subtract", "multiply"] as const;

/** Rows of an arrowhead that is decomposed sooner than another thread is awake. */
const SMALL_ARROWHEAD = 48;

/** Makes the kernels of a WebAssembly device. */
export function createWasmKernels(engine: Engine): Kernels<WasmStorage> {
  const { allocator, memory, run } = engine;
  const allocate = (byteLength: number) => ({ address: allocator.allocate(byteLength) });
  const view = ({ address }: WasmStorage, dtype: DeviceDtype, length: number): HostArray => {
    switch (dtype) {
      case "f32":
        return new Float32Array(memory.buffer, address, length);
      case "f64":
        return new Float64Array(memory.buffer, address, length);
      case "f16":
        return new Uint16Array(memory.buffer, address, length);
      case "u32":
        return new Uint32Array(memory.buffer, address, length);
      case "u8":
        return new Uint8Array(memory.buffer, address, length);
    }
  };
  return {
    name: "wasm",
    description: engine.description,
    dtypes: ["f32", "f64", "f16", "u32", "u8"],
    doubles: new Set(KERNEL_NAMES),
    allocate: (dtype, length) => allocate(length * BYTES[dtype]),
    free: ({ address }) => allocator.free(address),
    upload: (storage, dtype, data) => view(storage, dtype, data.length).set(data),
    download: (storage, dtype, length) => Promise.resolve(view(storage, dtype, length).slice()),
    clear: (storage, dtype, length) => void view(storage, dtype, length).fill(0),
    copyBlock: (p) => {
      const bytes = BYTES[p.dtype];
      run(COPY_BLOCK, [
        p.source.address + p.sourceOffset * bytes,
        p.sourceLead * bytes,
        p.target.address + p.targetOffset * bytes,
        p.targetLead * bytes,
        p.rows,
        p.cols * bytes,
      ]);
    },
    cast: ({ x, from, out, to, length }) => {
      const isHalf = from === "f16" || to === "f16";
      const operation = isHalf ? HALF + (to === "f16" ? 1 : 0) : CAST + (to === "f32" ? 1 : 0);
      run(operation, [x.address, out.address, length]);
    },
    transpose: ({ x, out, dtype, rows, cols }) => {
      run(of(TRANSPOSE, dtype), [x.address, out.address, rows, cols]);
    },
    matmul: (p) => matmul(engine, p),
    gram: ({ x, into, rows, cols }) => run(GRAM, [x.address, into.address, rows, cols]),
    reduce: ({ x, out, dtype, rows, cols, along, reduction }) => {
      const kind = REDUCTIONS.indexOf(reduction);
      const direction = along === "rows" ? 0 : 1;
      run(of(REDUCE, dtype), [x.address, out.address, rows, cols, direction, kind]);
    },
    binary: ({ a, b, out, dtype, length, period, operation }) => {
      const kind = OPERATIONS.indexOf(operation);
      run(of(BINARY, dtype), [a.address, b.address, out.address, length, period, kind]);
    },
    scale: ({ x, out, dtype, length, factor }) => {
      run(of(SCALE, dtype), [x.address, out.address, length], [factor]);
    },
    activate: ({ x, out, dtype, length, activation }) => {
      const kind = activationNumber(activation);
      run(of(ACTIVATE, dtype), [x.address, out.address, length, kind]);
    },
    softmax: ({ x, out, dtype, rows, cols }) => {
      run(of(SOFTMAX, dtype), [x.address, out.address, rows, cols]);
    },
    rmsNorm: ({ x, gain, out, dtype, rows, cols, epsilon }) => {
      run(of(RMS_NORM, dtype), [x.address, gain.address, out.address, rows, cols], [epsilon]);
    },
    rotary: ({ x, cos, sin, positions, out, ...p }) => {
      const addresses = [x, cos, sin, positions, out].map((storage) => storage.address);
      const sizes = [p.batch, p.tokens, p.heads, p.headSize, p.positionCount];
      run(of(ROTARY, p.dtype), [...addresses, ...sizes]);
    },
    attention: (p) => attention(engine, p),
    gather: ({ x, indices, out, dtype, rows, cols, count, along }) => {
      const direction = along === "rows" ? 0 : 1;
      const addresses = [x.address, indices.address, out.address];
      run(GATHER, [...addresses, rows, cols, count, direction, BYTES[dtype]]);
    },
    hadamard: ({ x, out, dtype, length, block, order, signs }) => {
      const words = [x.address, out.address, length, block, order, signs?.address ?? 0];
      run(of(HADAMARD, dtype), words);
    },
    nearest: ({ x, codebook, out, dtype, rows, cols, count }) => {
      // Two vectors of codewords to a panel, and one element more for their norms.
      const panels = Math.ceil(count / (32 / BYTES[dtype]));
      const packed = allocate(panels * (cols + 1) * 32);
      run(of(PACK_CODEBOOK, dtype), [codebook.address, packed.address, count, cols]);
      const addresses = [x.address, packed.address, out.address];
      run(of(NEAREST, dtype), [...addresses, rows, cols, panels]);
      allocator.free(packed.address);
    },
    affineMatmul: (p) => {
      const zeroPoint = typeof p.zeroPoints === "number" ? p.zeroPoints : 0;
      run(AFFINE_MATMUL, affineWords(p), [zeroPoint]);
    },
    choleskyBlock: ({ x, dtype, lead, at, size, status }) => {
      const first = x.address + at * (lead + 1) * BYTES[dtype];
      run(of(CHOLESKY_BLOCK, dtype), [first, lead * BYTES[dtype], size, at, status.address]);
    },
    householderPanel: ({ x, t, r, dtype, count, length }) => {
      run(of(HOUSEHOLDER_PANEL, dtype), [x.address, count, length, t.address, r.address]);
    },
    pivotedPanel: (p) => pivotedPanel(engine, p),
    solveBlock: (p) => run(of(SOLVE_BLOCK, p.dtype), solveWords(p)),
    tridiagonalPanel: (p) => tridiagonalPanel(engine, p),
    secularVectors: ({ numbers, vectors, dtype, rho, count, upper, lower }) => {
      const words = [numbers.address, vectors.address, count, upper, lower];
      run(SECULAR_ROOTS, words, [rho]);
      run(SECULAR_WEIGHTS, words);
      run(of(SECULAR_VECTORS, dtype), words);
    },
    rotateRows: ({ matrix, pairs, factors, dtype, rows, cols, count }) => {
      const addresses = [matrix.address, pairs.address, factors.address];
      run(of(ROTATE_ROWS, dtype), [...addresses, rows, cols, count]);
    },
    arrowheadSvd: (p) => {
      const zHat = allocate(p.count * BYTES.f64);
      const arrays = [p.d, p.z, p.values, p.left, p.right].map(({ address }) => address);
      const words = [...arrays, p.count, zHat.address];
      const isSmall = p.count < SMALL_ARROWHEAD;
      for (const stage of [ARROWHEAD_ROOTS, ARROWHEAD_ROW, ARROWHEAD_VECTORS]) {
        run(stage, words, [], isSmall);
      }
      allocator.free(zHat.address);
    },
    bidiagonalPanel: (p) => bidiagonalPanel(engine, p),
    attentionGradient: (p) => attentionGradient(engine, p),
    ...createLatticeKernels(engine),
    ...createTrainingKernels(engine),
    ...createTrellisKernels(engine),
    ...createRoundingKernels(engine),
    dispose: engine.dispose,
  };
}

function solveWords(p: SolveBlockParams<WasmStorage>): number[] {
  const bytes = BYTES[p.dtype];
  // What is solved from the last unknown to the first is gone through the other way round.
  const turn = p.isBackward ? -bytes : bytes;
  const last = p.isBackward ? p.n - 1 : 0;
  const [rowT, colT] = p.isTransposed ? [1, p.n] : [p.n, 1];
  return [
    ...[p.triangle.address + last * (p.n + 1) * bytes, rowT * turn, colT * turn, p.n],
    p.x.address + (p.offset + last * p.unknownStep) * bytes,
    ...[p.systemStep * bytes, p.unknownStep * turn, p.count, Number(p.isUnit)],
  ];
}

function affineWords(p: AffineMatmulParams<WasmStorage>): number[] {
  const zeroPoints = typeof p.zeroPoints === "number" ? 0 : p.zeroPoints.address;
  const groupSize = Math.min(p.groupSize, p.cols);
  return [
    ...[p.codes.address, p.scales.address, zeroPoints, p.x.address],
    ...[p.tokens, p.rows, p.cols, p.bits, groupSize, p.groups, p.rowBytes, p.out.address],
    p.levels?.address ?? 0,
  ];
}
