// Reduction over the invocations of a workgroup, as WGSL.

/** WGSL of `fn larger(a, b)`: the larger of two, NaN if one is. Tests bits, which no compiler skips. */
export const LARGER: string = /* wgsl */ `
fn is_nan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}
fn larger(a: f32, b: f32) -> f32 {
  return select(select(b, a, a > b || is_nan(a)), b, is_nan(b));
}`;

/** The lowest f32: below the maximum of every row, but of one of -∞, whose softmax is NaN as 0 / 0. */
export const LOWEST = "-0x1.fffffep+127f";

/**
 * WGSL of `fn reduce_name(local: u32, value: f32) -> f32`: reduces the values of each `lanes`
 * consecutive invocations, and returns the result to all of them.
 *
 * Must be called by the whole workgroup; its own declarations end in `_name`. For "max", the module
 * needs {@linkcode LARGER} too.
 *
 * @param name Ends the function's name.
 * @param combine What is reduced.
 * @param lanes How many invocations reduce together; a power of two.
 * @param size The invocations of the workgroup.
 */
export function treeReduction(
  name: string,
  combine: "sum" | "max",
  lanes: number,
  size: number,
): string {
  const combined = combine === "sum"
    ? `parts_${name}[local] + parts_${name}[local + stride]`
    : `larger(parts_${name}[local], parts_${name}[local + stride])`;
  return /* wgsl */ `
var<workgroup> parts_${name}: array<f32, ${size}>;
fn reduce_${name}(local: u32, value: f32) -> f32 {
  let lane = local % ${lanes}u;
  parts_${name}[local] = value;
  for (var stride = ${lanes / 2}u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (lane < stride) {
      parts_${name}[local] = ${combined};
    }
  }
  workgroupBarrier();
  let result = parts_${name}[local - lane];
  workgroupBarrier();
  return result;
}`;
}

/** How many invocations share a row: few of them where rows are short. */
export function lanesFor(cols: number): number {
  return cols > 512 ? 256 : cols > 64 ? 64 : 16;
}

/** How many numbers of a row each lane holds in registers; 0 where they are too many. */
export function heldFor(cols: number, lanes: number): number {
  const held = Math.ceil(cols / lanes);
  return held > 16 ? 0 : 2 ** Math.ceil(Math.log2(held));
}
