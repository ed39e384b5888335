// The tiled product, as WGSL.
//
// A workgroup computes a square of the result, `side` wide, 8 deep at a time; an invocation computes
// groups of 4 × 4 of it in registers. Both operands go through workgroup memory, there depth by
// depth, so that an invocation reads vectors of 4 of either. Two buffers take turns: the loads of
// the next tile are issued before the current one is multiplied, and stored after, so that memory
// latency lies behind the multiplications, with one barrier a tile.
//
// What bounds it: multiplications, as long as tiles fill the machine. Per depth a workgroup of
//
//   side   invocations   rows × columns of each   numbers read from workgroup memory per product
//    128       256              8 × 8                16 per 64
//     64       128              8 × 4                12 per 32
//     32        64              4 × 4                 8 per 16
//
// A processor that reads 32 numbers from workgroup memory in the time of 128 multiplications (all
// recent ones of NVIDIA, AMD and Apple), and serves invocations that read the same one at once, is
// bound by multiplications from 8 × 4 on. 64 sums, 16 factors and 8 numbers on their way take some
// 100 registers: two workgroups of 256 fit a processor of 65,536. Side 128 takes
// 2 · 2 · 8 · 128 · 4 = 16,384 bytes, what every device has. From global memory each number is read
// once per `side` of the other operand: at 128, 32 products a byte, where a card of 67 TFLOP/s and
// 4 TB/s needs 8. Tiles are counted through bands of 8 rows of them, so that those in flight
// share their operands in the cache.

import { mainOf } from "./kernel.ts";

/** The sides that tiles may have. */
export type Side = 128 | 64 | 32;

/** How deep the tiles in workgroup memory are: each invocation loads one vector for each of both. */
const DEPTH = 8;

/** Rows of tiles that make a band. */
const BAND = 8;

/** What a tiled product is made of. */
export interface TiledProduct {
  readonly side: Side;
  /** Whether `fetch_a` gives neighbours along the inner dimension; else along the rows. */
  readonly isDeepA: boolean;
  /** Whether `fetch_b` gives neighbours along the inner dimension; else along the columns. */
  readonly isDeepB: boolean;
}

/** How many workgroups one product takes. */
export function tileCount(m: number, n: number, side: Side): number {
  return Math.ceil(m / side) * Math.ceil(n / side);
}

/**
 * Writes the entry point.
 *
 * The module has `fn fetch_a(entry, row, depth, end)` and `fn fetch_b(entry, col, depth, end)`, see
 * `fetchOf`, and `fn store(entry, row, col, sums)`, which stores four neighbours of a row; all of them
 * see to the edges. The kernel has the parameters `m`, `n`, `k`, `batch`, `parts` and `depth`, the
 * inner dimension of one part, a multiple of 8 or all; and `diagonal`: only tiles that have an element with
 * `col <= row + diagonal` are computed. Part s of entry e is stored as entry `e · parts + s`.
 */
export function tiledProduct({ side, isDeepA, isDeepB }: TiledProduct): string {
  const rows = side === 32 ? 4 : 8;
  const cols = side === 128 ? 8 : 4;
  const [down, across] = [side / rows, side / cols];
  const size = down * across;
  const quads = side / 4;
  const groupsOf = (count: number) => Array.from({ length: count / 4 }, (_, i) => i);
  const [tops, lefts] = [groupsOf(rows), groupsOf(cols)];
  const cells = tops.flatMap((top) =>
    [0, 1, 2, 3].flatMap((r) => lefts.map((left) => ({ top, r, left, sum: `s${top}${r}${left}` })))
  );

  // Where an invocation loads its vector from, and puts it.
  const place = (x: string, isDeep: boolean) =>
    isDeep
      ? `let line_${x} = local / 2; let depth_${x} = local % 2 * 4;`
      : `let line_${x} = local % ${quads}u * 4; let depth_${x} = local / ${quads}u;`;
  const put = (x: string, isDeep: boolean) => {
    const at = `(buffer * ${DEPTH} + depth_${x}) * ${quads} + line_${x} / 4`;
    if (!isDeep) return `tile_${x}[${at}] = next_${x};`;
    return `{ let at = ${at}; let c = line_${x} % 4;
      ${[0, 1, 2, 3].map((d) => `tile_${x}[at + ${d * quads}][c] = next_${x}[${d}];`).join(" ")} }`;
  };
  const multiply = Array.from({ length: DEPTH }, (_, d) => `
    {
      let at_a = base + ${d * quads} + down;
      let at_b = base + ${d * quads} + across;
      ${tops.map((top) => `let a${top} = tile_a[at_a + ${top * down}];`).join(" ")}
      ${lefts.map((left) => `let b${left} = tile_b[at_b + ${left * across}];`).join(" ")}
      ${
    cells.map(({ top, r, left, sum }) => `${sum} += a${top}[${r}] * b${left};`).join("\n      ")
  }
    }`).join("");

  return /* wgsl */ `
var<workgroup> tile_a: array<vec4f, ${2 * DEPTH * quads}>;
var<workgroup> tile_b: array<vec4f, ${2 * DEPTH * quads}>;
${mainOf(size)}
  let tiles_across = (p.n + ${side - 1}) / ${side};
  let tiles_down = (p.m + ${side - 1}) / ${side};
  let whole = group / (tiles_across * tiles_down);
  if (whole >= p.batch * p.parts) { return; }
  let tile = group % (tiles_across * tiles_down);
  let band = tile / (${BAND} * tiles_across);
  let height = min(${BAND}, tiles_down - band * ${BAND});
  let in_band = tile % (${BAND} * tiles_across);
  let row = (band * ${BAND} + in_band % height) * ${side};
  let col = in_band / height * ${side};
  if (i32(col) > i32(row) + ${side - 1} + p.diagonal) { return; }
  let entry = whole / p.parts;
  let start = whole % p.parts * p.depth;
  let end = min(p.k, start + p.depth);
  let down = local / ${across};
  let across = local % ${across};
  ${place("a", isDeepA)}
  ${place("b", isDeepB)}
  ${cells.map(({ sum }) => `var ${sum} = vec4f();`).join(" ")}
  var buffer = 0u;
  // One step behind the loads, the multiplications; with one more step at the end.
  for (var l = start; l < end + ${DEPTH}; l += ${DEPTH}) {
    var next_a: vec4f;
    var next_b: vec4f;
    if (l < end) {
      next_a = fetch_a(entry, row + line_a, l + depth_a, end);
      next_b = fetch_b(entry, col + line_b, l + depth_b, end);
    }
    if (l > start) {
      let base = buffer * ${DEPTH * quads};${multiply}
    }
    buffer = 1 - buffer;
    if (l < end) {
      ${put("a", isDeepA)}
      ${put("b", isDeepB)}
    }
    workgroupBarrier();
  }
  ${
    cells.map(({ top, r, left, sum }) =>
      `store(whole, row + 4 * (down + ${top * down}) + ${r}, col + 4 * (across + ${
        left * across
      }), ${sum});`
    ).join("\n  ")
  }
}`;
}
