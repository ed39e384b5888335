// What error feedback is computed from: the block LDL factors of the Hessian, its columns in the order
// that they are rounded in, damped until they exist.
//
// `ldl` of @pare/linalg has the bound and the cost. If a pivot is not positive, σ is raised tenfold, from
// 1e-6 on where it is 0, and at most to 1, by when H = G / d + σ I is positive definite unless the Gram
// matrix is none.

import { type Device, ldl, PivotError, withDevice } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import { type ColumnOrder, isDescending } from "./column_order.ts";
import { gatherBoth } from "./gather_columns.ts";
import { dampedHessian } from "./hessian.ts";
import { type RefinementFactors, refinementFactors } from "./refinement_factors.ts";

/** H = L D Lᵀ by blocks, columns in order. */
export interface FeedbackFactors {
  /** L, `[n, n]`. */
  readonly l: Float32Array<ArrayBuffer>;
  /** The blocks of D one below the other, `[n, blockSize]`. */
  readonly d: Float32Array<ArrayBuffer>;
  /** σ as it was in the end. */
  readonly damping: number;
  /** What a pass of refinement is computed from; `null` where none was asked for. */
  readonly refining: RefinementFactors | null;
}

/** Of which Hessian the factors are asked for. */
export interface FactorSettings {
  /** σ to begin with. */
  readonly damping: number;
  /** Which columns stand where. */
  readonly order: ColumnOrder;
  /** How many columns are rounded at once. */
  readonly blockSize: number;
  /** Whether columns are rounded again. */
  readonly isRefined: boolean;
  /** Where to factorize; a device made for the call where it cannot in f64. */
  readonly device?: Device;
}

/** The least σ above 0 that is tried. */
const LEAST_DAMPING = 1e-6;

/**
 * What is known of Gram matrices, for as long as they live: layers that read the same tensor are given
 * the same matrix, and methods that iterate ask again and again. Factors are a function of the matrix
 * and of what the key says, so that nobody can tell but by the time it takes, and 4 n² bytes for each,
 * twice as many where columns are rounded again.
 */
const KNOWN = new WeakMap<Tensor<"f64">, Map<string, Promise<FeedbackFactors>>>();

/**
 * Factorizes the Hessian of a Gram matrix.
 *
 * @throws {RangeError} If the Gram matrix is not finite, or not positive semidefinite.
 */
export async function feedbackFactors(
  gram: Tensor<"f64">,
  settings: FactorSettings,
): Promise<FeedbackFactors> {
  const { damping, order, blockSize, isRefined } = settings;
  return await withDevice(settings.device, async (device) => {
    const known = KNOWN.get(gram) ?? new Map<string, Promise<FeedbackFactors>>();
    KNOWN.set(gram, known);
    const key = [damping, blockSize, isRefined, device.description, isDescending(order) || order]
      .join();
    const found = known.get(key) ?? factorize(gram, { ...settings, device });
    known.set(key, found);
    try {
      return await found;
    } catch (error) {
      known.delete(key);
      throw error;
    }
  }, "f64");
}

async function factorize(
  gram: Tensor<"f64">,
  { order, blockSize, isRefined, device, ...settings }: FactorSettings,
): Promise<FeedbackFactors> {
  for (let { damping } = settings;; damping = Math.max(10 * damping, LEAST_DAMPING)) {
    const hessian = orderedHessian(gram, damping, order);
    try {
      const { l, d } = await ldl(hessian, { device, blockSize, dtype: "f32" });
      const refining = isRefined ? refinementFactors(hessian, blockSize) : null;
      return { l: l.data, d: d.data, damping, refining };
    } catch (error) {
      if (!(error instanceof PivotError) || damping >= 1) throw error;
    }
  }
}

/** H with row and column p those of channel `order[p]`. */
function orderedHessian(
  gram: Tensor<"f64">,
  damping: number,
  order: ColumnOrder,
): Tensor<"f64"> {
  const hessian = dampedHessian(gram, damping);
  return isDescending(order) ? hessian : gatherBoth(hessian, order);
}
