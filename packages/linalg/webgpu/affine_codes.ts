// Codes of integers and the weights they stand for, as WGSL.

/** What tells the variants of a kernel on codes apart. */
export interface CodeLayout {
  /** 1 to 8. */
  readonly bits: number;
  /** Whether there is an array of zero points; else one for all. */
  readonly hasZeroPoints: boolean;
  /** Whether codes stand for levels; else for themselves. */
  readonly hasLevels: boolean;
  /** Whether four codes from a multiple of four on always share a scale. */
  readonly isEven: boolean;
}

/**
 * WGSL of
 *
 * - `fn codes_of(bits) -> vec4f`: four codes that fill the low bits of a word, or their levels;
 * - `fn scale_at(row, col) -> vec2f`: the scale, and the zero point, of one code;
 * - `fn weights_of(row, col, bits) -> vec4f`: the weights of four codes from `col` on, a multiple of
 *   four.
 *
 * A code becomes a float without a conversion, which is slow on some GPUs: its bits are the last of
 * the mantissa of 2^23 + code, which is exact, and so is the difference.
 *
 * The kernel has the arrays `scales`, `levels` where there are any, and `zeroPoints` or the parameter
 * `zeroPoint`, and the parameters `groups`, 0 for one scale in all, and `groupSize`.
 */
export function affineCodes({ bits, hasZeroPoints, hasLevels, isEven }: CodeLayout): string {
  const shifts = [0, 1, 2, 3].map((i) => i * bits).join(", ");
  const each = [0, 1, 2, 3];
  const weights = isEven
    ? `let s = scale_at(row, col);
  return s.x * (codes_of(bits) - s.y);`
    : `${each.map((i) => `let s${i} = scale_at(row, col + ${i});`).join(" ")}
  return vec4f(${each.map((i) => `s${i}.x`).join(", ")}) *
    (codes_of(bits) - vec4f(${each.map((i) => `s${i}.y`).join(", ")}));`;
  const floats = hasLevels
    ? `vec4f(${each.map((i) => `levels[p.levels_at + codes[${i}]]`).join(", ")})`
    : "bitcast<vec4f>(codes | vec4u(0x4b000000)) - 8388608";
  return /* wgsl */ `
fn codes_of(bits: u32) -> vec4f {
  let codes = (vec4u(bits) >> vec4u(${shifts})) & vec4u(${2 ** bits - 1});
  return ${floats};
}
fn scale_at(row: u32, col: u32) -> vec2f {
  let group = select(0, row * p.groups + min(col / p.groupSize, p.groups - 1), p.groups > 0);
  let zero = ${hasZeroPoints ? "zeroPoints[p.zeroPoints_at + group]" : "p.zeroPoint"};
  return vec2f(scales[p.scales_at + group], zero);
}
fn weights_of(row: u32, col: u32, bits: u32) -> vec4f {
  ${weights}
}`;
}

/** Whether four codes fit into a mantissa, where they may stay. */
function canRaise({ bits, hasLevels }: CodeLayout): boolean {
  return 4 * bits <= 23 && !hasLevels;
}

/** The factors of what `raised_of` gives: one for each of four codes. */
export function raisesOf(layout: CodeLayout): number[] {
  return [0, 1, 2, 3].map((i) => canRaise(layout) ? 2 ** (layout.bits * i) : 1);
}

/**
 * WGSL of `fn raised_of(bits) -> vec4f`: four codes, each times a power of two, see `raisesOf`, so that
 * it may stay at its place in the mantissa; one operation less, where four codes fit into one.
 */
export function raisedCodes(layout: CodeLayout): string {
  const { bits } = layout;
  if (!canRaise(layout)) return "fn raised_of(bits: u32) -> vec4f { return codes_of(bits); }";
  const masks = [0, 1, 2, 3].map((i) => (2 ** bits - 1) * 2 ** (bits * i)).join(", ");
  return /* wgsl */ `
fn raised_of(bits: u32) -> vec4f {
  return bitcast<vec4f>((vec4u(bits) & vec4u(${masks})) | vec4u(0x4b000000)) - 8388608;
}`;
}

/**
 * WGSL of `fn fetch_b(entry, row, col, end) -> vec4f`, for `tiledProduct`: the weights of four codes
 * from `col` on, a multiple of four; those beyond the last column mean nothing, but are finite
 * wherever the last one is.
 *
 * The kernel has the array `codes` of u32 too, and the parameter `rowWords`.
 */
export function fetchWeights(layout: CodeLayout): string {
  const { bits } = layout;
  // Codes of 3, 5, 6 and 7 bits may lie across two words.
  const next = 32 % (4 * bits) === 0 ? "" : `
  if (shift > ${32 - 4 * bits}) { bits |= codes[word + 1] << (32 - shift); }`;
  return /* wgsl */ `
${affineCodes(layout)}
fn fetch_b(entry: u32, row: u32, col: u32, end: u32) -> vec4f {
  if (row >= p.n || col >= end) { return vec4f(); }
  let word = p.codes_at + row * p.rowWords + col * ${bits} / 32;
  let shift = col * ${bits} % 32;
  var bits = codes[word] >> shift;${next}
  return weights_of(row, col, bits);
}`;
}
