import type { HostArray, Kernels } from "../kernels.ts";

/** The first of the codewords at the smallest distance of each row; 0 where no distance is finite. */
export function nearest(p: Parameters<Kernels<HostArray>["nearest"]>[0]): void {
  const { x, codebook, out, rows, cols, count } = p;
  for (let row = 0; row < rows; row++) {
    let best = Infinity;
    out[row] = 0;
    for (let j = 0; j < count; j++) {
      let squares = 0;
      for (let i = 0; i < cols; i++) squares += (x[row * cols + i] - codebook[j * cols + i]) ** 2;
      if (squares < best) {
        best = squares;
        out[row] = j;
      }
    }
  }
}
