// The reference backend: plain loops, f64 accumulation, clarity first. All others are tested
// against it. One storage is one typed array.

import type { Reduction } from "../device.ts";
import type { DeviceDtype } from "../device_array.ts";
import { type HostArray, KERNEL_NAMES, type Kernels } from "../kernels.ts";
import { ACTIVATIONS } from "./activations.ts";
import { adamW } from "./adamw.ts";
import { affineMatmul } from "./affine_matmul.ts";
import { arrowheadSvd } from "./arrowhead_svd.ts";
import { attention } from "./attention.ts";
import { attentionGradient } from "./attention_gradient.ts";
import { choleskyBlock } from "./cholesky_block.ts";
import { bidiagonalPanel } from "./bidiagonal_panel.ts";
import { crossEntropy, crossEntropyGradient } from "./cross_entropy.ts";
import { fitGrids } from "./fit_grids.ts";
import { hadamard } from "./hadamard.ts";
import { cast } from "./halves.ts";
import { householderPanel } from "./householder_panel.ts";
import { klDivergence, klDivergenceGradient } from "./kl_divergence.ts";
import { latticeMatmul } from "./lattice_matmul.ts";
import { layerNorm, layerNormGradient } from "./layer_norm.ts";
import { matmul } from "./matmul.ts";
import { nearest } from "./nearest.ts";
import { nearestLattice } from "./nearest_lattice.ts";
import { pivotedPanel } from "./pivoted_panel.ts";
import { rmsNormGradient } from "./rms_norm_gradient.ts";
import { rotary } from "./rotary.ts";
import { roundColumns } from "./round_columns.ts";
import { secularVectors } from "./secular_vectors.ts";
import { solveBlock } from "./solve_block.ts";
import { encodeTrellis, trellisMatmul } from "./trellis.ts";
import { tridiagonalPanel } from "./tridiagonal_panel.ts";

const ARRAYS = {
  f32: Float32Array,
  f64: Float64Array,
  f16: Uint16Array,
  u32: Uint32Array,
  u8: Uint8Array,
};

