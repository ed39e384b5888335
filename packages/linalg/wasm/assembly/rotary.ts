// Rotates element i of a head with element i + headSize/2 by the angle of the token's position.

import { divideUp, grain, word } from "./memory";
import { lanes, loadUpTo, madd, storeUpTo } from "./simd";

@inline
function rowLength(): usize {
  return word(7) * word(8);
}

export function rotaryTasks(): usize {
  return divideUp(word(5) * word(6), grain(rowLength()));
}

/** x, cos, sin, positions, out, batch, tokens, heads, headSize, rows of cos and sin. */
export function rotaryTask<T>(task: usize): void {
  const half = word(8) / 2;
  const share = grain(rowLength());
  const end = min(word(5) * word(6), (task + 1) * share);
  for (let row = task * share; row < end; row++) {
    const position = min<usize>(load<u32>(word(3) + row % word(6) * 4), word(9) - 1);
    const angle = position * half * sizeof<T>();
    for (let head: usize = 0; head < word(7); head++) {
      const start = (row * word(7) + head) * word(8) * sizeof<T>();
      rotate<T>(word(0) + start, word(1) + angle, word(2) + angle, word(4) + start, half);
    }
  }
}

function rotate<T>(x: usize, cos: usize, sin: usize, out: usize, half: usize): void {
  let upper = x + half * sizeof<T>();
  let upperOut = out + half * sizeof<T>();
  for (; half >= lanes<T>(); half -= lanes<T>()) {
    rotateVectors<T>(x, upper, cos, sin, out, upperOut, lanes<T>());
    x += 16;
    upper += 16;
    cos += 16;
    sin += 16;
    out += 16;
    upperOut += 16;
  }
  if (half > 0) rotateVectors<T>(x, upper, cos, sin, out, upperOut, half);
}

/** Up to a vector of pairs. */
@inline
function rotateVectors<T>(
  x: usize,
  upper: usize,
  cos: usize,
  sin: usize,
  out: usize,
  upperOut: usize,
  count: usize,
): void {
  const a = loadUpTo<T>(x, count);
  const b = loadUpTo<T>(upper, count);
  const c = loadUpTo<T>(cos, count);
  const s = loadUpTo<T>(sin, count);
  storeUpTo<T>(out, madd<T>(a, c, v128.neg<T>(v128.mul<T>(b, s))), count);
  storeUpTo<T>(upperOut, madd<T>(b, c, v128.mul<T>(a, s)), count);
}
