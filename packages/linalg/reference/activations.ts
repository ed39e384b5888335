// The functions applied to every element, and their derivatives, with σ(u) = 1 / (1 + exp(−u)), Φ
// the normal distribution and φ its density:
//
//   silu      x σ(x)                               σ + x σ (1 − σ)
//   gelu      x Φ(x)                               Φ(x) + x φ(x)
//   geluTanh  x σ(2u), u = √(2/π)(x + 0.044715x³)  σ + x σ (1 − σ) 2u'
//   relu      max(x, 0)                            1 above zero, 0 below and at it
//
// D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units", 2016, arXiv:1606.08415, section 2, for
// the last but one, as σ(2u) = (1 + tanh u) / 2.

import type { Activation } from "../device.ts";

/** A function and its derivative. */
interface Differentiable {
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}

/** The functions by their names. */
export const ACTIVATIONS: Readonly<Record<Activation, Differentiable>> = {
  silu: {
    value: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) + x * sigmoid(x) * sigmoid(-x),
  },
  gelu: {
    value: (x) => x * normal(x),
    slope: (x) => normal(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI),
  },
  geluTanh: {
    value: (x) => x * sigmoid(2 * u(x)),
    slope: (x) => {
      const s = sigmoid(2 * u(x));
      const slopeU = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
      return s + x * s * sigmoid(-2 * u(x)) * 2 * slopeU;
    },
  },
  relu: {
    value: (x) => Math.max(x, 0),
    slope: (x) => x > 0 ? 1 : x <= 0 ? 0 : x,
  },
};

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function normal(x: number): number {
  return erfc(-x / Math.SQRT2) / 2;
}

function u(x: number): number {
  return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
}

/**
 * The complementary error function, to about 1e-15 of 1 up to |x| = 3, and relatively beyond.
 *
 * Near zero by its Maclaurin series, farther out by its continued fraction (Abramowitz and Stegun,
 * 7.1.6 and 7.1.14).
 */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x > 27) return 0;
  if (x < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 1 - 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
