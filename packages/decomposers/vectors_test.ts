// Values that were computed independently, to the six digits they are given with, on factors before
// they are rounded.

import { createWasmDevice } from "@pare/linalg";
import { assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { nestedBasis } from "./basis.ts";
import type { ConditionerOptions } from "./conditioner.ts";
import { ridgeOf } from "./ridge.ts";
import {
  diagonal,
  type Matrix,
  matrix,
  norm,
  plus,
  remainder,
  singularValues,
  solved,
  statisticsOf,
  times,
  transposed,
} from "./testing/matrices.ts";
import { A1, A2, A4, SHIFTED1, X1, X2, X3, X4 } from "./testing/vectors.ts";
import { truncate, type TruncationStage } from "./truncate.ts";

const device = await createWasmDevice({ threads: 1 });

const plain = (rank: number): TruncationStage[] => [{ rank, conditioner: null }];
const asvd = (rank: number, conditioner: ConditionerOptions = {}): TruncationStage[] => [
  { rank, conditioner },
];
const zero = (rank: number, alpha = 0.5) => asvd(rank, { variant: "0", alpha });
const two = (rank: number) => asvd(rank, { variant: "II" });
const nested = (first: number, then: number, variant: "I" | "II" = "I"): TruncationStage[] => [
  { rank: first, conditioner: { variant } },
  { rank: then, conditioner: null },
];

async function factorsOf(a: Matrix, x: Matrix, stages: readonly TruncationStage[]) {
  return await truncate(a, statisticsOf(x), stages, device);
}

async function restored(a: Matrix, x: Matrix, stages: readonly TruncationStage[]) {
  const { left, right } = await factorsOf(a, x, stages);
  return times(left, right);
}

function assertNear(found: Matrix, wanted: Matrix): void {
  assertEquals(found.shape, wanted.shape);
  for (const [i, value] of wanted.data.entries()) assertAlmostEquals(found.data[i], value, 1e-6);
}

/** The losses ℓ of activations and e of weights; `null` where the source gives none. */
const LOSSES: readonly [
  name: string,
  a: Matrix,
  x: Matrix,
  stages: readonly TruncationStage[],
  activation: number,
  weight: number | null,
][] = [
  ["V1, SVD 1", A1, X1, plain(1), 15.056525, 3.482707],
  ["V1, SVD 2", A1, X1, plain(2), 8.746328, 1.677227],
  ["V1, ASVD-0 1", A1, X1, zero(1), 12.616497, 3.955069],
  ["V1, ASVD-0 2", A1, X1, zero(2), 5.989389, 1.906259],
  ["V1, ASVD-0 1, α = 0", A1, X1, zero(1, 0), 15.056525, 3.482707],
  ["V1, ASVD-0 1, α = 1", A1, X1, zero(1, 1), 10.622967, null],
  ["V1, ASVD-I 1", A1, X1, asvd(1), 9.92326, 5.210468],
  ["V1, ASVD-I 2", A1, X1, asvd(2), 4.959096, 2.669576],
  ["V1, ASVD-II 1", A1, X1, two(1), 9.92326, 5.210468],
  ["V1, ASVD-II 2", A1, X1, two(2), 4.959096, 2.669576],
  ["V1, NSVD-I 1 + 1", A1, X1, nested(1, 1), 5.659356, 2.083352],
  ["V1, NSVD-II 1 + 1", A1, X1, nested(1, 1, "II"), 5.659356, 2.083352],
  ["V1, NSVD-I 0 + 2", A1, X1, nested(0, 2), 8.746328, 1.677227],
  ["V1, NSVD-I 2 + 0", A1, X1, nested(2, 0), 4.959096, 2.669576],
  ["V2, SVD 1", A2, X2, plain(1), 6, 2],
  ["V2, ASVD-0 1", A2, X2, zero(1), 3, 3],
  ["V2, ASVD-I 1", A2, X2, asvd(1), 3, 3],
  ["V2, NSVD-I 1 + 1", A2, X2, nested(1, 1), 0, 0],
  ["V3, SVD 1", A1, X3, plain(1), 4.345769, 3.482707],
  ["V3, SVD 2", A1, X3, plain(2), 2.44596, 1.677227],
  ["V3, ASVD-0 1", A1, X3, zero(1), 4.621894, 3.525019],
  ["V3, ASVD-0 2", A1, X3, zero(2), 0.920712, 1.959926],
  ["V3, ASVD-I 1", A1, X3, asvd(1), 1.849317, 3.792757],
  ["V3, ASVD-I 2", A1, X3, asvd(2), 0, 2.126029],
  ["V3, ASVD-II 2", A1, X3, two(2), 0, 2.126029],
  ["V3, NSVD-I 1 + 1", A1, X3, nested(1, 1), 0.647909, 1.910618],
  ["V4, SVD 1", A4, X4, plain(1), 18.381048, 4.381965],
  ["V4, SVD 2", A4, X4, plain(2), 11.005279, 2.217586],
  ["V4, SVD 3", A4, X4, plain(3), 1.841309, 0.456698],
  ["V4, ASVD-0 1", A4, X4, zero(1), 14.282049, 4.562465],
  ["V4, ASVD-0 2", A4, X4, zero(2), 9.940829, 2.282958],
  ["V4, ASVD-0 3", A4, X4, zero(3), 1.566694, 0.467217],
  ["V4, ASVD-I 1", A4, X4, asvd(1), 12.875754, 4.910647],
  ["V4, ASVD-I 2", A4, X4, asvd(2), 8.044185, 3.914983],
  ["V4, ASVD-I 3", A4, X4, asvd(3), 1.4773, 0.505918],
  ["V4, NSVD-I 1 + 1", A4, X4, nested(1, 1), 9.66517, 2.386624],
  ["V4, NSVD-I 2 + 1", A4, X4, nested(2, 1), 1.499467, 0.489609],
  ["V4, NSVD-I 1 + 2", A4, X4, nested(1, 2), 1.507278, 0.486005],
  ["V4, NSVD-II 2 + 1", A4, X4, nested(2, 1, "II"), 1.499467, 0.489609],
];

for (const [name, a, x, stages, activation, weight] of LOSSES) {
  Deno.test(`truncate() loses what it should: ${name}`, async () => {
    const error = plus(a, await restored(a, x, stages), -1);
    assertAlmostEquals(norm(times(error, x)), activation, 1e-6);
    if (weight !== null) assertAlmostEquals(norm(error), weight, 1e-6);
  });
}

/** Ã, which is unique. */
const RESTORED: readonly [string, Matrix, Matrix, readonly TruncationStage[], number[][]][] = [
  ["V1, ASVD-I 1", A1, X1, asvd(1), [
    [1.937722, 1.765582, 0.451658],
    [1.204418, 1.097422, 0.280734],
    [-0.304596, -0.277537, -0.070997],
    [0.678027, 0.617794, 0.158039],
  ]],
  ["V1, ASVD-II 2", A1, X1, two(2), [
    [1.903868, 1.241476, -0.478654],
    [1.281619, 2.292595, 2.402219],
    [-0.191071, 1.479956, 3.048631],
    [0.688641, 0.782108, 0.449705],
  ]],
  ["V1, NSVD-I 1 + 1", A1, X1, nested(1, 1), [
    [1.89357, 1.545561, -0.182013],
    [1.288967, 1.518752, 1.494181],
    [-0.023775, 1.121868, 3.959342],
    [0.780175, 1.126823, 1.624064],
  ]],
  ["V1, ASVD-0 2", A1, X1, zero(2), [
    [1.714215, 1.62949, -0.294468],
    [1.492898, 1.914309, 1.507873],
    [-0.035148, 1.07742, 3.963784],
    [0.553054, 0.984473, 1.539475],
  ]],
  ["V3, ASVD-I 2", A1, X3, asvd(2), [
    [1.213333, 1.786667, 0.786667],
    [1.6, 2.4, 0.4],
    [0.493333, 0.506667, 3.506667],
    [0.466667, 0.533333, 2.533333],
  ]],
  ["V3, NSVD-I 1 + 1", A1, X3, nested(1, 1), [
    [1.606187, 1.813777, 0.122479],
    [1.553909, 1.855398, 0.82773],
    [0.137651, 0.715558, 3.95719],
    [0.553518, 0.922614, 2.13886],
  ]],
];

for (const [name, a, x, stages, wanted] of RESTORED) {
  Deno.test(`truncate() leaves what it should: ${name}`, async () => {
    assertNear(await restored(a, x, stages), matrix(wanted));
  });
}

Deno.test("truncate() loses nothing of the tokens of V3, whose Gram matrix is singular", async () => {
  const error = plus(A1, await restored(A1, X3, asvd(2)), -1);
  assertLessOrEqual(norm(times(error, X3)), 1e-12 * norm(times(A1, X3)));
});

Deno.test("truncate() leaves of V1 and V3 what the second stage starts from", async () => {
  for (
    const [x, sigma] of [[X1, [4.775837, 2.083352, 0]], [X3, [3.276361, 1.910618, 0]]] as const
  ) {
    const { left } = await factorsOf(A1, x, asvd(1));
    const found = await singularValues(remainder(A1, left), device);
    for (const [i, value] of sigma.entries()) assertAlmostEquals(found[i], value, 1e-6);
  }
});

Deno.test("truncate() loses as much of other inputs as V1 says", async () => {
  const wanted: readonly [readonly TruncationStage[], number][] = [
    [plain(2), 2.996731],
    [zero(2), 5.955356],
    [asvd(2), 14.002667],
    [nested(1, 1), 5.519678],
  ];
  for (const [stages, loss] of wanted) {
    const error = plus(A1, await restored(A1, X1, stages), -1);
    assertAlmostEquals(norm(times(error, SHIFTED1)), loss, 1e-6);
  }
});

Deno.test("truncate() of V1 with a ridge meets both losses", async () => {
  const { gram } = statisticsOf(X1);
  for (const [mu, activation, weight] of [[1, 9.943588, 5.134648], [10, 12.436014, 4.009984]]) {
    const conditioner = { ridge: mu / ridgeOf(gram, 1) };
    for (const variant of ["I", "II"] as const) {
      const stages = asvd(1, { ...conditioner, variant });
      const error = plus(A1, await restored(A1, X1, stages), -1);
      assertAlmostEquals(norm(times(error, X1)), activation, 1e-6);
      assertAlmostEquals(norm(error), weight, 1e-6);
    }
  }
});

Deno.test("truncate() of V1 leaves to a refit what it should (T8)", async () => {
  const { gram } = statisticsOf(X1);
  const wanted: readonly [readonly TruncationStage[], number][] = [
    [plain(1), 13.734548],
    [plain(2), 6.083164],
    [asvd(1), 9.92326],
    [asvd(2), 4.959096],
  ];
  for (const [stages, loss] of wanted) {
    const { right } = await factorsOf(A1, X1, stages);
    const seen = times(right, gram);
    const left = transposed(solved(times(seen, transposed(right)), times(seen, transposed(A1))));
    const error = plus(A1, times(left, right), -1);
    assertAlmostEquals(norm(times(error, X1)), loss, 1e-6);
  }
});

Deno.test("nestedBasis() of V1 with weights of its channels, as FWSVD has them", async () => {
  const gram = { dtype: "f64", shape: [3], data: Float64Array.of(4, 1, 0.25) } as const;
  const error = remainder(A1, await nestedBasis(A1, [{ gram, rank: 1 }], device));
  const root = diagonal(gram.data.map(Math.sqrt));
  assertAlmostEquals(norm(times(error, root)), 3.17425, 1e-6);
});
