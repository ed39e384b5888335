// The functions between layers and their derivatives, as WGSL.
//
// The hyperbolic tangent of WGSL may overflow: 1 + tanh(u) is written as 2 / (1 + exp(-2u)). With
// s(v) = 1 / (1 + exp(-v)), and Φ and φ the normal distribution and its density,
//
//   silu      v s(v)              s(v) + v s(v) (1 − s(v))
//   gelu      v Φ(v)              Φ(v) + v φ(v)
//   geluTanh  v s(2u)             s(2u) + v s(2u) (1 − s(2u)) 2u'   u = √(2/π) (v + 0.044715 v³)
//   relu      max(v, 0)           0 up to 0, then 1

import type { Activation } from "../device.ts";
import { ERFC } from "./erfc.ts";

interface Functions {
  /** Bodies of functions of `v`. */
  readonly value: string;
  readonly slope: string;
  /** What both call. */
  readonly module?: string;
}

const FUNCTIONS: Readonly<Record<Activation, Functions>> = {
  silu: {
    value: "return v / (1 + exp(-v));",
    slope: "let s = 1 / (1 + exp(-v)); return s * (1 + v * (1 - s));",
  },
  gelu: {
    value: "return 0.5 * v * erfc(-0.70710678 * v);",
    slope: "return 0.5 * erfc(-0.70710678 * v) + 0.39894228 * v * exp(-0.5 * v * v);",
    module: ERFC,
  },
  geluTanh: {
    value: "return v / (1 + exp(-1.5957691 * (v + 0.044715 * v * v * v)));",
    // From 10 on the second summand is below 1e-35; cubes of numbers far beyond overflow.
    slope: `let w = select(v, 0, abs(v) > 10);
  let s = 1 / (1 + exp(-1.5957691 * (v + 0.044715 * v * v * v)));
  return s * (1 + w * (1 - s) * 1.5957691 * (1 + 0.134145 * w * w));`,
  },
  // Greater than zero or NaN: what compares false to zero is kept.
  relu: {
    value: "return select(v, 0, v <= 0);",
    slope: "return select(select(v, 0, v <= 0), 1, v > 0);",
  },
};

/** WGSL of `fn activate(v: f32) -> f32` and of its derivative, `fn slope(v: f32) -> f32`. */
export function activationOf(activation: Activation): string {
  const { module = "", value, slope } = FUNCTIONS[activation];
  return /* wgsl */ `
${module}
fn activate(v: f32) -> f32 { ${value} }
fn slope(v: f32) -> f32 {
  ${slope}
}`;
}
