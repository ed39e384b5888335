/** The plane rotation [c, s; -s, c] that turns (f, g) into (r, 0). */
export interface Givens {
  readonly c: number;
  readonly s: number;
  readonly r: number;
}

/** Makes the rotation that turns (f, g) into (r, 0); r has the sign of the larger one's cosine. */
export function givens(f: number, g: number): Givens {
  if (g === 0) return { c: 1, s: 0, r: f };
  if (f === 0) return { c: 0, s: 1, r: g };
  const r = Math.abs(f) > Math.abs(g) && f < 0 ? -Math.hypot(f, g) : Math.hypot(f, g);
  return { c: f / r, s: g / r, r };
}
