// The natural logarithm in f64.

const SQRT_HALF: f64 = 0.7071067811865476;
const LN2: f64 = 0.6931471805599453;
const MANTISSA: u64 = 0xfffffffffffff;
/** Terms of the series of atanh: with |s| ≤ 0.1716 the first that is left out is below 2^-60 of it. */
const TERMS: i32 = 11;

/**
 * log x of a positive, normal, finite number: x = 2^n · m with m from √½ to √2, and
 * log m = 2 atanh s, s = (m − 1) / (m + 1), by its series. Infinity and NaN stay what they are.
 */
export function log(x: f64): f64 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<u64>(x);
  let n = <i32> (bits >> 52) - 1022;
  let m = reinterpret<f64>(bits & MANTISSA | 0x3fe0000000000000);
  if (m < SQRT_HALF) {
    m *= 2;
    n--;
  }
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum: f64 = 0;
  for (let k = 2 * TERMS - 1; k > 0; k -= 2) sum = sum * square + 1 / <f64> k;
  return <f64> n * LN2 + 2 * s * sum;
}
