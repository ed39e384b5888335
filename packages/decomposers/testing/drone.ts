// DRONE, an independent way to the least loss of a rank, which truncation by eigenvectors of A G Aᵀ
// must meet: it never forms G.
//
// P. Chen et al., "DRONE: Data-aware Low-rank Compression for Large NLP Models", NeurIPS 2021:
//
//   A = U_A Σ_A V_Aᵀ    X = U_X Σ_X V_Xᵀ    Z = Σ_A V_Aᵀ U_X Σ_X = U Σ Vᵀ
//   L = U_A U_k    R = Σ_k V_kᵀ Σ_X⁻¹ U_Xᵀ

import { type Device, svd } from "@pare/linalg";
import { columns, diagonal, type Matrix, times, transposed } from "./matrices.ts";

/** Ã of the given rank; what the inputs X do not reach is lost. */
export async function drone(a: Matrix, x: Matrix, rank: number, device: Device): Promise<Matrix> {
  const weight = await svd(a, { device });
  const inputs = await svd(x, { device });
  const sigma = inputs.singularValues.data;
  const seen = sigma.filter((value) => value > 1e-12 * sigma[0]);
  const ux = columns(inputs.u, 0, seen.length);
  const core = times(
    diagonal(weight.singularValues.data),
    times(weight.vt, times(ux, diagonal(seen))),
  );
  const { u, singularValues, vt } = await svd(core, { device });
  const count = Math.min(rank, singularValues.data.length);
  const left = times(weight.u, columns(u, 0, count));
  const kept = times(
    diagonal(singularValues.data.subarray(0, count)),
    transposed(columns(transposed(vt), 0, count)),
  );
  return times(left, times(kept, times(diagonal(seen.map((s) => 1 / s)), transposed(ux))));
}
