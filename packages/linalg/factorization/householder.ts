// Householder reflectors and their products in compact form.
//
// R. Schreiber and C. Van Loan, "A Storage-Efficient WY Representation for Products of Householder
// Transformations", SIAM J. Sci. Stat. Comput. 10, 1989:
//
//   H_j = I - τ_j v_j v_jᵀ, v_j zero before its unit element    H_1 H_2 … H_k = I - V T Vᵀ
//   T[j, j] = τ_j    T[:j, j] = -τ_j T[:j, :j] (V[:, :j]ᵀ v_j)
//
// On the host, in f64. Vectors are rows here, so that each is contiguous: V is held as Vᵀ.

/** A product of reflectors I - V T Vᵀ that acts on `length` rows from `row` on. */
export interface BlockReflector {
  readonly row: number;
  readonly length: number;
  /** How many reflectors; reflector j starts with j zeros and a one. */
  readonly count: number;
  /** Vᵀ, `[count, length]`. */
  readonly vt: Float64Array<ArrayBuffer>;
  /** T, upper triangular, `[count, count]`. */
  readonly t: Float64Array<ArrayBuffer>;
}

/** Vectors with all elements below this are scaled before they are reflected. */
const TINY = 2 ** -900;

/** What a reflector makes of the vector it was made for. */
export interface Reflection {
  /** The factor τ of H = I - τ v vᵀ; 0 where nothing had to be reflected. */
  readonly tau: number;
  /** The first element of H x; all others are zero. */
  readonly beta: number;
}

/** The inner product of `length` elements of two arrays. */
export function dot(
  a: Float64Array,
  startA: number,
  b: Float64Array,
  startB: number,
  length: number,
): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[startA + i] * b[startB + i];
  return sum;
}

/** Adds a multiple of `length` elements of `x` to those of `y`. */
export function addMultiple(
  y: Float64Array,
  startY: number,
  factor: number,
  x: Float64Array,
  startX: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) y[startY + i] += factor * x[startX + i];
}

/** The norm of a vector, without overflow or underflow of the squares. */
export function norm(x: Float64Array): number {
  let largest = 0;
  for (const value of x) largest = Math.max(largest, Math.abs(value));
  // In this range neither the largest square nor a sum of them leaves f64.
  if (largest > 1e-140 && largest < 1e140) return Math.sqrt(dot(x, 0, x, 0, x.length));
  if (largest === 0) return 0;
  let squares = 0;
  for (const value of x) squares += (value / largest) ** 2;
  return largest * Math.sqrt(squares);
}

/** Makes the reflector that turns `x` into a multiple of the first unit vector; `x` becomes v. */
export function reflect(x: Float64Array): Reflection {
  if (x.every((value) => Math.abs(value) < TINY) && x.some((value) => value !== 0)) {
    // Numbers below 2^-1022 have fewer digits, too few for a reflector.
    for (let i = 0; i < x.length; i++) x[i] /= TINY;
    const { tau, beta } = reflect(x);
    return { tau, beta: beta * TINY };
  }
  const alpha = x[0];
  const rest = norm(x.subarray(1));
  x[0] = 1;
  if (rest === 0) return { tau: 0, beta: alpha };
  const beta = alpha > 0 ? -Math.hypot(alpha, rest) : Math.hypot(alpha, rest);
  for (let i = 1; i < x.length; i++) x[i] /= alpha - beta;
  return { tau: (beta - alpha) / beta, beta };
}

/** Multiplies reflectors. */
export function blockReflector(
  row: number,
  length: number,
  vt: Float64Array<ArrayBuffer>,
  taus: readonly number[],
): BlockReflector {
  const count = taus.length;
  const t = new Float64Array(count * count);
  for (const [j, tau] of taus.entries()) {
    const products = Float64Array.from(
      { length: j },
      (_, i) => dot(vt, i * length + j, vt, j * length + j, length - j),
    );
    for (let i = 0; i < j; i++) {
      t[i * count + j] = -tau * dot(t, i * count + i, products, i, j - i);
    }
    t[j * count + j] = tau;
  }
  return { row, length, count, vt, t };
}

/**
 * Factorizes a panel whose columns are the rows of `columns`, in place.
 *
 * @param columns `[count, length]`; afterwards column j holds R[:j + 1, j] and zeros.
 * @param row The row of the whole matrix that the panel starts at.
 * @returns The reflectors H_1 … H_k with (H_1 … H_k)ᵀ · panel = R.
 */
export function factorizePanel(
  columns: Float64Array<ArrayBuffer>,
  count: number,
  length: number,
  row: number,
): BlockReflector {
  const reflectors = Math.min(count, length);
  const vt = new Float64Array(reflectors * length);
  const taus: number[] = [];
  for (let j = 0; j < reflectors; j++) {
    const own = columns.subarray(j * length + j, (j + 1) * length);
    const { tau, beta } = reflect(own);
    vt.set(own, j * length + j);
    own.fill(0);
    own[0] = beta;
    taus.push(tau);
    for (let other = j + 1; other < count && tau !== 0; other++) {
      const start = other * length + j;
      const product = dot(vt, j * length + j, columns, start, length - j);
      addMultiple(columns, start, -tau * product, vt, j * length + j, length - j);
    }
  }
  return blockReflector(row, length, vt, taus);
}
