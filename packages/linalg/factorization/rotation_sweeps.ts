// Sweeps of plane rotations, gathered and applied to columns as small matrix products.
//
// F. Van Zee, R. van de Geijn and G. Quintana-Ortí, "Restructuring the Tridiagonal and Bidiagonal QR
// Algorithms for Performance", ACM Trans. Math. Softw. 40, 2014, section 3; B. Lang, "Using Level 3
// BLAS in Rotation-Based Algorithms", SIAM J. Sci. Comput. 19, 1998:
//
// Rotation p of sweep s must follow rotation p - 1 of its sweep and rotation p + 1 of the sweep
// before. Window w takes from sweep s the rotations p with w b - s <= p < (w + 1) b - s: all that a
// window needs is in earlier windows or in its own earlier sweeps. One window of k sweeps touches
// b + k columns, so it is written out as an orthogonal matrix of that size.
//
// Cost: 2 (b + k)² per row and b k rotations, with b = k a third more than rotating one by one, but
// all of it in products; on the host 3 k b (b + k) to write out the window.

/** From which end of the columns the rotations of a sweep follow each other. */
export type Direction = "down" | "up";

/** Gathers sweeps. */
export interface RotationSweeps {
  /**
   * Adds one sweep. Going down, rotation i turns columns `first + i` and `first + i + 1`; going up,
   * it turns `first - i` and `first - i - 1`: (x, y) becomes (c x + s y, c y - s x).
   */
  add(direction: Direction, first: number, c: Float64Array, s: Float64Array): void;
  /** Applies all that was gathered. */
  flush(): void;
}

/** The rotations of one sweep; positions count from the end that sweeps start at. */
interface Sweep {
  readonly first: number;
  readonly c: Float64Array;
  readonly s: Float64Array;
}

const SWEEPS = 32;
const WIDTH = 32;

/**
 * Makes an empty gathering of sweeps over `columns` columns.
 *
 * @param columns How many columns there are.
 * @param apply Multiplies the columns from `col` on by a square matrix `[size, size]` from the right.
 */
export function rotationSweeps(
  columns: number,
  apply: (col: number, size: number, matrix: Float64Array<ArrayBuffer>) => void,
): RotationSweeps {
  let pending: Sweep[] = [];
  let current: Direction = "down";

  function flush(): void {
    const count = pending.length;
    if (count === 0) return;
    const begin = Math.min(...pending.map(({ first }, s) => first + s));
    const end = Math.max(...pending.map(({ first, c }, s) => first + c.length + s));
    for (let start = begin; start < end; start += WIDTH) {
      // In window coordinates: rotation p of sweep s is in [start - s, start + WIDTH - s).
      const low = Math.max(0, start - count + 1);
      const high = Math.min(columns, start + WIDTH + 1);
      const rows = windowRows(pending, start, low, high);
      const size = high - low;
      if (current === "down") apply(low, size, turned(rows, size, (i) => i));
      else apply(columns - high, size, turned(rows, size, (i) => size - 1 - i));
    }
    pending = [];
  }

  return {
    add(direction, first, c, s) {
      if (direction !== current) flush();
      current = direction;
      pending.push({ first: direction === "down" ? first : columns - 1 - first, c, s });
      if (pending.length === SWEEPS) flush();
    },
    flush,
  };
}

/** Writes out one window as rows: row i is column `low + i` after all rotations. */
function windowRows(
  sweeps: readonly Sweep[],
  start: number,
  low: number,
  high: number,
): Float64Array {
  const size = high - low;
  const rows = new Float64Array(size * size);
  for (let i = 0; i < size; i++) rows[i * size + i] = 1;
  for (const [index, { first, c, s }] of sweeps.entries()) {
    const from = Math.max(first, start - index);
    const to = Math.min(first + c.length, start + WIDTH - index);
    for (let p = from; p < to; p++) {
      const cos = c[p - first];
      const sin = s[p - first];
      // Columns this sweep has not seen lie left of it; later ones have come `index` to the left.
      const left = Math.max(0, start - index - low);
      const right = Math.min(size, p - low + index + 2);
      const x = (p - low) * size;
      const y = x + size;
      for (let j = left; j < right; j++) {
        const a = rows[x + j];
        const b = rows[y + j];
        rows[x + j] = cos * a + sin * b;
        rows[y + j] = cos * b - sin * a;
      }
    }
  }
  return rows;
}

/** Transposes the rows to the matrix that is multiplied from the right, in the order of `place`. */
function turned(
  rows: Float64Array,
  size: number,
  place: (i: number) => number,
): Float64Array<ArrayBuffer> {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) matrix[place(j) * size + place(i)] = rows[i * size + j];
  }
  return matrix;
}