/** Makes the kernels of the reference device. */
export function createReferenceKernels(): Kernels<HostArray> {
  return {
    name: "reference",
    description: "reference f64",
    dtypes: ["f32", "f64", "f16", "u32", "u8"],
    doubles: new Set(KERNEL_NAMES),
    allocate: (dtype: DeviceDtype, length: number) => new ARRAYS[dtype](length),
    free: () => {},
    upload: (storage, _dtype, data) => storage.set(data),
    download: (storage) => Promise.resolve(storage.slice()),
    clear: (storage) => storage.fill(0),
    copyBlock: (p) => {
      for (let i = 0; i < p.rows; i++) {
        const start = p.sourceOffset + i * p.sourceLead;
        p.target.set(
          p.source.subarray(start, start + p.cols),
          p.targetOffset + i * p.targetLead,
        );
      }
    },
    cast,
    transpose: ({ x, out, rows, cols }) => {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < cols; j++) out[j * rows + i] = x[i * cols + j];
      }
    },
    matmul,
    gram: ({ x, into, rows, cols }) => {
      for (let t = 0; t < rows; t++) {
        const row = x.subarray(t * cols, (t + 1) * cols);
        for (let i = 0; i < cols; i++) {
          for (let j = 0; j < cols; j++) into[i * cols + j] += row[i] * row[j];
        }
      }
    },
    reduce: ({ x, out, rows, cols, along, reduction }) => {
      const [count, length, step, stride] = along === "rows"
        ? [rows, cols, cols, 1]
        : [cols, rows, 1, cols];
      const combine = REDUCTIONS[reduction];
      for (let i = 0; i < count; i++) {
        let total = reduction === "max" ? -Infinity : 0;
        for (let j = 0; j < length; j++) total = combine(total, x[i * step + j * stride]);
        out[i] = total;
      }
    },
    binary: ({ a, b, out, length, period, operation }) => {
      const apply = OPERATIONS[operation];
      for (let i = 0; i < length; i++) out[i] = apply(a[i], b[i % period]);
    },
    scale: ({ x, out, length, factor }) => {
      for (let i = 0; i < length; i++) out[i] = x[i] * factor;
    },
    activate: ({ x, out, length, activation }) => {
      const { value } = ACTIVATIONS[activation];
      for (let i = 0; i < length; i++) out[i] = value(x[i]);
    },
    activateGradient: ({ x, gradient, out, length, activation }) => {
      const { slope } = ACTIVATIONS[activation];
      for (let i = 0; i < length; i++) out[i] = gradient[i] * slope(x[i]);
    },
    gatedActivation: ({ gate, up, out, length, activation }) => {
      const { value } = ACTIVATIONS[activation];
      for (let i = 0; i < length; i++) out[i] = value(gate[i]) * up[i];
    },
    gatedActivationGradient: ({ gate, up, gradient, length, activation, ...p }) => {
      const { value, slope } = ACTIVATIONS[activation];
      for (let i = 0; i < length; i++) {
        p.gradientGate[i] = gradient[i] * up[i] * slope(gate[i]);
        p.gradientUp[i] = gradient[i] * value(gate[i]);
      }
    },
    softmax: ({ x, out, rows, cols }) => {
      for (let start = 0; start < rows * cols; start += cols) {
        let max = -Infinity;
        for (let j = 0; j < cols; j++) max = Math.max(max, x[start + j]);
        let total = 0;
        for (let j = 0; j < cols; j++) total += Math.exp(x[start + j] - max);
        for (let j = 0; j < cols; j++) out[start + j] = Math.exp(x[start + j] - max) / total;
      }
    },
    rmsNorm: ({ x, gain, out, rows, cols, epsilon }) => {
      for (let start = 0; start < rows * cols; start += cols) {
        let squares = 0;
        for (let j = 0; j < cols; j++) squares += x[start + j] ** 2;
        const factor = 1 / Math.sqrt(squares / cols + epsilon);
        for (let j = 0; j < cols; j++) out[start + j] = x[start + j] * factor * gain[j];
      }
    },
    rmsNormGradient,
    layerNorm,
    layerNormGradient,
    rotary,
    attention,
    attentionGradient,
    gather: ({ x, indices, out, rows, cols, count, along }) => {
      if (along === "rows") {
        for (let i = 0; i < count; i++) {
          const row = Math.min(indices[i], rows - 1);
          out.set(x.subarray(row * cols, (row + 1) * cols), i * cols);
        }
      } else {
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < count; j++) {
            out[i * count + j] = x[i * cols + Math.min(indices[j], cols - 1)];
          }
        }
      }
    },
    hadamard,
    nearest,
    affineMatmul,
    latticeMatmul,
    nearestLattice,
    choleskyBlock,
    solveBlock,
    secularVectors,
    tridiagonalPanel,
    rotateRows: ({ matrix, pairs, factors, rows, cols, count }) => {
      for (let r = 0; r < 2 * count; r += 2) {
        const x = Math.min(pairs[r], rows - 1) * cols;
        const y = Math.min(pairs[r + 1], rows - 1) * cols;
        const [c, s] = [factors[r], factors[r + 1]];
        for (let j = 0; j < cols; j++) {
          const [a, b] = [matrix[x + j], matrix[y + j]];
          matrix[x + j] = c * a + s * b;
          matrix[y + j] = c * b - s * a;
        }
      }
    },
    arrowheadSvd,
    bidiagonalPanel,
    householderPanel,
    pivotedPanel,
    crossEntropy,
    crossEntropyGradient,
    klDivergence,
    klDivergenceGradient,
    scatterRows: ({ target, indices, rows, targetRows, count, cols }) => {
      for (let i = 0; i < count; i++) {
        const start = Math.min(indices[i], targetRows - 1) * cols;
        for (let j = 0; j < cols; j++) target[start + j] += rows[i * cols + j];
      }
    },
    adamW,
    encodeTrellis,
    trellisMatmul,
    roundColumns,
    fitGrids,
    dispose: () => {},
  };
}

const REDUCTIONS: Readonly<Record<Reduction, (total: number, value: number) => number>> = {
  sum: (total, value) => total + value,
  absSum: (total, value) => total + Math.abs(value),
  squareSum: (total, value) => total + value * value,
  max: Math.max,
  absMax: (total, value) => Math.max(total, Math.abs(value)),
};

const OPERATIONS = {
  add: (a: number, b: number) => a + b,
  subtract: (a: number, b: number) => a - b,
  multiply: (a: number, b: number) => a * b,
};
