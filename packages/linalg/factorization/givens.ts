/** Pairs of numbers below this are scaled before a rotation is made of them. */
const TINY = 2 ** -900;

/** The plane rotation [c, s; -s, c] that turns (f, g) into (r, 0). */
export interface Givens {
  readonly c: number;
  readonly s: number;
  readonly r: number;
}

/** Makes the rotation that turns (f, g) into (r, 0); the cosine is positive where it is the larger. */
export function givens(f: number, g: number): Givens {
  if (g === 0) return { c: 1, s: 0, r: f };
  if (f === 0) return { c: 0, s: 1, r: g };
  if (Math.abs(f) < TINY && Math.abs(g) < TINY) {
    // Numbers below 2^-1022 have fewer digits, too few for a rotation.
    const { c, s, r } = givens(f / TINY, g / TINY);
    return { c, s, r: r * TINY };
  }
  const norm = hypotenuse(f, g);
  const r = Math.abs(f) > Math.abs(g) && f < 0 ? -norm : norm;
  return { c: f / r, s: g / r, r };
}

/** √(f² + g²); `Math.hypot` costs ten times as much, and is only needed where squares are not. */
function hypotenuse(f: number, g: number): number {
  const squares = f * f + g * g;
  return squares > 2 ** -900 && squares < 2 ** 1000 ? Math.sqrt(squares) : Math.hypot(f, g);
}
