// Eigenvalues of a diagonal matrix plus one of rank one, D + ρ z zᵀ.
//
// The eigenvalues are the roots of the secular equation, one right of each pole d_i:
//
//   f(λ) = 1/ρ + Σ z_j² / (d_j - λ) = 0    ψ: the poles up to i    φ: those behind
//
// R.-C. Li, "Solving Secular Equations Stably and Efficiently", LAPACK Working Note 89, 1993: the
// "middle way" takes ψ and φ for one pole each, d_i and d_{i+1}, with the value and the derivative that
// they have where the iteration is; it begins with these two poles as they are and all others as they
// are in the middle between them. Its root is taken unless it leaves the interval known to hold the
// root of f, which is halved then. Roots are kept as differences from the pole next to them, so that
// all d_j - λ_i have their digits.
//
// Departs from it: of the last root, behind all poles, ψ is all there is. An iteration ends when f is
// smaller than the rounding errors of its own sum.
// Cost: about four sums of k terms a root, one division a term.

const EPSILON = 2 ** -53;
/** Halving alone needs no more steps than a number has bits. */
const MAX_STEPS = 100;

/** What a sum over some of the poles comes to. */
interface Sum {
  value: number;
  slope: number;
  /** How much rounding may have made of the value, in units of it. */
  error: number;
}

/**
 * Finds all roots, each as the pole next to it and the difference from there.
 *
 * @param d The poles, ascending, each one apart from the next.
 * @param z The weights, none of them zero.
 * @param rho Positive.
 * @param origins Becomes the poles.
 * @param offsets Becomes the differences.
 */
export function secularRoots(
  d: Float64Array,
  z: Float64Array,
  rho: number,
  origins: Float64Array,
  offsets: Float64Array,
): void {
  const last = d.length - 1;
  for (let i = 0; i < last; i++) {
    const { origin, offset } = innerRoot(d, z, rho, i);
    origins[i] = d[origin];
    offsets[i] = offset;
  }
  origins[last] = d[last];
  offsets[last] = lastRoot(d, z, rho);
}

const below: Sum = { value: 0, slope: 0, error: 0 };
const above: Sum = { value: 0, slope: 0, error: 0 };

/** Sums the poles from `start` towards `end`, the nearest to the root last. */
function sumPoles(
  sum: Sum,
  d: Float64Array,
  z: Float64Array,
  origin: number,
  offset: number,
  start: number,
  end: number,
): void {
  const pole = d[origin];
  const step = start <= end ? 1 : -1;
  let [value, slope, error] = [0, 0, 0];
  for (let j = start; j !== end; j += step) {
    const ratio = z[j] / (d[j] - pole - offset);
    value += z[j] * ratio;
    slope += ratio * ratio;
    error += Math.abs(value);
  }
  sum.value = value;
  sum.slope = slope;
  // Each term is rounded four times, each partial sum once.
  sum.error = error + 4 * Math.abs(value);
}

/** The root between pole i and the next. */
function innerRoot(
  d: Float64Array,
  z: Float64Array,
  rho: number,
  i: number,
): { origin: number; offset: number } {
  const gap = d[i + 1] - d[i];
  const half = gap / 2;
  const p = z[i] * z[i];
  const q = z[i + 1] * z[i + 1];
  sumPoles(below, d, z, i, half, 0, i);
  sumPoles(above, d, z, i, half, d.length - 1, i + 1);
  const others = 1 / rho + below.value + above.value;
  const isLeft = others + (q - p) / half >= 0;
  const origin = isLeft ? i : i + 1;
  // The root is between these differences from the origin.
  let low = isLeft ? 0 : -half;
  let high = isLeft ? half : 0;
  let offset = isLeft ? nearPole(others, p, q, gap) : -nearPole(-others, q, p, gap);
  if (!(offset > low && offset < high)) offset = low + (high - low) / 2;
  for (let step = 0; step < MAX_STEPS; step++) {
    sumPoles(below, d, z, origin, offset, 0, i + 1);
    sumPoles(above, d, z, origin, offset, d.length - 1, i);
    const f = 1 / rho + below.value + above.value;
    const slope = below.slope + above.slope;
    const error = 2 / rho + below.error + above.error + Math.abs(offset) * slope;
    if (Math.abs(f) <= EPSILON * error) break;
    if (f < 0) low = offset;
    else high = offset;
    const left = d[i] - d[origin] - offset;
    const right = d[i + 1] - d[origin] - offset;
    const c = f - left * below.slope - right * above.slope;
    const a = (left + right) * f - left * right * slope;
    const b = left * right * f;
    const next = offset + smallRoot(a, b, c);
    const taken = next > low && next < high ? next : low + (high - low) / 2;
    if (taken === offset || taken === low || taken === high) break;
    offset = taken;
  }
  return { origin, offset };
}

/** The root of c - p / x + q / (gap - x) between 0 and gap. */
function nearPole(c: number, p: number, q: number, gap: number): number {
  return smallRoot(c * gap + p + q, p * gap, c);
}

/** The root of c x² - a x + b that goes to b / a as c goes to zero. */
function smallRoot(a: number, b: number, c: number): number {
  const root = Math.sqrt(Math.max(0, a * a - 4 * b * c));
  return a > 0 ? 2 * b / (a + root) : (a - root) / (2 * c);
}

/** The difference of the last root from the last pole. */
function lastRoot(d: Float64Array, z: Float64Array, rho: number): number {
  const last = d.length - 1;
  let squares = 0;
  for (let j = 0; j <= last; j++) squares += z[j] * z[j];
  let low = 0;
  // Rounded up, so that it does hold the root.
  let high = rho * squares * (1 + 2 * d.length * EPSILON);
  let offset = rho * z[last] * z[last];
  for (let step = 0; step < MAX_STEPS; step++) {
    sumPoles(below, d, z, last, offset, 0, last + 1);
    const f = 1 / rho + below.value;
    const error = 2 / rho + below.error + offset * below.slope;
    if (Math.abs(f) <= EPSILON * error) break;
    if (f < 0) low = offset;
    else high = offset;
    // f is taken for c - s / x.
    const c = f + offset * below.slope;
    const next = offset * (offset * below.slope / c);
    const taken = next > low && next < high ? next : low + (high - low) / 2;
    if (taken === offset || taken === low || taken === high) break;
    offset = taken;
  }
  return offset;
}
