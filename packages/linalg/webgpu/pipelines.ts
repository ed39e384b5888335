import { type Kernel, moduleOf } from "./kernel.ts";

/** A compiled kernel. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Compiles each kernel once, when it is first asked for. */
export function createPipelines(device: GPUDevice): { get(kernel: Kernel): Pipeline } {
  const compiled = new Map<string, Pipeline>();

  function compile(kernel: Kernel): Pipeline {
    const label = kernel.name;
    const types: GPUBufferBindingType[] = [
      ...Object.keys(kernel.reads).map(() => "read-only-storage" as const),
      ...Object.keys(kernel.writes).map(() => "storage" as const),
    ];
    const layout = device.createBindGroupLayout({
      label,
      entries: [
        {
          binding: 0,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: "uniform", hasDynamicOffset: true },
        },
        ...types.map((type, i) => ({
          binding: i + 1,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type },
        })),
      ],
    });
    const module = device.createShaderModule({ label, code: moduleOf(kernel) });
    const pipeline = device.createComputePipeline({
      label,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
    return { pipeline, layout };
  }

  return {
    get(kernel) {
      let found = compiled.get(kernel.name);
      if (!found) {
        found = compile(kernel);
        compiled.set(kernel.name, found);
      }
      return found;
    },
  };
}
