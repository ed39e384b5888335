// The frame of products of a few rows of `x` with rows of codes, as WGSL: invocations share four rows of
// codes, and a tree adds up what each of them has summed.

import { GROUP_SIZE, MAIN } from "./kernel.ts";

/** Rows of codes that an invocation works on. */
const ROWS = 4;
/** Their numbers. */
export const EACH_ROW: readonly number[] = [0, 1, 2, 3];

/** What tells products apart. */
export interface LaneSums {
  /** The rows of `x` computed at once; 1, or 4 of which some may be beyond `p.m`. */
  readonly tokens: 1 | 4;
  /** Invocations that share rows of codes; a power of two. */
  readonly lanes: number;
}

/** How many workgroups the product takes. */
export function laneGroups(rows: number, lanes: number): number {
  return Math.ceil(rows * lanes / GROUP_SIZE / ROWS);
}

/**
 * How many invocations share rows: few, unless there are too few rows to fill the machine.
 *
 * @param run Codes of a row that an invocation takes at a time.
 */
export function lanesOf(rows: number, cols: number, run: number, full: number): number {
  for (const lanes of [32, 64]) {
    if (laneGroups(rows, lanes) >= full || lanes * run >= cols) return lanes;
  }
  return 128;
}

/**
 * Writes the entry point.
 *
 * The module has `fn store`, see `runProduct`.
 *
 * @param body WGSL that adds to `sums0`, … of each token the products with `row0` to `row3` of the
 * columns that belong to `lane`; given the numbers of the tokens.
 */
export function laneSums(
  { tokens, lanes }: LaneSums,
  body: (each: readonly number[]) => string,
): string {
  const each = Array.from({ length: tokens }, (_, t) => t);
  const added = each.map((t) => {
    const at = `lane_sums[${t * GROUP_SIZE} + local`;
    return `${at}] += ${at} + stride];`;
  });
  return /* wgsl */ `
var<workgroup> lane_sums: array<vec4f, ${GROUP_SIZE * tokens}>;
${MAIN}
  let lane = local % ${lanes};
  let row = group * ${ROWS * GROUP_SIZE / lanes} + local / ${lanes} * ${ROWS};
  ${EACH_ROW.map((r) => `let row${r} = min(row + ${r}, p.n - 1);`).join(" ")}
  ${each.map((t) => `var sums${t} = vec4f();`).join(" ")}
  ${body(each)}
  ${each.map((t) => `lane_sums[${t * GROUP_SIZE} + local] = sums${t};`).join(" ")}
  for (var stride = ${lanes / 2}u; stride > 0; stride /= 2) {
    workgroupBarrier();
    if (lane < stride) {
      ${added.join("\n      ")}
    }
  }
  if (lane != 0) { return; }
  for (var i = 0u; i < min(p.m, ${tokens}); i++) {
    store(0, i, row, lane_sums[i * ${GROUP_SIZE} + local]);
  }
}`;
}
