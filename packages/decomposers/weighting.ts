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

/** A weighting on a device. */
export interface BoundWeighting {
  /** B G Bᵀ of B, `[s, n]`: the lower triangle of `[s, s]`. */
  product(device: Device, b: DeviceArray): DeviceArray;
  /** The diagonal of G, `[n]`. */
  readonly diagonal: Float64Array;
}

/** Uploads what a weighting of `cols` columns consists of. */
export function bindWeighting(device: Device, weighting: Weighting, cols: number): BoundWeighting {
  const times = multiplier(device, weighting);
  return {
    diagonal: diagonalOf(weighting, cols),
    product(outer, b) {
      const [rows] = b.shape;
      const into = outer.zeros([rows, rows], "f64");
      using scope = outer.scope();
      const { left, right } = times(scope, b);
      scope.matmul(left, right, { transposeB: true, into, triangle: "lower" });
      return into;
    },
  };
}

/** What makes two factors of B: left · rightᵀ = B G Bᵀ. */
function multiplier(
  device: Device,
  weighting: Weighting,
): (device: Device, b: DeviceArray) => { left: DeviceArray; right: DeviceArray } {
  if ("root" in weighting) {
    const root = device.upload(weighting.root);
    return (scope, b) => {
      const weighted = scope.matmul(b, root);
      return { left: weighted, right: weighted };
    };
  }
  if (weighting.gram === null) return (_scope, b) => ({ left: b, right: b });
  const gram = device.upload(weighting.gram);
  return (scope, b) => ({
    left: gram.shape.length === 1 ? scope.multiply(b, gram) : scope.matmul(b, gram),
    right: b,
  });
}

/** The diagonal of G. */
function diagonalOf(weighting: Weighting, cols: number): Float64Array {
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
