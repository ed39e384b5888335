// Products of few rows by a matrix as it lies: rows of b are summed, each times an element of a, over
// a strip of columns that stays in the caches.
//
// Four rows are read at once, a quarter of the matrix apart: so each of the four streams goes through
// memory without a jump, as far as the strip is a whole row, and what is read ahead is not in vain.
// That is 26 to 30 GB/s of one thread where neighbouring rows give 17 to 21 and reading alone 33.

import { divideUp, word } from "./memory";
import { spare } from "./panels";
import { lanes, loadUpTo, madd } from "./simd";

/** The most bytes of a strip of columns, and the fewest worth a task. */
const STRIP: usize = 65536;
const LEAST_STRIP: usize = 2048;
/** In lines of the cache. */
const LINE: usize = 64;

/** Bytes of a strip: one for each thread, if the batch has too few products. */
@inline
function strip<T>(): usize {
  const share = divideUp(word(4) * sizeof<T>(), divideUp(word(16), word(6)));
  return divideUp(max<usize>(LEAST_STRIP, min<usize>(STRIP, share)), LINE) * LINE;
}

export function sumRowsTasks<T>(): usize {
  return divideUp(word(4) * sizeof<T>(), strip<T>());
}

export function sumRowsTask<T>(part: usize, a: usize, b: usize, c: usize, alpha: T): void {
  const size = sizeof<T>();
  const m = word(3);
  const n = word(4);
  const k = word(5);
  const first = part * (strip<T>() / size);
  const cols = min(strip<T>() / size, n - first);
  for (let i: usize = 0; i < m; i++) memory.fill(spare() + i * STRIP, 0, STRIP);
  const quarter = k / 4;
  for (let l: usize = 0; l < quarter; l++) {
    const row = b + (l * n + first) * size;
    for (let i: usize = 0; i < m; i++) {
      const at = a + (i * k + l) * size;
      addFour<T>(spare() + i * STRIP, at, quarter * size, row, quarter * n * size, cols);
    }
  }
  for (let l: usize = 4 * quarter; l < k; l++) {
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

/** sums += a[0] · row 0 + … + a[3] · row 3; `step` is the bytes between elements, `lead` rows. */
function addFour<T>(
  sums: usize,
  a: usize,
  step: usize,
  b: usize,
  lead: usize,
  cols: usize,
): void {
  const a0 = v128.load_splat<T>(a);
  const a1 = v128.load_splat<T>(a + step);
  const a2 = v128.load_splat<T>(a + 2 * step);
  const a3 = v128.load_splat<T>(a + 3 * step);
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
