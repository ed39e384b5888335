// What a processor can do at most: multiplications and additions in registers alone.
//
// A fused multiplication takes four cycles or so and two start in each: with twelve sums at once
// none waits for another. No loads, no stores. The sums start at different values, or the compiler
// would find that they are all one.

/** Runs `iterations` rounds of 12 vectors of 4: 96 operations each. */
export function peakF32(iterations: i32, x: f32, y: f32): f32 {
  const a = f32x4.splat(x);
  const b = f32x4.splat(y);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(1);
  let s2 = f32x4.splat(2);
  let s3 = f32x4.splat(3);
  let s4 = f32x4.splat(4);
  let s5 = f32x4.splat(5);
  let s6 = f32x4.splat(6);
  let s7 = f32x4.splat(7);
  let s8 = f32x4.splat(8);
  let s9 = f32x4.splat(9);
  let s10 = f32x4.splat(10);
  let s11 = f32x4.splat(11);
  for (let i = 0; i < iterations; i++) {
    s0 = f32x4.relaxed_madd(a, b, s0);
    s1 = f32x4.relaxed_madd(a, b, s1);
    s2 = f32x4.relaxed_madd(a, b, s2);
    s3 = f32x4.relaxed_madd(a, b, s3);
    s4 = f32x4.relaxed_madd(a, b, s4);
    s5 = f32x4.relaxed_madd(a, b, s5);
    s6 = f32x4.relaxed_madd(a, b, s6);
    s7 = f32x4.relaxed_madd(a, b, s7);
    s8 = f32x4.relaxed_madd(a, b, s8);
    s9 = f32x4.relaxed_madd(a, b, s9);
    s10 = f32x4.relaxed_madd(a, b, s10);
    s11 = f32x4.relaxed_madd(a, b, s11);
  }
  const t0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  const t1 = f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7));
  const t2 = f32x4.add(f32x4.add(s8, s9), f32x4.add(s10, s11));
  return f32x4.extract_lane(f32x4.add(f32x4.add(t0, t1), t2), 0);
}

/** Runs `iterations` rounds of 12 vectors of 2: 48 operations each. */
export function peakF64(iterations: i32, x: f64, y: f64): f64 {
  const a = f64x2.splat(x);
  const b = f64x2.splat(y);
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(1);
  let s2 = f64x2.splat(2);
  let s3 = f64x2.splat(3);
  let s4 = f64x2.splat(4);
  let s5 = f64x2.splat(5);
  let s6 = f64x2.splat(6);
  let s7 = f64x2.splat(7);
  let s8 = f64x2.splat(8);
  let s9 = f64x2.splat(9);
  let s10 = f64x2.splat(10);
  let s11 = f64x2.splat(11);
  for (let i = 0; i < iterations; i++) {
    s0 = f64x2.relaxed_madd(a, b, s0);
    s1 = f64x2.relaxed_madd(a, b, s1);
    s2 = f64x2.relaxed_madd(a, b, s2);
    s3 = f64x2.relaxed_madd(a, b, s3);
    s4 = f64x2.relaxed_madd(a, b, s4);
    s5 = f64x2.relaxed_madd(a, b, s5);
    s6 = f64x2.relaxed_madd(a, b, s6);
    s7 = f64x2.relaxed_madd(a, b, s7);
    s8 = f64x2.relaxed_madd(a, b, s8);
    s9 = f64x2.relaxed_madd(a, b, s9);
    s10 = f64x2.relaxed_madd(a, b, s10);
    s11 = f64x2.relaxed_madd(a, b, s11);
  }
  const t0 = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  const t1 = f64x2.add(f64x2.add(s4, s5), f64x2.add(s6, s7));
  const t2 = f64x2.add(f64x2.add(s8, s9), f64x2.add(s10, s11));
  return f64x2.extract_lane(f64x2.add(f64x2.add(t0, t1), t2), 0);
}
