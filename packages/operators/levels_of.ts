// The levels that codes stand for. They are computed, and stored with no operator.
//
// `normal` (NormalFloat): T. Dettmers et al., "QLoRA: Efficient Finetuning of Quantized LLMs", 2023,
// arXiv:2305.14314, section 3 and appendix E, there for b = 4 bits. With n = 2^b and Q the quantile of
// the normal distribution:
//
//   delta = (1 / (2 (n - 1)) + 1 / (2 n)) / 2
//   below zero   Q(p) for the first n/2 - 1 of n/2 even steps of p from delta to 1/2
//   from zero    Q(p) for n/2 + 1 even steps of p from 1/2 to 1 - delta
//
// all divided by the greatest: from -1 to 1, with a level at zero, and one more above than below it.
//
// `e2m1`: B. D. Rouhani et al., "OCP Microscaling Formats (MX) Specification", version 1.0, 2023, section
// 5.3.3: a sign, two bits of exponent with the bias 1, one of mantissa, no infinities and no NaN:
// ±(0, 0.5, 1, 1.5, 2, 3, 4, 6).

import type { Tensor } from "@pare/tensor";
import { normalQuantile } from "./normal_quantile.ts";

/** Which levels codes stand for. */
export type LevelKind = "normal" | "e2m1";

/** The numbers of bits that codes for each kind of levels may have. */
export const LEVEL_BITS: {
  readonly [Kind in LevelKind]: readonly [least: number, most: number];
} = { normal: [2, 4], e2m1: [4, 4] };

/**
 * Tells what codes stand for.
 *
 * @example The eight levels of three bits
 * ```ts
 * import { levelsOf } from "@pare/operators";
 * import { assertEquals } from "@std/assert";
 *
 * const { data } = levelsOf("normal", 3);
 * assertEquals([data[0], data[3], data[7]], [-1, 0, 1]);
 * ```
 *
 * @param kind Which levels.
 * @param bits The bits of one code: 2 to 4, 4 for `e2m1`.
 * @returns The level of each code, f32 `[2^bits]`.
 */
export function levelsOf(kind: LevelKind, bits: number): Tensor {
  const count = 2 ** bits;
  const levels = kind === "normal" ? normalLevels(count) : Array.from({ length: count }, e2m1Level);
  return { dtype: "f32", shape: [count], data: Float32Array.from(levels) };
}

function normalLevels(n: number): number[] {
  const delta = (1 / (2 * (n - 1)) + 1 / (2 * n)) / 2;
  const greatest = normalQuantile(1 - delta);
  return Array.from({ length: n }, (_, code) => {
    const step = code + 1 - n / 2;
    const steps = step < 0 ? n / 2 - 1 : n / 2;
    if (Math.abs(step) === steps) return Math.sign(step);
    return normalQuantile(0.5 + (0.5 - delta) * step / steps) / greatest;
  });
}

function e2m1Level(_: unknown, code: number): number {
  const exponent = code >> 1 & 3;
  const mantissa = (code & 1) / 2;
  const magnitude = exponent === 0 ? mantissa : (1 + mantissa) * 2 ** (exponent - 1);
  return code & 8 ? 0 - magnitude : magnitude;
}
