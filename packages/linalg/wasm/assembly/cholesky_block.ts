// The Cholesky factor of a small block on the diagonal, in place, by tiles of columns J:
//
//   D = A[J, J] - L[J, :j] L[J, :j]ᵀ    L[J, J] = chol(D)    L[i, J] = (A[i, J] - L[i, :j] L[J, :j]ᵀ) L[J, J]⁻ᵀ
//
// The rows i are the systems of a triangular solve with what is there of L. The rows J are among
// them and come out as they are already, but for rounding: they are not written again.

import { word } from "./memory";
import { TILE_ROWS, tileCols } from "./micro_kernel";
import { madd, zero } from "./simd";
import { copyCorner, group, packPanel, panel, substitute, tile } from "./triangle";

/** The first element, bytes from row to row, rows, the number of the first row, the status. */
export function choleskyBlockTask<T>(): void {
  const a = word(0);
  const lead = word(1);
  const n = word(2);
  for (let j: usize = 0; j < n; j += tileCols<T>()) {
    const width = min(tileCols<T>(), n - j);
    const corner = a + j * (lead + sizeof<T>());
    packPanel<T>(a + j * lead, lead, sizeof<T>(), width, j);
    if (!factorizeCorner<T>(corner, lead, j, width)) return;
    copyCorner<T>(corner, lead, sizeof<T>(), width, false);
    for (let index = j / TILE_ROWS; index * TILE_ROWS < n; index++) {
      const row = index * TILE_ROWS;
      const height = min(TILE_ROWS, n - row);
      const from = j + width > row ? min(height, j + width - row) : 0;
      const b = a + row * lead + j * sizeof<T>();
      substitute<T>(j, width, group<T>(index), b, lead, sizeof<T>(), from, height);
    }
  }
}

/** Factorizes the tile on the diagonal from row j on; false if a pivot is not positive. */
function factorizeCorner<T>(a: usize, lead: usize, j: usize, width: usize): bool {
  const size = sizeof<T>();
  for (let c: usize = 0; c < width; c += 4) products<T>(j, c);
  for (let i: usize = 0; i < width; i++) {
    for (let c: usize = 0; c <= i; c++) {
      let sum = <T> (load<T>(a + i * lead + c * size) - load<T>(tile() + i * 32 + c * size));
      for (let k: usize = 0; k < c; k++) {
        sum -= <T> (load<T>(a + i * lead + k * size) * load<T>(a + c * lead + k * size));
      }
      if (c < i) sum /= load<T>(a + c * lead + c * size);
      else if (sum > 0) sum = <T> sqrt<T>(sum);
      else return refuse<T>(word(3) + j + i, sum);
      store<T>(a + i * lead + c * size, sum);
    }
  }
  return true;
}

/** Keeps the first pivot that is not positive: its number, from 1 on, and what it is. */
function refuse<T>(row: usize, pivot: T): bool {
  const status = word(4);
  if (load<T>(status) == 0) {
    store<T>(status, <T> (row + 1));
    store<T>(status, pivot, sizeof<T>());
  }
  return false;
}

/** Rows c to c + 3 of the product of the packed panel and its transpose. */
function products<T>(depth: usize, c: usize): void {
  let s00 = zero(), s01 = zero();
  let s10 = zero(), s11 = zero();
  let s20 = zero(), s21 = zero();
  let s30 = zero(), s31 = zero();
  let at = panel();
  for (; depth > 0; depth--, at += 32) {
    const low = v128.load(at);
    const high = v128.load(at, 16);
    const lane = at + c * sizeof<T>();
    let s = v128.load_splat<T>(lane);
    s00 = madd<T>(s, low, s00);
    s01 = madd<T>(s, high, s01);
    s = v128.load_splat<T>(lane, sizeof<T>());
    s10 = madd<T>(s, low, s10);
    s11 = madd<T>(s, high, s11);
    s = v128.load_splat<T>(lane, 2 * sizeof<T>());
    s20 = madd<T>(s, low, s20);
    s21 = madd<T>(s, high, s21);
    s = v128.load_splat<T>(lane, 3 * sizeof<T>());
    s30 = madd<T>(s, low, s30);
    s31 = madd<T>(s, high, s31);
  }
  const target = tile() + c * 32;
  v128.store(target, s00);
  v128.store(target, s01, 16);
  v128.store(target, s10, 32);
  v128.store(target, s11, 48);
  v128.store(target, s20, 64);
  v128.store(target, s21, 80);
  v128.store(target, s30, 96);
  v128.store(target, s31, 112);
}
