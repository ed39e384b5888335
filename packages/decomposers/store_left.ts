import { type Device, downloadF64 } from "@pare/linalg";
import { type Operator, product, type ProductOperator, toDense } from "@pare/operators";
import { type Tensor, toF64 } from "@pare/tensor";
import type { FactorStore } from "./factor_store.ts";
import { refitFactors } from "./refit_left.ts";

/** What storing the left factor needs to know beside it. */
export interface LeftContext {
  /** What L is fitted to again, f64 `[m, n]`; `null` where it is stored as it is. */
  readonly target: Tensor<"f64"> | null;
  /** The Gram matrix of the inputs, f64 `[n, n]`; `null` where none is known. */
  readonly gram: Tensor<"f64"> | null;
  /** Where it is computed; it has f64. */
  readonly device: Device;
}

/** Stores L, f64 `[m, k]`, beside an R that was stored, `[k, n]`. */
export async function storeLeft(
  store: FactorStore,
  left: Tensor<"f64">,
  stored: Operator,
  { target, gram, device }: LeftContext,
): Promise<ProductOperator> {
  if (!target && !store.needsGram) {
    return product(await store.store("left", left, null, device), stored);
  }
  const right = toF64(toDense(stored));
  const fitted = target ? await refitFactors({ left, right }, target, gram, device) : left;
  const behind = store.needsGram ? await gramBehind(right, gram, device) : null;
  return product(await store.store("left", fitted, behind, device), stored);
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
