// How kernels read the operands of a product, as WGSL: four neighbours in memory at a time.
//
// The four are one load where rows start at a multiple of four numbers; else four loads, each within
// its bounds. Halves are decoded as they are loaded, two to a word, whatever word they start in;
// `unpack2x16float` needs no feature of the adapter.

import type { ElementType } from "./kernel.ts";
import { type GpuStorage, type View, view } from "./storage.ts";

/** A matrix in a storage: element (i, j) of batch entry e at offset + e·stride + i·row + j·col. */
export interface Strided {
  readonly storage: GpuStorage;
  readonly isHalf: boolean;
  readonly offset: number;
  readonly stride: number;
  readonly row: number;
  readonly col: number;
}

/** How the elements of a matrix are bound. */
export interface Binding {
  readonly isHalf: boolean;
  /** Whether four neighbours are one load. */
  readonly isVector: boolean;
}

/** How a kernel reads an operand; a line is a row of `a`, or a column of `b`. */
export interface Operand extends Binding {
  readonly name: "a" | "b";
  /** Whether neighbours along the inner dimension lie side by side in memory; else those of lines. */
  readonly isDeep: boolean;
}

/** The elements from the first to the last of a matrix that is `rows` × `cols`. */
export function spanOf(x: Strided, batch: number, rows: number, cols: number): number {
  return (batch - 1) * x.stride + (rows - 1) * x.row + (cols - 1) * x.col + 1;
}

/** The elements from one run of neighbours to the next; those of a run are 1 apart. */
export function leadOf(x: Strided): number {
  return Math.max(x.row, x.col);
}

/** Whether every run of `length` neighbours is made of aligned groups of four. */
export function isAligned(x: Strided, batch: number, length: number): boolean {
  return [x.offset, batch > 1 ? x.stride : 0, leadOf(x), length].every((count) => count % 4 === 0);
}

/** What tells the variants of an operand apart. */
export function labelOf({ isDeep, isHalf, isVector }: Operand): string {
  return `${isDeep ? "deep" : "wide"}${isHalf ? " f16" : ""}${isVector ? " x4" : ""}`;
}

/** The element type that an operand is bound as. */
export function typeOf({ isHalf, isVector }: Binding): ElementType {
  if (isHalf) return isVector ? "vec2u" : "u32";
  return isVector ? "vec4f" : "f32";
}

/** The elements from the first to the last of `span`, in the type that they are bound as. */
export function bound(x: Strided, { isHalf, isVector }: Binding, span: number): View {
  const perEntry = isVector ? 4 : isHalf ? 2 : 1;
  const first = Math.floor(x.offset / perEntry);
  return view(x.storage, first, Math.ceil((x.offset + span) / perEntry) - first);
}

/** What a kernel is given to find the elements of an operand. */
export function paramsOf(
  { name, isHalf }: Operand,
  x: Strided,
): Record<string, readonly ["u32", number]> {
  const suffix = name.toUpperCase();
  return {
    [`first${suffix}`]: ["u32", isHalf ? x.offset % 2 : 0],
    [`stride${suffix}`]: ["u32", x.stride],
    [`lead${suffix}`]: ["u32", leadOf(x)],
  };
}

/**
 * WGSL of `fn fetch_a(entry, line, depth, end) -> vec4f`: the four neighbours from `(line, depth)` on
 * in batch entry `entry`, with zeros from line `lines` and from depth `end` on; and, where they are
 * loaded one by one, of `fn number_a(index) -> f32`.
 *
 * Its parameters are those of `paramsOf`: `firstA`, 1 where the operand starts in the upper half of a
 * word, `strideA`, and `leadA`, the elements from one line, or from one depth, to the next.
 */
export function fetchOf(operand: Operand, lines: string): string {
  const { name, isDeep, isHalf, isVector } = operand;
  const X = name.toUpperCase();
  const at = isDeep
    ? `entry * p.stride${X} + line * p.lead${X} + depth`
    : `entry * p.stride${X} + depth * p.lead${X} + line`;
  const head = `fn fetch_${name}(entry: u32, line: u32, depth: u32, end: u32) -> vec4f {`;
  if (isVector) {
    const loaded = isHalf ? "vec4f(unpack2x16float(four.x), unpack2x16float(four.y))" : "four";
    return /* wgsl */ `
${head}
  if (line >= ${lines} || depth >= end) { return vec4f(); }
  let four = ${name}[p.${name}_at + (${at}) / 4];
  return ${loaded};
}`;
  }
  const [outer, inner] = isDeep ? [`line < ${lines}`, "depth"] : ["depth < end", "line"];
  const limit = isDeep ? "end" : lines;
  return /* wgsl */ `
fn number_${name}(index: u32) -> f32 {
  ${
    isHalf
      ? `let at = p.first${X} + index;
  return unpack2x16float(${name}[p.${name}_at + at / 2])[at % 2];`
      : `return ${name}[p.${name}_at + index];`
  }
}
${head}
  var four = vec4f();
  let at = ${at};
  if (${outer}) {
    if (${inner} < ${limit}) { four.x = number_${name}(at); }
    if (${inner} + 1 < ${limit}) { four.y = number_${name}(at + 1); }
    if (${inner} + 2 < ${limit}) { four.z = number_${name}(at + 2); }
    if (${inner} + 3 < ${limit}) { four.w = number_${name}(at + 3); }
  }
  return four;
}`;
}
