// x · gain / √(mean x² + epsilon) over each row; read once where the lanes that share a row can hold
// it in registers, see softmax.ts.

import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { heldFor, lanesFor, treeReduction } from "./tree.ts";

function rmsNormKernel(
  lanes: number,
  held: number,
): Kernel<"x" | "gain", "out", "rows" | "cols" | "epsilon"> {
  const each = Array.from({ length: held }, (_, i) => [`v${i}`, `lane + ${i * lanes}`]);
  const forEach = (step: (v: string, j: string) => string) =>
    held > 0
      ? each.map(([v, j]) => `if (${j} < cols) { ${step(v, j)} }`).join("\n  ")
      : `for (var j = lane; j < cols; j += ${lanes}u) { ${step("x[p.x_at + start + j]", "j")} }`;
  return {
    name: `rmsNorm ${lanes} ${held}`,
    reads: { x: "f32", gain: "f32" },
    writes: { out: "f32" },
    params: { rows: "u32", cols: "u32", epsilon: "f32" },
    code: () => /* wgsl */ `
${treeReduction("sum", "sum", lanes, GROUP_SIZE)}
${MAIN}
  let lane = local % ${lanes}u;
  let row = group * ${GROUP_SIZE / lanes}u + local / ${lanes}u;
  let start = row * p.cols;
  let cols = select(0, p.cols, row < p.rows);
  var squares = 0.0;
  ${each.map(([v]) => `var ${v} = 0.0;`).join(" ")}
  ${
      forEach((v, j) =>
        held > 0
          ? `${v} = x[p.x_at + start + ${j}]; squares += ${v} * ${v};`
          : `let v = ${v}; squares += v * v;`
      )
    }
  squares = reduce_sum(local, squares);
  let factor = 1 / sqrt(squares / f32(p.cols) + p.epsilon);
  ${forEach((v, j) => `out[p.out_at + start + ${j}] = ${v} * factor * gain[p.gain_at + ${j}];`)}
}`,
  };
}

/** x · gain / √(mean x² + epsilon) over each row; squares beyond f32 (|x| > 1.8e19) are infinite. */
export function rmsNorm(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["rmsNorm"]>[0]): void {
  const { x, gain, out, rows, cols, epsilon } = p;
  const lanes = lanesFor(cols);
  const kernel = rmsNormKernel(lanes, heldFor(cols, lanes));
  for (const [row, count] of pieces(rows, gpu.maxWords / cols)) {
    gpu.dispatch(
      kernel,
      {
        x: view(x, row * cols, count * cols),
        gain: view(gain, 0, cols),
        out: view(out, row * cols, count * cols),
      },
      { rows: count, cols, epsilon },
      Math.ceil(count * lanes / GROUP_SIZE),
    );
  }
}
