// What a compute shader is to its host: the arrays and numbers it is given, and its code.

/**
 * The element types that shaders see arrays as; an `atomic` is a u32, a `pair` an f64 as two f32, (hi,
 * lo), and vectors are what one load brings.
 */
export type ElementType = "f32" | "u32" | "atomic" | "pair" | "vec4f" | "vec2u" | "vec4u";

/** The types of the numbers that shaders are given. */
export type ParamType = "u32" | "i32" | "f32";

/** How WGSL writes an element, and how many 32-bit words it takes. */
export const ELEMENTS: Readonly<Record<ElementType, { wgsl: string; words: number }>> = {
  f32: { wgsl: "f32", words: 1 },
  u32: { wgsl: "u32", words: 1 },
  atomic: { wgsl: "atomic<u32>", words: 1 },
  pair: { wgsl: "vec2f", words: 2 },
  vec4f: { wgsl: "vec4f", words: 4 },
  vec2u: { wgsl: "vec2u", words: 2 },
  vec4u: { wgsl: "vec4u", words: 4 },
};

/**
 * A compute shader.
 *
 * In its code, an array `x` starts at `x[p.x_at]` and a number `n` is `p.n`.
 */
export interface Kernel<
  R extends string = string,
  W extends string = string,
  P extends string = string,
> {
  /** Names the kernel and its variant; no two that differ share one. */
  readonly name: string;
  /** The arrays it only reads. */
  readonly reads: Readonly<Record<R, ElementType>>;
  /** The arrays it writes, and may read before. */
  readonly writes: Readonly<Record<W, ElementType>>;
  /** The numbers it is given. */
  readonly params: Readonly<Record<P, ParamType>>;
  /** The WGSL beyond the declarations; the entry point is `main`. Called once per device. */
  readonly code: () => string;
}

/** Writes the whole module of a kernel: declarations, then its code. */
export function moduleOf(kernel: Kernel): string {
  const arrays = [
    ...Object.entries(kernel.reads).map(([name, type]) => [name, type, "read"] as const),
    ...Object.entries(kernel.writes).map(([name, type]) => [name, type, "read_write"] as const),
  ];
  const fields = [
    ...arrays.map(([name]) => `${name}_at: u32`),
    ...Object.entries(kernel.params).map(([name, type]) => `${name}: ${type}`),
  ];
  const bindings = arrays.map(([name, type, access], i) =>
    `@group(0) @binding(${i + 1}) var<storage, ${access}> ${name}: array<${ELEMENTS[type].wgsl}>;`
  );
  return /* wgsl */ `
struct Params { ${fields.join(", ")} }
@group(0) @binding(0) var<uniform> p: Params;
${bindings.join("\n")}

// Workgroups are counted through both dimensions of the dispatch.
fn group_index(group: vec3u, groups: vec3u) -> u32 {
  return group.x + group.y * groups.x;
}
${kernel.code()}`;
}

/** The invocations of a workgroup, where a kernel does not choose otherwise. */
export const GROUP_SIZE = 256;

/** The head of an entry point: workgroups counted in one line as `group`, invocations as `local`. */
export function mainOf(size: number): string {
  return /* wgsl */ `
@compute @workgroup_size(${size})
fn main(
  @builtin(workgroup_id) group_id: vec3u,
  @builtin(num_workgroups) group_count: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let group = group_index(group_id, group_count);`;
}

/** The head of an entry point of {@linkcode GROUP_SIZE} invocations. */
export const MAIN: string = mainOf(GROUP_SIZE);
