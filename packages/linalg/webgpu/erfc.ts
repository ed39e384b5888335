// The complementary error function in f32, as WGSL.
//
//   erfc(z) = exp(-z²) · t · P(t),  t = 1 / (1 + 0.3 z),  z >= 0;   erfc(-z) = 2 - erfc(z)
//
// P has degree 8 and was fitted to the smallest relative error on 0 <= z <= 10 (reweighted least
// squares at Chebyshev nodes): 2.0e-8 in exact arithmetic. In f32 the error is below 4e-7 absolute,
// and relative as long as z < 4; farther out the rounding of z² adds z² · 2^-24.

const COEFFICIENTS = [
  0.1691880077,
  0.1707152128,
  0.1483393013,
  0.2149255723,
  -0.0946495533,
  0.5477182865,
  -0.5122765899,
  0.4855624735,
  -0.1295227557,
];

/** WGSL of `fn erfc(x: f32) -> f32`. */
export const ERFC: string = /* wgsl */ `
fn erfc(x: f32) -> f32 {
  let z = abs(x);
  let t = 1 / (1 + 0.3 * z);
  let polynomial = ${
  COEFFICIENTS.reduceRight((inner, c) => inner ? `${c} + t * (${inner})` : `${c}`, "")
};
  let y = exp(-z * z) * t * polynomial;
  return select(y, 2 - y, x < 0);
}`;
