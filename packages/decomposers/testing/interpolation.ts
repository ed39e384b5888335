import type { ColumnInterpolation } from "../column_interpolation.ts";
import { generate, type Matrix } from "./matrices.ts";

/** Z written out: an identity in the columns J, T in the `cols - k` others. */
export function spread({ columns: { data }, rest }: ColumnInterpolation, cols: number): Matrix {
  const others = Array.from({ length: cols }, (_, j) => j).filter((j) => !data.includes(j));
  return generate(data.length, cols, (i, j) => {
    const at = others.indexOf(j);
    return at < 0 ? Number(data[i] === j) : rest?.data[i * others.length + at] ?? NaN;
  });
}
