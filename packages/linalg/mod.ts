/**
 * Linear algebra on several devices: one interface, a plain reference, WebAssembly and WebGPU.
 *
 * @module
 */

export * from "./create_device.ts";
export * from "./device.ts";
export * from "./device_array.ts";
export * from "./factorization_steps.ts";
export * from "./kernels.ts";
export * from "./rounding_kernels.ts";
export * from "./rounding_steps.ts";
export * from "./lattice_kernels.ts";
export * from "./lattice_steps.ts";
export * from "./step_kernels.ts";
export * from "./training_kernels.ts";
export * from "./training_steps.ts";
export * from "./trellis/trellis_code.ts";
export * from "./trellis_kernels.ts";
export * from "./trellis_steps.ts";
export * from "./reference/reference_device.ts";
export { createReferenceKernels } from "./reference/reference_kernels.ts";
export * from "./wasm/wasm_device.ts";
export * from "./webgpu/webgpu_device.ts";
export * from "./with_device.ts";

export * from "./codebook/lattice_decoder.ts";
export { E8P_BLOCK, e8pCodebook, e8pResidualCodebook } from "./codebook/e8p.ts";
export * from "./codebook/kmeans.ts";
export * from "./codebook/nearest_codewords.ts";

export * from "./hadamard/hadamard_matrix.ts";
export * from "./hadamard/hadamard_order.ts";

export * from "./out_of_core/out_of_core_gram.ts";
export * from "./out_of_core/out_of_core_matmul.ts";

export * from "./factorization/cholesky.ts";
export * from "./factorization/eigh.ts";
export * from "./factorization/eigh_rows.ts";
export * from "./factorization/ldl.ts";
export * from "./factorization/matrix_dtype.ts";
export * from "./factorization/qr.ts";
export * from "./factorization/qr_pivoted.ts";
export * from "./factorization/qr_rows.ts";
export * from "./factorization/randomized_svd.ts";
export * from "./factorization/svd.ts";
export * from "./factorization/triangular_solve.ts";
