// Householder reflectors that make a few columns of a matrix triangular, each column a row of x:
//
//   x_k = (I - V Tᵀ Vᵀ) x_k by all before it    v_k, τ, β = reflect(x_k[k:])    R[:k, k] = x_k[:k], R[k, k] = β
//   T[:k, k] = -τ T[:k, :k] (V x v_k)    T[k, k] = τ
//
// A column is brought up to date when its turn comes, so that it stays in the first cache while the
// vectors before it go by, a few at a time. One task: a panel is small beside what it is applied to.

import { word } from "./memory";
import { spare } from "./panels";
import { extendTriangle, multiplyRows, reflect, subtractRows } from "./reflector";

/** x, columns, their length, T, R. */
export function householderPanelTask<T>(): void {
  const x = word(0);
  const count = word(1);
  const length = word(2);
  const t = word(3);
  const r = word(4);
  const size = sizeof<T>();
  const lead = length * size;
  memory.fill(t, 0, count * count * size);
  memory.fill(r, 0, count * count * size);
  for (let k: usize = 0; k < count; k++) {
    const row = x + k * lead;
    multiplyRows<T>(row, x, lead, k, length, spare());
    timesTransposed<T>(t, count, k);
    subtractRows<T>(row, x, lead, k, length, spare());
    for (let i: usize = 0; i < k; i++) {
      store<T>(r + (i * count + k) * size, load<T>(row + i * size));
    }
    const tau = reflect<T>(row + k * size, length - k, r + (k * count + k) * size);
    memory.fill(row, 0, k * size);
    multiplyRows<T>(row, x, lead, k, length, spare());
    extendTriangle<T>(t, count, k, tau, spare());
  }
}

/** The products become Tᵀ times them, the last one first. */
function timesTransposed<T>(t: usize, count: usize, k: usize): void {
  const size = sizeof<T>();
  for (let i = k; i-- > 0;) {
    let sum: T = 0;
    for (let l: usize = 0; l <= i; l++) {
      sum += <T> (load<T>(t + (l * count + i) * size) * load<T>(spare() + l * size));
    }
    store<T>(spare() + i * size, sum);
  }
}
