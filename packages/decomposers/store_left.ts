import { type Device, downloadF64 } from "@pare/linalg";
import {
  type MatrixShape,
  type Operator,
  type OperatorNode,
  product,
  type ProductOperator,
  scaled,
  toDense,
} from "@pare/operators";
import { type Tensor, toF32, toF64 } from "@pare/tensor";
import { balanceLeft } from "./balance_factors.ts";
import type { FactorStore } from "./factor_store.ts";
import { refitFactors } from "./refit_left.ts";

/** What storing the left factor needs to know beside it. */
export interface LeftContext {
  /** What L is fitted to again, f64 `[m, n]`; `null` where it is stored as it is. */
  readonly target: Tensor<"f64"> | null;
  /** The Gram matrix of the inputs, f64 `[n, n]`; `null` where none is known. */
  readonly gram: Tensor<"f64"> | null;
  /** Whether columns of L have scales of their own, as rows of R cannot be balanced with them. */
  readonly hasScales: boolean;
  /** Where it is computed; it has f64. */
  readonly device: Device;
}

/**
 * Stores L, f64 `[m, k]`, beside an R that was stored, `[k, n]`.
 *
 * @param store How.
 * @param left L.
 * @param stored R.
 * @param context What L is fitted to, and the inputs.
 */
export async function storeLeft(
  store: FactorStore,
  left: Tensor<"f64">,
  stored: Operator,
  context: LeftContext,
): Promise<ProductOperator> {
  const { target, gram, hasScales, device } = context;
  if (!target && !store.needsGram("left") && !hasScales) {
    return product(await store.store("left", left, null, device), stored);
  }
  const right = toF64(toDense(stored));
  const fitted = target ? await refitFactors({ left, right }, target, gram, device) : left;
  const behind = store.needsGram("left") ? await gramBehind(right, gram, device) : null;
  if (!hasScales) return product(await store.store("left", fitted, behind, device), stored);
  const balanced = await balanceLeft({ left: fitted, right }, gram, device);
  const inner = await store.store(
    "left",
    balanced.left,
    behind && scaledBy(behind, balanced.scales),
    device,
  );
  return product(scaled(inner, { colScales: balanced.scales }), stored);
}

/** Plans L, `[m, k]`. */
export function planLeft(store: FactorStore, shape: MatrixShape, hasScales: boolean): OperatorNode {
  const inner = store.plan("left", shape);
  return hasScales ? { form: "scaled", inner, rowScaleDtype: null, colScaleDtype: "f16" } : inner;
}

/** R G Rᵀ, the Gram matrix of what L multiplies. */
async function gramBehind(
  right: Tensor<"f64">,
  gram: Tensor<"f64"> | null,
  device: Device,
): Promise<Tensor<"f64">> {
  using scope = device.scope();
  const r = scope.upload(right);
  const weighted = gram ? scope.matmul(r, scope.upload(gram)) : r;
  return await downloadF64(scope, scope.matmul(weighted, r, { transposeB: true }));
}

/** diag(s) M diag(s). */
function scaledBy({ dtype, shape, data }: Tensor<"f64">, scales: Tensor<"f16">): Tensor<"f64"> {
  const [n] = shape;
  const s = toF32(scales).data;
  return { dtype, shape, data: data.map((value, e) => value * s[Math.floor(e / n)] * s[e % n]) };
}
