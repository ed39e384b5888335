/**
 * Linear algebra on several devices: one interface, a plain reference, WebAssembly and WebGPU.
 *
 * @module
 */

export * from "./create_device.ts";
export * from "./device.ts";
export * from "./kernels.ts";
export * from "./reference/reference_device.ts";
export { createReferenceKernels } from "./reference/reference_kernels.ts";
