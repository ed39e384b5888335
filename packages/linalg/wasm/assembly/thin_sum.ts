// Products of few rows by a matrix as it lies: rows of b are summed, each times an element of a,
// over a strip of columns that stays in the first cache.

import { divideUp, word } from "./memory";
import { spare } from "./panels";
import { lanes, loadUpTo, madd } from "./simd";

/** Bytes of a strip of columns. */
const STRIP: usize = 4096;

export function sumRowsTasks<T>(): usize {
  return divideUp(word(4) * sizeof<T>(), STRIP);
}

export function sumRowsTask<T>(part: usize, a: usize, b: usize, c: usize, alpha: T): void {
  const size = sizeof<T>();
  const m = word(3);
  const n = word(4);
  const k = word(5);
  const first = part * (STRIP / size);
  const cols = min(STRIP / size, n - first);
  for (let i: usize = 0; i < m; i++) memory.fill(spare() + i * STRIP, 0, STRIP);
  let l: usize = 0;
  for (; l + 4 <= k; l += 4) {
    const row = b + (l * n + first) * size;
    for (let i: usize = 0; i < m; i++) {
      addFour<T>(spare() + i * STRIP, a + (i * k + l) * size, row, n * size, cols);
    }
  }
  for (; l < k; l++) {
    const row = b + (l * n + first) * size;
    for (let i: usize = 0; i < m; i++) {
      addOne<T>(spare() + i * STRIP, a + (i * k + l) * size, row, cols);
    }
  }
  const leadC = word(13) * size;
  const stepC = word(14) * size;
  const accumulate = word(12) != 0;
  for (let i: usize = 0; i < m; i++) {
    const sums = spare() + i * STRIP;
    let target = c + i * leadC + first * stepC;
    for (let j: usize = 0; j < cols; j++, target += stepC) {
      const product = <T> (load<T>(sums + j * size) * alpha);
      store<T>(target, accumulate ? <T> (load<T>(target) + product) : product);
    }
  }
}

/** sums += a[0] · row 0 + … + a[3] · row 3. */
function addFour<T>(sums: usize, a: usize, b: usize, lead: usize, cols: usize): void {
  const a0 = v128.load_splat<T>(a);
  const a1 = v128.load_splat<T>(a, sizeof<T>());
  const a2 = v128.load_splat<T>(a, 2 * sizeof<T>());
  const a3 = v128.load_splat<T>(a, 3 * sizeof<T>());
  let b1 = b + lead;
  let b2 = b1 + lead;
  let b3 = b2 + lead;
  for (; cols >= lanes<T>(); cols -= lanes<T>()) {
    const sum = madd<T>(a1, v128.load(b1), madd<T>(a0, v128.load(b), v128.load(sums)));
    v128.store(sums, madd<T>(a3, v128.load(b3), madd<T>(a2, v128.load(b2), sum)));
    sums += 16;
    b += 16;
    b1 += 16;
    b2 += 16;
    b3 += 16;
  }
  if (cols == 0) return;
  const first = madd<T>(a0, loadUpTo<T>(b, cols), v128.load(sums));
  const sum = madd<T>(a2, loadUpTo<T>(b2, cols), madd<T>(a1, loadUpTo<T>(b1, cols), first));
  v128.store(sums, madd<T>(a3, loadUpTo<T>(b3, cols), sum));
}

function addOne<T>(sums: usize, a: usize, b: usize, cols: usize): void {
  const a0 = v128.load_splat<T>(a);
  let at: usize = 0;
  for (let j: usize = 0; j < cols; j += lanes<T>(), at += 16) {
    const sum = v128.load(sums + at);
    v128.store(sums + at, madd<T>(a0, loadUpTo<T>(b + at, cols - j), sum));
  }
}
