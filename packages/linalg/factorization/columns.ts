// Columns of singular vectors: given a sign.

/**
 * Turns columns whose largest element, the first of equals, is negative; and with them the columns
 * of another matrix.
 */
export function turnColumns(
  data: Float64Array,
  rows: number,
  cols: number,
  other: Float64Array = new Float64Array(0),
): void {
  const signs = new Int8Array(cols).fill(1);
  const largest = new Float64Array(cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const value = data[i * cols + j];
      if (Math.abs(value) <= largest[j]) continue;
      largest[j] = Math.abs(value);
      signs[j] = value < 0 ? -1 : 1;
    }
  }
  for (const matrix of [data, other]) {
    for (let i = 0; i < matrix.length; i++) matrix[i] *= signs[i % cols];
  }
}
