/**
 * The largest integer from `low` to `high` that a condition holds for, which holds for all below it;
 * `low` where it holds for none.
 */
export function largestWithin(
  low: number,
  high: number,
  holds: (value: number) => boolean,
): number {
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
