import type { Device, DeviceArray } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";

/**
 * What errors of a matrix weigh: ‖E‖_G² = tr(E G Eᵀ), G given as such or by a square root.
 *
 * A root is for a G that rounding made indefinite: E S Sᵀ Eᵀ is positive whatever S is.
 */
export type Weighting =
  | {
    /** G, f64 `[n, n]`, or its diagonal `[n]`; `null` for the identity. */
    readonly gram: Tensor<"f64"> | null;
  }
  | {
    /** S with S Sᵀ = G, f64, of n rows. */
    readonly root: Tensor<"f64">;
  };

/** B G Bᵀ, `[s, s]`, of B, `[s, n]`: its lower triangle, and zeros above. */
export function weightedProduct(outer: Device, weighting: Weighting, b: DeviceArray): DeviceArray {
  const [rows] = b.shape;
  using device = outer.scope();
  const { left, right } = factorsOf(device, weighting, b);
  const into = outer.zeros([rows, rows], "f64");
  device.matmul(left, right, { transposeB: true, into, triangle: "lower" });
  return into;
}

/** Two factors of B G Bᵀ = left · rightᵀ; what G takes on the device is freed. */
function factorsOf(
  device: Device,
  weighting: Weighting,
  b: DeviceArray,
): { readonly left: DeviceArray; readonly right: DeviceArray } {
  if ("root" in weighting) {
    using root = device.upload(weighting.root);
    const weighted = device.matmul(b, root);
    return { left: weighted, right: weighted };
  }
  if (weighting.gram === null) return { left: b, right: b };
  using gram = device.upload(weighting.gram);
  const left = gram.shape.length === 1 ? device.multiply(b, gram) : device.matmul(b, gram);
  return { left, right: b };
}

/** The diagonal of G, of `cols` columns. */
export function diagonalOf(weighting: Weighting, cols: number): Float64Array {
  if ("root" in weighting) {
    const { data, shape: [, width] } = weighting.root;
    return Float64Array.from({ length: cols }, (_, j) => {
      const row = data.subarray(j * width, (j + 1) * width);
      return row.reduce((sum, value) => sum + value * value, 0);
    });
  }
  const { gram } = weighting;
  if (gram === null) return new Float64Array(cols).fill(1);
  if (gram.shape.length === 1) return gram.data;
  return Float64Array.from({ length: cols }, (_, j) => gram.data[j * (cols + 1)]);
}
