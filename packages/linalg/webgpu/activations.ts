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

// s(t) and the root of s(t) (1 − s(t)), by h = exp(−|t| / 2): it does not overflow, and a product with
// the root twice vanishes no sooner than it must.
const LOGISTIC = /* wgsl */ `
fn logistic(t: f32) -> vec2f {
  let h = exp(-0.5 * abs(t));
  let root = h / (1 + h * h);
  return vec2f(select(1 / (1 + h * h), h * root, t < 0), root);
}`;

const FUNCTIONS: Readonly<Record<Activation, Functions>> = {
  silu: {
    value: "return v / (1 + exp(-v));",
    slope: "let l = logistic(v); return l.x + v * l.y * l.y;",
    module: LOGISTIC,
  },
  gelu: {
    value: "return 0.5 * v * erfc(-0.70710678 * v);",
    slope: "return 0.5 * erfc(-0.70710678 * v) + 0.39894228 * v * exp(-0.5 * v * v);",
    module: ERFC,
  },
  geluTanh: {
    value: "return v / (1 + exp(-1.5957691 * (v + 0.044715 * v * v * v)));",
    // From 100 on l.y is 0, and squares of numbers far beyond overflow.
    slope: `let l = logistic(1.5957691 * (v + 0.044715 * v * v * v));
  let w = min(abs(v), 100);
  return l.x + v * l.y * (1.5957691 * (1 + 0.134145 * w * w)) * l.y;`,
    module: LOGISTIC,
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
