// The tiled product, as WGSL: a workgroup computes a square of the result, each invocation a few
// rows and columns of it in registers; both operands go through workgroup memory, 16 deep at a time.

import { GROUP_SIZE, MAIN } from "./kernel.ts";

/** Invocations along each side of a tile. */
const SIDE = 16;
/** How deep the tiles in workgroup memory are. */
const DEPTH = 16;

/** What a tiled product is made of. */
export interface TiledProduct {
  /** The rows, and columns, that one invocation computes. */
  each: 2 | 4;
  /** WGSL of the operand `a(i, l)`, with `i < p.m`, `l < p.k`, in batch entry `batch`. */
  a: string;
  /** WGSL of the operand `b(l, j)`, with `j < p.n`. */
  b: string;
  /** Whether neighbours along `l` lie side by side in memory; else those along `i`. */
  deepA: boolean;
  /** Whether neighbours along `l` lie side by side in memory; else those along `j`. */
  deepB: boolean;
  /** WGSL that stores `sum`, element `(i, j)` of batch entry `batch`. */
  store: string;
  /** WGSL of an i32: only elements with `j <= i + diagonal` are computed; all by default. */
  diagonal?: string;
}

/** How many workgroups a tiled product takes. */
export function tileCount(m: number, n: number, each: number): number {
  return Math.ceil(m / (SIDE * each)) * Math.ceil(n / (SIDE * each));
}

/** Writes the entry point; the kernel has the u32 parameters `m`, `n`, `k` and `batch`. */
export function tiledProduct(
  { each, a, b, deepA, deepB, store, diagonal }: TiledProduct,
): string {
  const tile = SIDE * each;
  // One element more in a line keeps the memory banks of a store across lines apart.
  const pitch = tile + 1;
  const steps = Array.from({ length: each }, (_, r) => r);
  const vector = `vec${each}f`;
  const load = (name: string, first: string, end: string, deep: boolean, value: string) => `
    for (var e = local; e < ${tile * DEPTH}u; e += ${GROUP_SIZE}u) {
      let depth = ${deep ? `e % ${DEPTH}u` : `e / ${tile}u`};
      let line = ${deep ? `e / ${DEPTH}u` : `e % ${tile}u`};
      let l = start + depth;
      let ${name === "a" ? "i" : "j"} = ${first} + line;
      var value = 0.0;
      if (l < p.k && ${end}) {
        value = ${value};
      }
      tile_${name}[depth * ${pitch}u + line] = value;
    }`;
  return /* wgsl */ `
var<workgroup> tile_a: array<f32, ${DEPTH * pitch}>;
var<workgroup> tile_b: array<f32, ${DEPTH * pitch}>;
${MAIN}
  let tiles_across = (p.n + ${tile - 1}u) / ${tile}u;
  let tiles_down = (p.m + ${tile - 1}u) / ${tile}u;
  let batch = group / (tiles_across * tiles_down);
  if (batch >= p.batch) { return; }
  let row = group / tiles_across % tiles_down * ${tile}u;
  let col = group % tiles_across * ${tile}u;
  ${diagonal ? `if (i32(col) > i32(row) + ${tile - 1} + ${diagonal}) { return; }` : ""}
  let down = local / ${SIDE}u;
  let across = local % ${SIDE}u;
  ${steps.map((r) => `var sum${r} = ${vector}();`).join("\n  ")}
  for (var start = 0u; start < p.k; start += ${DEPTH}u) {
    ${load("a", "row", "i < p.m", deepA, a)}
    ${load("b", "col", "j < p.n", deepB, b)}
    workgroupBarrier();
    for (var depth = 0u; depth < ${DEPTH}u; depth++) {
      let line = depth * ${pitch}u;
      let b = ${vector}(${steps.map((c) => `tile_b[line + across + ${c * SIDE}u]`).join(", ")});
      ${steps.map((r) => `sum${r} += tile_a[line + down + ${r * SIDE}u] * b;`).join("\n      ")}
    }
    workgroupBarrier();
  }
  ${
    steps.flatMap((r) =>
      steps.map((c) => `
  {
    let i = row + down + ${r * SIDE}u;
    let j = col + across + ${c * SIDE}u;
    let sum = sum${r}[${c}];
    if (i < p.m && j < p.n${diagonal ? ` && i32(j) <= i32(i) + ${diagonal}` : ""}) {
      ${store}
    }
  }`)
    ).join("")
  }
}`;
}
