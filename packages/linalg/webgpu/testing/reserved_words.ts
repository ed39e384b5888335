// Words that WGSL reserves for later and that could be taken for names (W3C, "WebGPU Shading Language",
// section 15.2). Some compilers take them, Deno's among them, and browsers do not.

const RESERVED: ReadonlySet<string> = new Set(
  `NULL Self abstract active alignas alignof as asm async attribute auto await become cast catch class
  coherent column_major common compile concept const_cast consteval constexpr constinit crate debugger
  decltype delete demote do dynamic_cast enum explicit export extends extern external fallthrough filter
  final finally friend from fxgroup get goto groupshared highp impl implements import inline instanceof
  interface layout lowp macro match mediump meta mod module move mut mutable namespace new nil noexcept
  noinline nointerpolation noperspective null nullptr of operator package packoffset partial pass patch
  pixelfragment precise precision premerge priv protected pub public readonly ref regardless register
  reinterpret_cast require resource restrict self set shared sizeof smooth snorm static static_assert
  static_cast std subroutine super target template this throw trait try type typedef typeid typename
  typeof union unless unorm unsafe unsized use using varying virtual volatile wgsl where with writeonly
  yield`.split(/\s+/),
);

/** The first word in a shader, comments aside, that must not be there. */
export function reservedWordIn(code: string): string | undefined {
  const words = code.replaceAll(/\/\/.*/g, "").match(/[A-Za-z_]\w*/g) ?? [];
  return words.find((word) => RESERVED.has(word));
}
