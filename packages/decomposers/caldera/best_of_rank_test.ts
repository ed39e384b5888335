// The best of a rank on the inputs, exactly and by products, against the theorem of Eckart and Young
// for the whitened matrix. In f64; what is compared are squares, as those are computed with.

import { cholesky, createWasmDevice, svd } from "@pare/linalg";
import { castTo, toF64 } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { nestedBasis } from "../basis.ts";
import {
  columns,
  departure,
  diagonal,
  type Matrix,
  matrix,
  norm,
  plus,
  projected,
  random,
  randomLayer,
  remainder,
  singularValues,
  statisticsOf,
  tail,
  times,
  transposed,
} from "../testing/matrices.ts";
import { bestOfRank } from "./best_of_rank.ts";
import { leadingSubspace } from "./leading_subspace.ts";
import { layerOf } from "./testing/layer.ts";

const device = await createWasmDevice({ threads: 1 });

async function subspaceOf(a: Matrix, h: Matrix, rank: number, seed: number = 0): Promise<Matrix> {
  using scope = device.scope();
  const options = { rank, seed, exact: device };
  return await leadingSubspace(scope, scope.upload(a), scope.upload(h), options);
}

/** tr((A - U Uᵀ A) H (A - U Uᵀ A)ᵀ), H = X Xᵀ. */
function lossOf(a: Matrix, u: Matrix, x: Matrix): number {
  return norm(times(remainder(a, u), x)) ** 2;
}

/** Layers with more tokens than channels, so that H has a root with an inverse. */
const LAYERS = fc.record({
  rows: fc.integer({ min: 1, max: 24 }),
  cols: fc.integer({ min: 1, max: 24 }),
  seed: fc.nat(1e6),
  share: fc.constantFrom(0, 0.2, 0.5, 1),
}).map(({ rows, cols, seed, share }) => ({
  ...randomLayer(rows, cols, 60, seed),
  rank: Math.max(1, Math.round(share * Math.min(rows, cols))),
}));

Deno.test("the best of a rank loses the whitened tail, by each of three routes", async () => {
  await fc.assert(
    fc.asyncProperty(LAYERS, async ({ a, x, rank }) => {
      const { gram } = statisticsOf(x);
      const sigma = await singularValues(times(a, x), device);
      const least = tail(sigma, rank) ** 2;
      // A sum of n products is known to n ε of its norms, which costs the least of k directions as much.
      const slack = 64 * (a.shape[0] + 60) ** 1.5 * Number.EPSILON * sigma[0] ** 2;
      const root = await cholesky(gram, { device });
      const { u } = await svd(times(a, root), { device });
      const routes = [
        await nestedBasis(a, [{ rank, gram }], device),
        columns(u, 0, rank),
        await subspaceOf(a, gram, rank),
      ];
      for (const basis of routes) {
        assertAlmostEquals(lossOf(a, basis, x), least, 1e-10 * least + slack);
        assertLessOrEqual(departure(basis), 1e-12);
      }
      const isUnique = (sigma[rank] ?? 0) < 0.7 * sigma[rank - 1] &&
        sigma[rank - 1] > 0.01 * sigma[0];
      if (!isUnique) return;
      const [z, ...others] = routes.map((basis) => projected(a, basis));
      for (const other of others) assertLessOrEqual(norm(plus(z, other, -1)), 1e-7 * norm(a));
    }),
    { seed: 3, numRuns: 40 },
  );
});

Deno.test("leadingSubspace() comes near the tail of a flat spectrum", async () => {
  // The worst there is: no value stands out, and a third of them are asked for.
  const [a, identity] = [random(120, 100, 1), diagonal(new Float64Array(100).fill(1))];
  const least = tail(await singularValues(a, device), 40) ** 2;
  const loss = norm(remainder(a, await subspaceOf(a, identity, 40))) ** 2;
  assert(loss >= least * (1 - 1e-12) && loss <= least * 1.002, `${loss / least}`);
});

Deno.test("leadingSubspace() repeats itself for a seed, and orders by what vectors weigh", async () => {
  const { a, x } = randomLayer(40, 30, 50, 4);
  const { gram } = statisticsOf(x);
  const u = await subspaceOf(a, gram, 6, 1);
  assertEquals(await subspaceOf(a, gram, 6, 1), u);
  const weighed = times(transposed(u), times(a, x));
  const rows = Array.from({ length: 6 }, (_, i) => norm(columns(transposed(weighed), i, 1)));
  assertEquals(rows.toSorted((one, other) => other - one), rows);
});

Deno.test("leadingSubspace() takes a matrix of zeros, and a rank beyond that of the matrix", async () => {
  const h = diagonal(Float64Array.of(1, 2, 3));
  const zeros = times(matrix([[0], [0]]), matrix([[1, 1, 1]]));
  assertLessOrEqual(departure(await subspaceOf(zeros, h, 2)), 1e-14);
  const thin = times(matrix([[1], [2], [2]]), matrix([[1, 0, 1]]));
  const u = await subspaceOf(thin, h, 3);
  assertLessOrEqual(departure(u), 1e-14);
  assertLessOrEqual(norm(remainder(thin, u)), 1e-14);
});

Deno.test("bestOfRank() keeps what the inputs weigh, not what is large", async () => {
  const layer = layerOf(device, diagonal(Float64Array.of(2, 1)), diagonal(Float64Array.of(1, 9)));
  const { left, right } = await bestOfRank(layer, layer.weight, 1, 0);
  // Plain SVD would keep the 2, and lose nine times the square of 1.
  assertEquals(times(left, right).data, Float64Array.of(0, 0, 0, 1));
});

Deno.test("bestOfRank() finds the same by the exact way and by products", async () => {
  // 520 rows and columns are too many for the exact way; values fall, so that products find all.
  const a = castTo(times(random(520, 12, 1), random(12, 520, 2)), "f32");
  const identity = diagonal(new Float64Array(520).fill(1));
  const large = layerOf(device, toF64(a), identity);
  const { left, right } = await bestOfRank(large, large.weight, 12, 0);
  // Rounding of f32 in three products of 520, relative to ‖A‖.
  assertLessOrEqual(norm(plus(times(left, right), toF64(a), -1)) / norm(toF64(a)), 1e-5);
});
