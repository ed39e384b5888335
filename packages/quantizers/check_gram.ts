import type { Statistics } from "@pare/operators";
import { ShapeError, type Tensor } from "@pare/tensor";

/** The second moments of a layer's inputs, alone or among its statistics. */
export type GramSource = Tensor<"f64"> | Pick<Statistics, "gram">;

/**
 * The Gram matrix of the inputs of a layer with that many columns.
 *
 * @throws {TypeError} If there is none.
 * @throws {ShapeError} If it is of another width.
 */
export function checkGram(
  action: string,
  cols: number,
  source: GramSource | null,
): Tensor<"f64"> {
  if (!source) {
    throw new TypeError(
      `${action} as the Gram matrix of the inputs must be given: current value is ${source}`,
    );
  }
  const gram = "gram" in source ? source.gram : source;
  const { shape } = gram;
  if (shape.length !== 2 || shape[0] !== cols || shape[1] !== cols) {
    throw new ShapeError(action, [cols, cols], shape);
  }
  return gram;
}
