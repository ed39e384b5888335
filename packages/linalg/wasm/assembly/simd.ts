// Vectors of four f32 or two f64, chosen by the type parameter.

/** a · b + c, rounded once where the processor can. */
@inline
export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** Elements in a vector. */
@inline
export function lanes<T>(): usize {
  return 16 / sizeof<T>();
}

@inline
export function zero(): v128 {
  return i32x4.splat(0);
}

/**
 * Loads up to a vector of elements; the lanes beyond `count` are zero. For what is left after a loop:
 * inside of one the call keeps its variables out of registers.
 */
@inline
export function loadUpTo<T>(address: usize, count: usize): v128 {
  if (count >= lanes<T>()) return v128.load(address);
  return loadPart<T>(address, count);
}

function loadPart<T>(address: usize, count: usize): v128 {
  if (sizeof<T>() == 8) return v128.load_zero<f64>(address);
  if (count == 1) return v128.load_zero<f32>(address);
  const pair = v128.load_zero<f64>(address);
  if (count == 2) return pair;
  return v128.load_lane<f32>(address, pair, 2, 8);
}

/** All bits of the first `count` lanes. */
@inline
export function firstLanes<T>(count: usize): v128 {
  if (sizeof<T>() == 8) return i64x2.lt_s(i64x2(0, 1), i64x2.splat(count));
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(<i32> count));
}

/** Stores up to a vector of elements. */
@inline
export function storeUpTo<T>(address: usize, vector: v128, count: usize): void {
  if (count >= lanes<T>()) v128.store(address, vector);
  else storePart<T>(address, vector, count);
}

function storePart<T>(address: usize, vector: v128, count: usize): void {
  if (sizeof<T>() == 8) v128.store_lane<f64>(address, vector, 0);
  else if (count == 1) v128.store_lane<f32>(address, vector, 0);
  else {
    v128.store_lane<f64>(address, vector, 0);
    if (count == 3) v128.store_lane<f32>(address, vector, 2, 8);
  }
}

/** The lower half of a vector of f32, as f64. */
@inline
export function lowDoubles(vector: v128): v128 {
  return f64x2.promote_low_f32x4(vector);
}

/** The upper half of a vector of f32, as f64. */
@inline
export function highDoubles(vector: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(vector, vector, 1, 0));
}

/** The lanes in f64; of four f32, the sums of two and two. */
@inline
export function pairSums<T>(vector: v128): v128 {
  if (sizeof<T>() == 8) return vector;
  return f64x2.add(lowDoubles(vector), highDoubles(vector));
}

/** The products of the lanes in f64, likewise. */
@inline
export function pairProducts<T>(a: v128, b: v128): v128 {
  if (sizeof<T>() == 8) return f64x2.mul(a, b);
  const high = f64x2.mul(highDoubles(a), highDoubles(b));
  return madd<f64>(lowDoubles(a), lowDoubles(b), high);
}

/** The squares of the lanes in f64, likewise. */
@inline
export function pairSquares<T>(vector: v128): v128 {
  if (sizeof<T>() == 8) return f64x2.mul(vector, vector);
  const high = highDoubles(vector);
  const low = lowDoubles(vector);
  return madd<f64>(low, low, f64x2.mul(high, high));
}

/** Two halves in f64 as one vector of f32. */
@inline
export function joinDoubles(low: v128, high: v128): v128 {
  return i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** The sum of the lanes. */
@inline
export function sumLanes<T>(vector: v128): T {
  if (sizeof<T>() == 8) {
    return <T> (v128.extract_lane<f64>(vector, 0) + v128.extract_lane<f64>(vector, 1));
  }
  const pairs = f32x4.add(vector, i64x2.shuffle(vector, vector, 1, 0));
  return <T> (v128.extract_lane<f32>(pairs, 0) + v128.extract_lane<f32>(pairs, 1));
}
