/**
 * Turns pairs of singular vectors so that the largest element of each left one, the first of equals,
 * is positive.
 *
 * @param u `[rows, count]`: columns are left vectors.
 * @param vt `[count, cols]`: rows are right vectors.
 */
export function turnVectors(u: Float64Array, vt: Float64Array, count: number): void {
  const [rows, cols] = [u.length / count, vt.length / count];
  const extremes = new Float64Array(count);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < count; j++) {
      const value = u[i * count + j];
      if (Math.abs(value) > Math.abs(extremes[j])) extremes[j] = value;
    }
  }
  const signs = extremes.map((value) => value < 0 ? -1 : 1);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < count; j++) u[i * count + j] *= signs[j];
  }
  for (let i = 0; i < count; i++) {
    if (signs[i] > 0) continue;
    for (let j = 0; j < cols; j++) vt[i * cols + j] = -vt[i * cols + j];
  }
}
