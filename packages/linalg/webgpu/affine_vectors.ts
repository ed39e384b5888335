// The product of up to four rows with packed codes, as WGSL.
//
// What bounds it is reading the codes, once, from global memory. An invocation takes 32 codes of each
// of four rows at a time: as many words as a code has bits, which neighbours in the workgroup follow
// up, in loads of up to four words. The 32 numbers of `x` that go with them are read once for the
// four rows: from the cache twice the bytes of codes of 4 bits, where row by row it would be eight
// times. A code costs an and-or, a subtraction and a multiplication for each row of `x`, as it stays at
// its place in the word, times a power of two that `x` is divided by; above 5 bits, a shift too.
//
// Sums over a group of codes are scaled once, Σ s (c − z) x = s (Σ c x − z Σ x), where 32 codes from a
// multiple of 32 on share a scale; else each weight is, and codes are read four by four. A tree adds up
// what the invocations that share rows have summed.

import {
  affineCodes,
  type CodeLayout,
  fetchWeights,
  raisedCodes,
  raisesOf,
} from "./affine_codes.ts";
import { type CodesType, WORDS } from "./coded_matmul.ts";
import { EACH_ROW, lanesOf, type LaneSums, laneSums } from "./lane_sums.ts";

/** Codes of a row that an invocation takes at a time. */
const RUN = 32;

/** What a product of vectors with codes is made of. */
export interface AffineVectors extends CodeLayout, LaneSums {
  /** Whether 32 codes from a multiple of 32 on always share a scale. */
  readonly isScaledOnce: boolean;
  /** What codes are bound as; u32 where every code is scaled. */
  readonly type: CodesType;
}

/** The widest type that whole rows of codes are made of, up to what an invocation reads at once. */
export function codesType(bits: number, rowWords: number): CodesType {
  if (bits % 4 === 0 && rowWords % 4 === 0) return "vec4u";
  return bits % 2 === 0 && rowWords % 2 === 0 ? "vec2u" : "u32";
}

/** Few invocations to a row, unless there are too few rows to fill the machine. */
export function affineLanes(rows: number, cols: number, full: number): number {
  return lanesOf(rows, cols, RUN, full);
}

/**
 * Writes the entry point.
 *
 * The module has `fn fetch_a`, see `fetchOf`, and `fn store`; the kernel has the arrays and parameters
 * of `affineCodes`, `m`, `n`, `k` and `rowWords`.
 */
export function affineVectorProduct(v: AffineVectors): string {
  return /* wgsl */ `
${v.isScaledOnce ? affineCodes(v) + raisedCodes(v) : fetchWeights(v)}
${laneSums(v, (each) => v.isScaledOnce ? runByRun(v, each) : fourByFour(v, each))}`;
}

/** Takes 32 codes of each row at a time, and scales their sums. */
function runByRun(v: AffineVectors, each: readonly number[]): string {
  const { bits, type, lanes } = v;
  const perLoad = WORDS[type];
  const loads = Array.from({ length: bits / perLoad }, (_, i) => i);
  const wordOf = (r: number, i: number) =>
    `w${r}_${Math.floor(i / perLoad)}${perLoad > 1 ? `[${i % perLoad}]` : ""}`;
  /** The bits of four codes. */
  const quadOf = (r: number, q: number) => {
    const [word, shift] = [Math.floor(4 * bits * q / 32), 4 * bits * q % 32];
    const low = `${wordOf(r, word)} >> ${shift}u`;
    return shift + 4 * bits <= 32 ? low : `(${low}) | (${wordOf(r, word + 1)} << ${32 - shift}u)`;
  };
  const loaded = EACH_ROW.map((r) => `
    let at${r} = p.codes_at + (row${r} * p.rowWords + run * ${bits}) / ${perLoad};
    ${loads.map((i) => `let w${r}_${i} = codes[at${r} + ${i}];`).join(" ")}`);
  const quads = Array.from({ length: RUN / 4 }, (_, q) => `
    {
      let w = mat4x4f(${EACH_ROW.map((r) => `raised_of(${quadOf(r, q)})`).join(", ")});
      ${
    each.map((t) => `
      let x${t} = fetch_a(0, ${t}, col + ${
      4 * q
    }, p.k); dots${t} += x${t} * lower * w; x_sum${t} += x${t};`)
      .join("")
  }
    }`);
  return `
  for (var run = lane; run * ${RUN} < p.k; run += ${lanes}) {
    let col = run * ${RUN};
    let lower = 1 / vec4f(${raisesOf(v).join(", ")});
    ${loaded.join("")}
    ${each.map((t) => `var dots${t} = vec4f(); var x_sum${t} = vec4f();`).join(" ")}
    ${quads.join("")}
    ${EACH_ROW.map((r) => `let s${r} = scale_at(row${r}, col);`).join(" ")}
    let scale = vec4f(${EACH_ROW.map((r) => `s${r}.x`).join(", ")});
    let zero = vec4f(${EACH_ROW.map((r) => `s${r}.y`).join(", ")});
    ${
    each.map((t) => `sums${t} += scale * (dots${t} - zero * dot(x_sum${t}, vec4f(1)));`).join(" ")
  }
  }`;
}

/** Takes four codes of each row at a time, and scales every one. */
function fourByFour({ lanes }: AffineVectors, each: readonly number[]): string {
  const weights = EACH_ROW.map((r) => `fetch_b(0, row${r}, col, p.k)`).join(", ");
  return `
  for (var col = 4 * lane; col < p.k; col += ${4 * lanes}) {
    let w = mat4x4f(${weights});
    ${each.map((t) => `sums${t} += fetch_a(0, ${t}, col, p.k) * w;`).join(" ")}
  }`;
}
