// The finite field GF(q), q = p^e odd, as far as Paley's constructions need it: which differences of
// its elements are squares.
//
// R. Lidl and H. Niederreiter, "Finite Fields", 2nd ed., 1997, chapters 1 and 5. Element number i is
// the polynomial whose coefficients are the digits of i in base p, lowest first, modulo a monic
// irreducible polynomial of degree e: the one whose lower coefficients make the smallest number.

/** Writes a power of a prime as `[p, e]`; `undefined` for any other number. */
export function primePower(q: number): [p: number, e: number] | undefined {
  if (!Number.isInteger(q) || q < 2) return undefined;
  let p = 2;
  while (q % p !== 0) p = p * p > q ? q : p + 1;
  let e = 0;
  for (; q % p === 0; q /= p) e++;
  return q === 1 ? [p, e] : undefined;
}

/**
 * The quadratic character χ of all differences in GF(q): 0 for zero, 1 for squares, else -1.
 *
 * @param q A power of an odd prime.
 * @returns χ(i − j) for the elements numbered i and j.
 */
export function quadraticCharacter(q: number): (i: number, j: number) => number {
  const field = primePower(q);
  if (!field || field[0] === 2) {
    throw new RangeError(
      `Cannot make a field as its order must be a power of an odd prime: current order is ${q}`,
    );
  }
  const [p, e] = field;
  const elements = Array.from({ length: q }, (_, i) => digits(i, p, e));
  const modulus = irreducible(p, e);
  const character = new Int8Array(q).fill(-1);
  for (const x of elements) character[numberOf(multiply(x, x, modulus, p), p)] = 1;
  character[0] = 0;
  return (i, j) => character[numberOf(elements[i].map((x, k) => (x + p - elements[j][k]) % p), p)];
}

function digits(value: number, p: number, count: number): number[] {
  return Array.from({ length: count }, (_, k) => Math.floor(value / p ** k) % p);
}

function numberOf(x: readonly number[], p: number): number {
  return x.reduceRight((value, digit) => value * p + digit, 0);
}

/** x · y modulo t^e + Σ modulus[k] t^k and p. */
function multiply(
  x: readonly number[],
  y: readonly number[],
  modulus: readonly number[],
  p: number,
): number[] {
  const e = modulus.length;
  const product = new Array<number>(2 * e - 1).fill(0);
  x.forEach((a, i) => y.forEach((b, j) => product[i + j] = (product[i + j] + a * b) % p));
  return reduce(product, modulus, p);
}

/** The remainder of a polynomial; `modulus` lacks its leading coefficient, which is 1. */
function reduce(polynomial: number[], modulus: readonly number[], p: number): number[] {
  const e = modulus.length;
  for (let top = polynomial.length - 1; top >= e; top--) {
    const lead = polynomial[top];
    for (let k = 0; k < e; k++) {
      const at = top - e + k;
      polynomial[at] = (polynomial[at] + (p - lead) * modulus[k]) % p;
    }
  }
  return polynomial.slice(0, e);
}

/** The lower coefficients of the first monic polynomial of degree e that none of lower degree divides. */
function irreducible(p: number, e: number): number[] {
  for (let value = 0; value < p ** e; value++) {
    const candidate = digits(value, p, e);
    if (e === 1 || !hasDivisor(candidate, p)) return candidate;
  }
  throw new RangeError(`Cannot make a field of order ${p}^${e}`);
}

function hasDivisor(lower: readonly number[], p: number): boolean {
  for (let degree = 1; degree <= lower.length / 2; degree++) {
    for (let value = 0; value < p ** degree; value++) {
      if (reduce([...lower, 1], digits(value, p, degree), p).every((x) => x === 0)) return true;
    }
  }
  return false;
}
