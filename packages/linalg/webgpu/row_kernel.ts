// How the lanes that share a row of a matrix go over it, as WGSL, and how rows are handed to them.
// Short rows are read once and held in registers, a longer one is read anew for each pass.

import type { Gpu } from "./gpu.ts";
import { type ElementType, GROUP_SIZE, type Kernel, MAIN, type ParamType } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { type GpuStorage, type View, view } from "./storage.ts";
import { heldFor, lanesFor } from "./tree.ts";

/** What one pass over a row does at column `j`, given WGSL of the elements there. */
type Step<X extends string> = (at: Readonly<Record<X, string>>, j: string) => string;

/** Writes WGSL of a pass over the columns that an invocation has of its row. */
export type Each<X extends string> = (step: Step<X>) => string;

/** What tells row kernels apart. */
export interface RowKernel<X extends string, R extends string, W extends string, P extends string> {
  /** Names the kernel; how rows are shared is added. */
  readonly name: string;
  /** The matrices it goes over, all f32. */
  readonly rows: readonly X[];
  /** What else it reads. */
  readonly reads: Readonly<Record<R, ElementType>>;
  /** What it writes. */
  readonly writes: Readonly<Record<W, ElementType>>;
  /** Numbers it is given beside `rows` and `cols`. */
  readonly params: Readonly<Record<P, ParamType>>;
  /** WGSL of its functions, given how many invocations of a workgroup share a row. */
  readonly functions: (lanes: number) => string;
  /**
   * The body of the entry point, of `each(step)`, WGSL of a pass over the row's columns; beside it
   * there are `row`, `start`, the first element of it in every matrix, `cols`, which is 0 beyond the
   * last row, and `is_lead`, whether this invocation is to write what belongs to the whole row.
   * Where elements are held in registers, a step may set them.
   */
  readonly body: (each: Each<X>, isHeld: boolean) => string;
}

/** Makes the kernel that suits rows of so many columns. */
export function rowKernelFor<
  X extends string,
  R extends string,
  W extends string,
  P extends string,
>(
  { name, rows, reads, writes, params, functions, body }: RowKernel<X, R, W, P>,
  cols: number,
): Kernel<X | R, W, P | "rows" | "cols"> {
  const lanes = lanesFor(cols);
  const held = heldFor(cols, lanes);
  const columns = Array.from({ length: held }, (_, i) => `lane + ${i * lanes}`);
  const everywhere = (element: (x: X) => string) =>
    Object.fromEntries(rows.map((x) => [x, element(x)])) as Record<X, string>;
  const each: Each<X> = (step) =>
    held > 0
      ? columns.map((j, i) => `if (${j} < cols) { ${step(everywhere((x) => `${x}${i}`), j)} }`)
        .join("\n  ")
      : `for (var j = lane; j < cols; j += ${lanes}u) {
    ${step(everywhere((x) => `${x}[p.${x}_at + start + j]`), "j")}
  }`;
  const load = columns.flatMap((j, i) =>
    rows.map((x) =>
      `var ${x}${i} = 0.0; if (${j} < cols) { ${x}${i} = ${x}[p.${x}_at + start + ${j}]; }`
    )
  );
  return {
    name: `${name} ${lanes} ${held}`,
    reads: { ...everywhere(() => "f32"), ...reads } as Record<X | R, ElementType>,
    writes,
    params: { rows: "u32", cols: "u32", ...params } as Record<P | "rows" | "cols", ParamType>,
    code: () => /* wgsl */ `
${functions(lanes)}
${MAIN}
  let lane = local % ${lanes}u;
  let row = group * ${GROUP_SIZE / lanes}u + local / ${lanes}u;
  let start = row * p.cols;
  let cols = select(0, p.cols, row < p.rows);
  let is_lead = lane == 0 && row < p.rows;
  ${load.join("\n  ")}
  ${body(each, held > 0)}
}`,
  };
}

/** How a row kernel sees the arrays that it is given, in pieces of some rows. */
export interface RowViews {
  /** The rows of a matrix. */
  matrix(storage: GpuStorage): View;
  /** The entries of an array that has one for each row. */
  perRow(storage: GpuStorage): View;
  /** An array that has one entry for each column. */
  perCol(storage: GpuStorage): View;
}

/** Runs a row kernel over all rows of `[rows, cols]`. */
export function dispatchRows<A extends string, W extends string, P extends string>(
  gpu: Gpu,
  kernel: Kernel<A, W, P>,
  arrays: (views: RowViews) => Readonly<Record<A | W, View>>,
  params: Readonly<Record<P | "rows" | "cols", number>>,
): void {
  const { rows, cols } = params;
  for (const [row, count] of pieces(rows, gpu.maxWords / cols)) {
    const views: RowViews = {
      matrix: (storage) => view(storage, row * cols, count * cols),
      perRow: (storage) => view(storage, row, count),
      perCol: (storage) => view(storage, 0, cols),
    };
    const groups = Math.ceil(count * lanesFor(cols) / GROUP_SIZE);
    gpu.dispatch(kernel, arrays(views), { ...params, rows: count }, groups);
  }
}
