// The WebGPU backend: f32 throughout. The only f64 arrays are sums kept as pairs of f32.

import type { KernelName, Kernels } from "../kernels.ts";
import { adamW } from "./adamw.ts";
import { affineMatmul } from "./affine_matmul.ts";
import { attention } from "./attention.ts";
import { attentionGradient } from "./attention_gradient.ts";
import { bidiagonalPanel } from "./bidiagonal_panel.ts";
import { cast } from "./cast.ts";
import { choleskyBlock } from "./cholesky_block.ts";
import { copyBlock } from "./copy_block.ts";
import { crossEntropy, crossEntropyGradient } from "./cross_entropy.ts";
import { activate, binary, scale } from "./elementwise.ts";
import { activateGradient, gatedActivation, gatedActivationGradient } from "./gated_activation.ts";
import { fitGrids } from "./fit_grids.ts";
import { gather } from "./gather.ts";
import { encodeTrellis } from "./encode_trellis.ts";
import type { Gpu } from "./gpu.ts";
import { gram } from "./gram.ts";
import { hadamard } from "./hadamard.ts";
import { householderPanel } from "./householder_panel.ts";
import { klDivergence, klDivergenceGradient } from "./kl_divergence.ts";
import { latticeMatmul } from "./lattice_matmul.ts";
import { layerNorm, layerNormGradient } from "./layer_norm.ts";
import { matmul } from "./matmul.ts";
import { nearest } from "./nearest.ts";
import { nearestLattice } from "./nearest_lattice.ts";
import { pivotedPanel } from "./pivoted_panel.ts";
import { reduceCols } from "./reduce_cols.ts";
import { reduceRows } from "./reduce_rows.ts";
import { rmsNorm } from "./rms_norm.ts";
import { rmsNormGradient } from "./rms_norm_gradient.ts";
import { rotary } from "./rotary.ts";
import { rotateRows } from "./rotate_rows.ts";
import { roundColumns } from "./round_columns.ts";
import { scatterRows } from "./scatter_rows.ts";
import { softmax } from "./softmax.ts";
import { solveBlock } from "./solve_block.ts";
import type { GpuStorage } from "./storage.ts";
import { byteLengthOf, download, upload } from "./transfer.ts";
import { transpose } from "./transpose.ts";
import { trellisMatmul } from "./trellis_matmul.ts";
import { tridiagonalPanel } from "./tridiagonal_panel.ts";

/**
 * Makes the kernels of a GPU.
 *
 * @param gpu The command stream they write to.
 * @param description What the device is called.
 * @param onDispose What to end with the kernels.
 */
export function createWebgpuKernels(
  gpu: Gpu,
  description: string,
  onDispose: () => void = () => {},
): Kernels<GpuStorage> {
  return {
    name: "webgpu",
    description,
    dtypes: ["f32", "f64", "f16", "u32", "u8"],
    // Picking moves numbers without computing any.
    doubles: new Set<KernelName>(["gather"]),
    allocate: (dtype, length) => gpu.allocate(byteLengthOf(dtype, length)),
    free: (storage) => gpu.free(storage),
    upload: (storage, _dtype, data) => upload(gpu, storage, data),
    download: (storage, dtype, length) => download(gpu, storage, dtype, length),
    clear: (storage, dtype, length) => gpu.clear(storage, byteLengthOf(dtype, length)),
    copyBlock: (p) => copyBlock(gpu, p),
    cast: (p) => cast(gpu, p),
    transpose: (p) => transpose(gpu, p),
    matmul: (p) => matmul(gpu, p),
    gram: (p) => gram(gpu, p),
    reduce: (p) => p.along === "rows" ? reduceRows(gpu, p) : reduceCols(gpu, p),
    binary: (p) => binary(gpu, p),
    scale: (p) => scale(gpu, p),
    activate: (p) => activate(gpu, p),
    softmax: (p) => softmax(gpu, p),
    rmsNorm: (p) => rmsNorm(gpu, p),
    rotary: (p) => rotary(gpu, p),
    attention: (p) => attention(gpu, p),
    gather: (p) => gather(gpu, p),
    hadamard: (p) => hadamard(gpu, p),
    nearest: (p) => nearest(gpu, p),
    affineMatmul: (p) => affineMatmul(gpu, p),
    latticeMatmul: (p) => latticeMatmul(gpu, p),
    nearestLattice: (p) => nearestLattice(gpu, p),
    choleskyBlock: (p) => choleskyBlock(gpu, p),
    householderPanel: (p) => householderPanel(gpu, p),
    pivotedPanel: (p) => pivotedPanel(gpu, p),
    solveBlock: (p) => solveBlock(gpu, p),
    tridiagonalPanel: (p) => tridiagonalPanel(gpu, p),
    rotateRows: (p) => rotateRows(gpu, p),
    arrowheadSvd: () => {
      // All f64, which is refused before it comes here.
      throw new TypeError("Cannot take the singular values of an arrowhead on webgpu");
    },
    bidiagonalPanel: (p) => bidiagonalPanel(gpu, p),
    secularVectors: () => {
      // Found in f64, which is refused before it comes here.
      throw new TypeError("Cannot take secular vectors on webgpu");
    },
    attentionGradient: (p) => attentionGradient(gpu, p),
    rmsNormGradient: (p) => rmsNormGradient(gpu, p),
    layerNorm: (p) => layerNorm(gpu, p),
    layerNormGradient: (p) => layerNormGradient(gpu, p),
    activateGradient: (p) => activateGradient(gpu, p),
    gatedActivation: (p) => gatedActivation(gpu, p),
    gatedActivationGradient: (p) => gatedActivationGradient(gpu, p),
    crossEntropy: (p) => crossEntropy(gpu, p),
    crossEntropyGradient: (p) => crossEntropyGradient(gpu, p),
    klDivergence: (p) => klDivergence(gpu, p),
    klDivergenceGradient: (p) => klDivergenceGradient(gpu, p),
    scatterRows: (p) => scatterRows(gpu, p),
    adamW: (p) => adamW(gpu, p),
    encodeTrellis: (p) => encodeTrellis(gpu, p),
    trellisMatmul: (p) => trellisMatmul(gpu, p),
    roundColumns: (p) => roundColumns(gpu, p),
    fitGrids: (p) => fitGrids(gpu, p),
    dispose: () => {
      gpu.dispose();
      onDispose();
    },
  };
}
