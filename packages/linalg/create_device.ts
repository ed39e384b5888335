// The one front that every backend gets: checks, shapes, ownership. A backend only computes.

import type { Device, DeviceScope } from "./device.ts";
import { affineMatmul } from "./front/affine_matmul.ts";
import { ArrayScope } from "./front/array_scope.ts";
import { cast, download, reshape, upload, zeros } from "./front/arrays.ts";
import { arrowheadSvd } from "./front/arrowhead_svd.ts";
import { activateGradient, gatedActivation, gatedActivationGradient } from "./front/activations.ts";
import { adamW } from "./front/adamw.ts";
import { attention } from "./front/attention.ts";
import { attentionGradient } from "./front/attention_gradient.ts";
import { bidiagonalPanel } from "./front/bidiagonal_panel.ts";
import { slice, write } from "./front/blocks.ts";
import { choleskyBlock, solveBlock } from "./front/blocks_on_diagonal.ts";
import { activate, binary, scale } from "./front/elementwise.ts";
import { fitGrids } from "./front/fit_grids.ts";
import { gatherCols, gatherRows } from "./front/gather.ts";
import { gram } from "./front/gram.ts";
import { hadamard } from "./front/hadamard.ts";
import { householderPanel } from "./front/householder_panel.ts";
import { pivotedPanel } from "./front/pivoted_panel.ts";
import { latticeMatmul, nearestLattice } from "./front/lattice.ts";
import { matmul } from "./front/matmul.ts";
import {
  crossEntropy,
  crossEntropyGradient,
  klDivergence,
  klDivergenceGradient,
} from "./front/losses.ts";
import { nearest } from "./front/nearest.ts";
import { layerNormGradient, rmsNormGradient } from "./front/norm_gradients.ts";
import { layerNorm, rmsNorm, softmax } from "./front/normalize.ts";
import { reduceCols, reduceRows } from "./front/reduce.ts";
import { rotary } from "./front/rotary.ts";
import { rotateRows } from "./front/rotate_rows.ts";
import { roundColumns } from "./front/round_columns.ts";
import { scatterRows } from "./front/scatter_rows.ts";
import { secularVectors } from "./front/secular_vectors.ts";
import { transpose } from "./front/transpose.ts";
import { createHadamardFactors, type HadamardFactors } from "./hadamard/hadamard_factors.ts";
import { createLatticeTables } from "./codebook/lattice_tables.ts";
import { tridiagonalPanel } from "./front/tridiagonal_panel.ts";
import { encodeTrellis, trellisMatmul } from "./front/trellis.ts";
import type { Kernels } from "./kernels.ts";

/**
 * Makes a device of a backend's kernels.
 *
 * @param kernels What computes. The device owns them and disposes them.
 * @returns A device that checks every operand before the kernels see it.
 */
export function createDevice<S>(kernels: Kernels<S>): Device {
  const tables: Tables<S> = {
    factors: createHadamardFactors(kernels),
    lattice: createLatticeTables(kernels),
  };
  return deviceOf(new ArrayScope(kernels, null), tables);
}

/** What is made once for a device and all its scopes. */
interface Tables<S> {
  readonly factors: HadamardFactors<S>;
  readonly lattice: () => S;
}

