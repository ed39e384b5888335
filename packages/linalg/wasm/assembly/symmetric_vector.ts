// y = A x for a symmetric matrix of which only the lower triangle is read, each element once:
//
//   y_i += a_ij x_j    y_j += a_ij x_i    for j < i
//
// A task takes a range of rows with about as many elements as any other and adds to a vector of its
// own; who uses y adds these up in their order (`addPartials`).

import { divideUp, GRAIN } from "./memory";
import { lanes, madd, sumLanes, zero } from "./simd";

/** The most tasks: each of them costs a pass over a vector. */
const MOST_TASKS: usize = 16;
/** Rows that are read side by side, a multiple of the lanes. */
const ROWS: usize = 4;

export function symmetricVectorTasks(size: usize): usize {
  return min(MOST_TASKS, divideUp((size * size + 1) / 2, GRAIN));
}

/** The first row of a task; that of the one after the last is the size. */
function firstRow(task: usize, tasks: usize, size: usize): usize {
  if (task == tasks) return size;
  return <usize> (<f64> size * sqrt<f64>(<f64> task / <f64> tasks)) / ROWS * ROWS;
}

/**
 * Multiplies the rows of one task.
 *
 * @param a The matrix; `lead` bytes from one row to the next.
 * @param partials One vector per task, `stride` bytes apart, of which a task writes what its rows
 *   reach.
 */
export function multiplySymmetric<T>(
  task: usize,
  a: usize,
  lead: usize,
  size: usize,
  x: usize,
  partials: usize,
  stride: usize,
): void {
  const tasks = symmetricVectorTasks(size);
  const end = firstRow(task + 1, tasks, size);
  const y = partials + task * stride;
  memory.fill(y, 0, end * sizeof<T>());
  for (let row = firstRow(task, tasks, size); row < end; row += ROWS) {
    const count = min(ROWS, end - row);
    const start = a + row * lead;
    if (count == ROWS) leftOfDiagonal<T>(start, lead, row, x, y);
    // The square on the diagonal, or the last rows.
    const from: usize = count == ROWS ? row : 0;
    for (let i = row; i < row + count; i++) {
      const own = a + i * lead;
      const xi = load<T>(x + i * sizeof<T>());
      let sum = <T> (load<T>(own + i * sizeof<T>()) * xi);
      for (let j = from; j < i; j++) {
        const at = j * sizeof<T>();
        const value = load<T>(own + at);
        sum = <T> (sum + value * load<T>(x + at));
        store<T>(y + at, <T> (load<T>(y + at) + value * xi));
      }
      const target = y + i * sizeof<T>();
      store<T>(target, <T> (load<T>(target) + sum));
    }
  }
}

/** Four rows from the first column to column `row`, where their square on the diagonal begins. */
function leftOfDiagonal<T>(a: usize, lead: usize, row: usize, x: usize, y: usize): void {
  const size = sizeof<T>();
  const own = x + row * size;
  const x0 = v128.load_splat<T>(own);
  const x1 = v128.load_splat<T>(own, sizeof<T>());
  const x2 = v128.load_splat<T>(own, 2 * sizeof<T>());
  const x3 = v128.load_splat<T>(own, 3 * sizeof<T>());
  const b1 = a + lead;
  const b2 = b1 + lead;
  const b3 = b2 + lead;
  let s0 = zero(), s1 = zero(), s2 = zero(), s3 = zero();
  for (let at: usize = 0; at < row * size; at += 16) {
    const xj = v128.load(x + at);
    const a0 = v128.load(a + at);
    const a1 = v128.load(b1 + at);
    const a2 = v128.load(b2 + at);
    const a3 = v128.load(b3 + at);
    s0 = madd<T>(a0, xj, s0);
    s1 = madd<T>(a1, xj, s1);
    s2 = madd<T>(a2, xj, s2);
    s3 = madd<T>(a3, xj, s3);
    const pair = madd<T>(a1, x1, v128.mul<T>(a0, x0));
    const other = madd<T>(a3, x3, v128.mul<T>(a2, x2));
    v128.store(y + at, v128.add<T>(v128.load(y + at), v128.add<T>(pair, other)));
  }
  const target = y + row * size;
  store<T>(target, <T> (load<T>(target) + sumLanes<T>(s0)));
  store<T>(target, <T> (load<T>(target, sizeof<T>()) + sumLanes<T>(s1)), sizeof<T>());
  store<T>(target, <T> (load<T>(target, 2 * sizeof<T>()) + sumLanes<T>(s2)), 2 * sizeof<T>());
  store<T>(target, <T> (load<T>(target, 3 * sizeof<T>()) + sumLanes<T>(s3)), 3 * sizeof<T>());
}

/** Adds the vectors of all tasks up, the one of the last task first, which is the longest. */
export function addPartials<T>(size: usize, partials: usize, stride: usize, y: usize): void {
  if (size == 0) return;
  const tasks = symmetricVectorTasks(size);
  memory.copy(y, partials + (tasks - 1) * stride, size * sizeof<T>());
  for (let task = tasks - 1; task > 0; task--) {
    const part = partials + (task - 1) * stride;
    const count = firstRow(task, tasks, size);
    // A multiple of the lanes.
    for (let at: usize = 0; at < count * sizeof<T>(); at += lanes<T>() * sizeof<T>()) {
      v128.store(y + at, v128.add<T>(v128.load(y + at), v128.load(part + at)));
    }
  }
}