function deviceOf<S>(arrays: ArrayScope<S>, tables: Tables<S>): DeviceScope {
  const { kernels } = arrays;
  const { factors, lattice } = tables;
  return {
    name: kernels.name,
    description: kernels.description,
    // f64 may be there for the sums of `gram` alone.
    supports: (dtype) =>
      kernels.dtypes.includes(dtype) && (dtype !== "f64" || kernels.doubles.has("matmul")),
    scope: () => deviceOf(new ArrayScope(kernels, arrays), tables),
    keep: (array) => {
      arrays.keep(array);
      return array;
    },
    [Symbol.dispose]: () => arrays[Symbol.dispose](),

    upload: (source, options) => upload(arrays, source, options),
    download: (array) => download(arrays, array),
    zeros: (shape, dtype) => zeros(arrays, shape, dtype),
    reshape: (array, shape) => reshape(arrays, array, shape),
    cast: (array, dtype) => cast(arrays, array, dtype),

    slice: (matrix, block) => slice(arrays, matrix, block),
    write: (target, matrix, row, col) => write(arrays, target, matrix, row, col),
    transpose: (matrix) => transpose(arrays, matrix),
    gatherRows: (matrix, indices) => gatherRows(arrays, matrix, indices),
    gatherCols: (x, indices) => gatherCols(arrays, x, indices),

    matmul: (a, b, options) => matmul(arrays, a, b, options),
    gram: (x, into) => gram(arrays, x, into),
    affineMatmul: (x, weight) => affineMatmul(arrays, x, weight),
    latticeMatmul: (x, weight) => latticeMatmul(arrays, lattice, x, weight),
    nearestLattice: (x, target, options) => nearestLattice(arrays, lattice, x, target, options),

    add: (a, b) => binary(arrays, "add", a, b),
    subtract: (a, b) => binary(arrays, "subtract", a, b),
    multiply: (a, b) => binary(arrays, "multiply", a, b),
    scale: (x, factor) => scale(arrays, x, factor),
    activate: (x, activation) => activate(arrays, x, activation),
    reduceRows: (x, reduction) => reduceRows(arrays, x, reduction),
    reduceCols: (x, reduction) => reduceCols(arrays, x, reduction),

    softmax: (x) => softmax(arrays, x),
    rmsNorm: (x, gain, epsilon) => rmsNorm(arrays, x, gain, epsilon),
    rotary: (x, cos, sin, positions) => rotary(arrays, x, cos, sin, positions),
    attention: (q, k, v, options) => attention(arrays, q, k, v, options),
    hadamard: (x, block, options) => hadamard(arrays, factors, x, block, options),
    nearest: (x, codebook) => nearest(arrays, x, codebook),

    choleskyBlock: (matrix, at, size, status) => choleskyBlock(arrays, matrix, at, size, status),
    householderPanel: (panel) => householderPanel(arrays, panel),
    pivotedPanel: (columns, order, first, width) =>
      pivotedPanel(arrays, columns, order, first, width),
    solveBlock: (triangle, target, options) => solveBlock(arrays, triangle, target, options),
    tridiagonalPanel: (matrix, w, coefficients) =>
      tridiagonalPanel(arrays, matrix, w, coefficients),
    rotateRows: (matrix, pairs, factors) => rotateRows(arrays, matrix, pairs, factors),
    arrowheadSvd: (d, z) => arrowheadSvd(arrays, d, z),
    bidiagonalPanel: (matrix, first, width) => bidiagonalPanel(arrays, matrix, first, width),
    secularVectors: (numbers, rho, vectors, upper) =>
      secularVectors(arrays, numbers, rho, vectors, upper),

    roundColumns: (target, grids, feedback) => roundColumns(arrays, target, grids, feedback),
    fitGrids: (x, options) => fitGrids(arrays, x, options),

    attentionGradient: (record, gradient, options) =>
      attentionGradient(arrays, record, gradient, options),
    rmsNormGradient: (x, gain, gradient, epsilon) =>
      rmsNormGradient(arrays, x, gain, gradient, epsilon),
    layerNorm: (x, gain, bias, epsilon) => layerNorm(arrays, x, gain, bias, epsilon),
    layerNormGradient: (x, gain, gradient, epsilon) =>
      layerNormGradient(arrays, x, gain, gradient, epsilon),
    activateGradient: (x, gradient, activation) =>
      activateGradient(arrays, x, gradient, activation),
    gatedActivation: (gate, up, activation) => gatedActivation(arrays, gate, up, activation),
    gatedActivationGradient: (gate, up, gradient, activation) =>
      gatedActivationGradient(arrays, gate, up, gradient, activation),
    crossEntropy: (logits, targets) => crossEntropy(arrays, logits, targets),
    crossEntropyGradient: (logits, targets, gradient) =>
      crossEntropyGradient(arrays, logits, targets, gradient),
    klDivergence: (teacher, student, temperature) =>
      klDivergence(arrays, teacher, student, temperature),
    klDivergenceGradient: (teacher, student, gradient, temperature) =>
      klDivergenceGradient(arrays, teacher, student, gradient, temperature),
    scatterRows: (target, indices, rows) => scatterRows(arrays, target, indices, rows),
    adamW: (parameter, gradient, moments, step) =>
      adamW(arrays, parameter, gradient, moments, step),

    encodeTrellis: (x, weight, options) => encodeTrellis(arrays, x, weight, options),
    trellisMatmul: (x, weight) => trellisMatmul(arrays, x, weight),
  };
}
