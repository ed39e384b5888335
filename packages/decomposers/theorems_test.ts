// The theorems of the SVD family, T1 to T8, on random shapes and factors before they are rounded.
//
// What is compared are squares, as those are what the methods compute with: a sum of products of two
// matrices of inner length n is known to about n ε of their norms, which costs k directions as much.

import { cholesky, createWasmDevice, eigh, qr, svd as decompose } from "@pare/linalg";
import { tensor } from "@pare/tensor";
import { assert, assertAlmostEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { nestedBasis, type Stage } from "./basis.ts";
import { drone } from "./testing/drone.ts";
import {
  beside,
  columns,
  diagonal,
  generate,
  type Matrix,
  norm,
  plus,
  projected,
  random,
  randomLayer,
  remainder,
  singularValues,
  solved,
  statisticsOf,
  tail,
  times,
  transposed,
} from "./testing/matrices.ts";

const device = await createWasmDevice({ threads: 1 });

/** One layer and a rank. */
interface Case {
  readonly a: Matrix;
  readonly x: Matrix;
  readonly gram: Matrix;
  readonly rank: number;
}

/** Layers of every shape, with a Gram matrix that is singular where there are few tokens. */
function cases(tokens: { min: number; max: number }): fc.Arbitrary<Case> {
  const sizes = { min: 1, max: 14 };
  return fc.record({
    rows: fc.integer(sizes),
    cols: fc.integer(sizes),
    tokens: fc.integer(tokens),
    seed: fc.nat(1e6),
    // One and all are ranks of their own.
    share: fc.constantFrom(0, 0.2, 0.4, 0.5, 0.6, 0.8, 1),
  }).map(({ rows, cols, tokens, seed, share }) => {
    const { a, x } = randomLayer(rows, cols, tokens, seed);
    const rank = Math.max(1, Math.round(share * Math.min(rows, cols)));
    return { a, x, gram: statisticsOf(x).gram, rank };
  });
}

const ANY = cases({ min: 1, max: 40 });
/** Gram matrices of full rank, so that they have an inverse. */
const REGULAR = cases({ min: 40, max: 60 });

async function check(any: fc.Arbitrary<Case>, body: (one: Case) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(any, body), { seed: 5, numRuns: 30, unbiased: true });
}

function basisOf(a: Matrix, ...stages: readonly Stage[]): Promise<Matrix> {
  return nestedBasis(a, stages, device);
}

/** ‖(A - U Uᵀ A) X‖², or ‖A - U Uᵀ A‖² without inputs. */
function squaredLoss(a: Matrix, u: Matrix, x?: Matrix): number {
  const rest = remainder(a, u);
  return norm(x ? times(rest, x) : rest) ** 2;
}

/** What rounding may make of a square: ε for each of the products, of the largest square. */
function roundingOf({ a, x }: Case, largest: number): number {
  return 64 * (a.shape[0] + x.shape[0]) ** 1.5 * Number.EPSILON * largest ** 2;
}

function assertNear(found: number, wanted: number, slack: number): void {
  assertAlmostEquals(found, wanted, 1e-9 * Math.abs(wanted) + slack);
}

/** Orthonormal columns that span those of a matrix. */
async function spanOf(a: Matrix): Promise<Matrix> {
  return (await qr(a, { device })).q;
}

/** Whether σ_k and σ_{k+1} differ enough for the truncated matrix to be unique to many digits. */
function isUnique(sigma: Float64Array, rank: number): boolean {
  return (sigma[rank] ?? 0) < 0.9 * sigma[rank - 1] && sigma[rank - 1] > 1e-3 * sigma[0];
}

Deno.test("T1: plain SVD loses the tail of the singular values, and nothing loses less", async () => {
  await check(ANY, async (one) => {
    const { a, rank } = one;
    const sigma = await singularValues(a, device);
    const slack = roundingOf(one, sigma[0]);
    const least = squaredLoss(a, await basisOf(a, { gram: null, rank }));
    assertNear(least, tail(sigma, rank) ** 2, slack);
    for (let seed = 0; seed < 50; seed++) {
      let u = await spanOf(random(a.shape[0], rank, seed, 9));
      // Every other one is polished by alternating least squares.
      for (let step = 0; step < 3 * (seed % 2); step++) {
        u = await spanOf(times(a, times(transposed(a), u)));
      }
      assertLessOrEqual(least, squaredLoss(a, u) + slack);
    }
  });
});

Deno.test("T2: what is left out of A S costs its singular values, and those are of A X", async () => {
  await check(ANY, async (one) => {
    const { a, x, gram } = one;
    const full = Math.min(...a.shape);
    const sigma = new Float64Array(full);
    const found = await singularValues(times(a, x), device);
    sigma.set(found.subarray(0, full));
    const slack = roundingOf(one, sigma[0]);
    const u = await basisOf(a, { gram, rank: full });
    const costOf = (left: readonly number[]) => {
      const chosen = generate(a.shape[0], left.length, (i, j) => u.data[i * full + left[j]]);
      return norm(times(projected(a, chosen), x)) ** 2;
    };
    for (let i = 0; i < full; i++) assertNear(costOf([i]), sigma[i] ** 2, slack);
    for (let modulus = 1; modulus < 4; modulus++) {
      const left = Array.from({ length: full }, (_, i) => i).filter((i) => i % modulus === 0);
      const wanted = left.reduce((sum, i) => sum + sigma[i] ** 2, 0);
      assertNear(costOf(left), wanted, full * slack);
    }
  });
});

Deno.test("T3: nothing of the same rank loses less of the inputs than ASVD-I", async () => {
  await check(ANY, async (one) => {
    const { a, x, gram, rank } = one;
    const { meanAbs, maxAbs } = statisticsOf(x);
    const largest = (await singularValues(times(a, x), device))[0];
    const slack = rank * roundingOf(one, largest);
    const least = squaredLoss(a, await basisOf(a, { gram, rank }), x);
    const power = (of: Matrix, exponent: number) => ({
      ...of,
      data: of.data.map((value) => value ** exponent),
    });
    const others: readonly (readonly Stage[])[] = [
      [{ gram: null, rank }],
      // ASVD-0 of α = 1/4, 1/2 and 1, and FWSVD of random weights of the channels.
      ...[0.5, 1, 2].map((exponent) => [{ gram: power(meanAbs, exponent), rank }]),
      [{ gram: power(maxAbs, 1), rank }],
      [{ gram: tensor(random(1, x.shape[0], rank, 7).data.map(Math.abs), [x.shape[0]]), rank }],
      [{ gram, rank: rank - 1 }, { gram: null, rank: 1 }],
    ];
    for (const stages of others) {
      assertLessOrEqual(least, squaredLoss(a, await basisOf(a, ...stages), x) + slack);
    }
    for (let seed = 0; seed < 20; seed++) {
      const u = await spanOf(random(a.shape[0], rank, seed, 9));
      assertLessOrEqual(least, squaredLoss(a, u, x) + slack);
    }
  });
});

Deno.test("T3: DRONE, which forms no Gram matrix, loses as much as ASVD-I and leaves the same", async () => {
  await check(ANY, async (one) => {
    const { a, x, gram, rank } = one;
    const sigma = await singularValues(times(a, x), device);
    const slack = rank * roundingOf(one, sigma[0]);
    const u = await basisOf(a, { gram, rank });
    const other = await drone(a, x, rank, device);
    const lost = norm(times(plus(a, other, -1), x)) ** 2;
    assertNear(squaredLoss(a, u, x), lost, slack);
    if (!isUnique(sigma, rank)) return;
    const difference = times(plus(projected(a, u), other, -1), x);
    // An angle is off by the rounding of squares over what they differ by: 0.19 σ_k² at least.
    assertLessOrEqual(norm(difference), 6 * slack / sigma[rank - 1] ** 2 * sigma[0]);
  });
});

Deno.test("T4: every square root of G leaves the same matrix, and an orthogonal one is plain SVD", async () => {
  await check(ANY, async (one) => {
    const { a, x, gram, rank } = one;
    const [n] = x.shape;
    const sigma = await singularValues(times(a, x), device);
    if (!isUnique(sigma, rank)) return;
    const { values, vectors } = await eigh(gram, { device });
    const roots = diagonal(values.data.map((value) => Math.sqrt(Math.max(0, value))));
    const eigen = times(vectors, roots);
    const turn = await spanOf(random(n, n, 1, 8));
    const conditioners: Stage[] = [
      { root: eigen, rank },
      { root: times(eigen, transposed(vectors)), rank },
      { root: transposed((await qr(transposed(x), { device })).r), rank },
      { root: times(eigen, turn), rank },
      ...[0.01, 1, 37].map((gamma) => ({
        root: { ...eigen, data: eigen.data.map((value) => gamma * value) },
        rank,
      })),
    ];
    const wanted = projected(a, await basisOf(a, { gram, rank }));
    const bound = 20 * rank * roundingOf(one, sigma[0]) / sigma[rank - 1] ** 2 * norm(a);
    for (const stage of conditioners) {
      const found = projected(a, await basisOf(a, stage));
      assertLessOrEqual(norm(plus(found, wanted, -1)), bound);
    }
    const own = await singularValues(a, device);
    if (!isUnique(own, rank)) return;
    const plain = projected(a, await basisOf(a, { gram: null, rank }));
    const turned = projected(a, await basisOf(a, { root: turn, rank }));
    const slack = 20 * rank * roundingOf(one, own[0]) / own[rank - 1] ** 2 * norm(a);
    assertLessOrEqual(norm(plus(plain, turned, -1)), slack);
  });
});

Deno.test("T5: the projector form is (A S)_k S⁻¹ for the Cholesky factor S", async () => {
  await check(REGULAR, async (one) => {
    const { a, x, gram, rank } = one;
    const s = await cholesky(gram, { device });
    const { u, singularValues: { data: sigma }, vt } = await decompose(times(a, s), { device });
    if (!isUnique(sigma, rank)) return;
    const kept = times(
      times(columns(u, 0, rank), diagonal(sigma.subarray(0, rank))),
      transposed(columns(transposed(vt), 0, rank)),
    );
    // B S = kept, as Sᵀ Bᵀ = keptᵀ.
    const classical = transposed(solved(transposed(s), transposed(kept)));
    const found = projected(a, await basisOf(a, { gram, rank }));
    const condition = await singularValues(x, device);
    const lost = condition[0] / condition[condition.length - 1];
    const slack = lost * rank * roundingOf(one, sigma[0]) / sigma[rank - 1] ** 2 * norm(a);
    assertLessOrEqual(norm(plus(found, classical, -1)), 20 * slack);
  });
});

Deno.test("T5: on a singular G the projector form is the limit of ever smaller ridges", async () => {
  const few = cases({ min: 1, max: 6 });
  await check(few, async ({ a, x, gram, rank }) => {
    const [n] = x.shape;
    const sigma = await singularValues(times(a, x), device);
    const reached = sigma.filter((value) => value > 1e-3 * sigma[0]).length;
    if (rank > reached || !isUnique(sigma, rank)) return;
    const mu = 1e-10 * norm(x) ** 2 / n;
    const limit = plus(gram, diagonal(new Float64Array(n).fill(mu)));
    const found = projected(a, await basisOf(a, { gram, rank }));
    const wanted = projected(a, await basisOf(a, { gram: limit, rank }));
    // The ridge turns vectors by μ ‖A‖² over what squares differ by, 0.19 σ_k² at least.
    const angle = 6 * mu * norm(a) ** 2 / sigma[rank - 1] ** 2;
    assertLessOrEqual(norm(plus(found, wanted, -1)), 2 * (angle + 1e-9) * norm(a));
  });
});

Deno.test("T6: a ridge is more data, √μ I; none of it is ASVD-I, and all of it plain SVD", async () => {
  await check(ANY, async (one) => {
    const { a, x, gram, rank } = one;
    const [n] = x.shape;
    const ridged = (mu: number): Stage => ({
      gram: plus(gram, diagonal(new Float64Array(n).fill(mu))),
      rank,
    });
    for (const mu of [0.01, 1, 100]) {
      const more = beside(x, diagonal(new Float64Array(n).fill(Math.sqrt(mu))));
      const sigma = await singularValues(times(a, more), device);
      const slack = rank * roundingOf(one, sigma[0]);
      const u = await basisOf(a, ridged(mu));
      assertNear(squaredLoss(a, u, more), tail(sigma, rank) ** 2, slack);
      const root = await basisOf(a, { root: more, rank });
      assertNear(squaredLoss(a, root, more), tail(sigma, rank) ** 2, slack);
    }
    const sigma = await singularValues(times(a, x), device);
    // The least of ℓ² + μ e² is at most that of ASVD-I, so that ℓ² is at most μ ‖A‖² above.
    const little = squaredLoss(a, await basisOf(a, ridged(1e-12)), x);
    const slack = rank * roundingOf(one, sigma[0]);
    assertLessOrEqual(little, tail(sigma, rank) ** 2 + 1e-12 * norm(a) ** 2 + slack);
    const plain = tail(await singularValues(a, device), rank) ** 2;
    const much = squaredLoss(a, await basisOf(a, ridged(1e12 * norm(x) ** 2)));
    assertAlmostEquals(much, plain, 1e-9 * norm(a) ** 2);
  });
});

Deno.test("T7: NSVD lies between ASVD-I and plain SVD, in both losses", async () => {
  await check(ANY, async (one) => {
    const { a, x, gram, rank } = one;
    const slackA = rank * roundingOf(one, (await singularValues(times(a, x), device))[0]);
    const slackW = rank * roundingOf(one, (await singularValues(a, device))[0]);
    const asvd = await basisOf(a, { gram, rank });
    const plain = await basisOf(a, { gram: null, rank });
    let before = Infinity;
    for (let first = rank; first >= 0; first--) {
      const then = rank - first;
      const u = await basisOf(a, { gram, rank: first }, { gram: null, rank: then });
      const [activation, weight] = [squaredLoss(a, u, x), squaredLoss(a, u)];
      // P₁ U₂ = 0 to rounding.
      const cross = times(transposed(columns(u, 0, first)), columns(u, first, then));
      assertLessOrEqual(norm(cross), 16 * rank * (Math.max(...a.shape) + 4) * Number.EPSILON);
      assertLessOrEqual(squaredLoss(a, asvd, x), activation + slackA);
      assertLessOrEqual(squaredLoss(a, plain), weight + slackW);
      assertLessOrEqual(weight, squaredLoss(a, asvd) + slackW);
      // The feasible set of the second stage grows as the first one shrinks.
      assertLessOrEqual(weight, before + slackW);
      before = weight;
      const u1 = columns(u, 0, first);
      if (first > 0) {
        const alone = await basisOf(a, { gram, rank: first });
        assertLessOrEqual(activation, squaredLoss(a, alone, x) + slackA);
      }
      const sigma = await singularValues(first > 0 ? remainder(a, u1) : a, device);
      assertNear(weight, tail(sigma, then) ** 2, slackW);
      if (then === 0) assertLessOrEqual(norm(plus(projected(a, u), projected(a, asvd), -1)), 0);
      if (first === 0) assertLessOrEqual(norm(plus(projected(a, u), projected(a, plain), -1)), 0);
    }
  });
});

Deno.test("T8: least squares leave the left factor of ASVD as it is, and lower the loss of others", async () => {
  await check(REGULAR, async (one) => {
    const { a, x, gram, rank } = one;
    const refit = (right: Matrix) => {
      const seen = times(right, gram);
      return transposed(solved(times(seen, transposed(right)), times(seen, transposed(a))));
    };
    const sigma = await singularValues(times(a, x), device);
    const slack = rank * roundingOf(one, sigma[0]);
    const u = await basisOf(a, { gram, rank });
    const right = times(transposed(u), a);
    // R G Rᵀ = Λ, which the error of A G Rᵀ is divided by.
    const least = sigma[Math.min(rank, sigma.length) - 1];
    assertLessOrEqual(norm(plus(refit(right), u, -1)), 8 * slack / least ** 2);
    const nested: Stage[] = [{ gram, rank: rank - 1 }, { gram: null, rank: 1 }];
    for (const stages of [[{ gram: null, rank }], nested]) {
      const other = await basisOf(a, ...stages);
      const kept = times(transposed(other), a);
      const lost = norm(times(plus(a, times(refit(kept), kept), -1), x)) ** 2;
      const before = squaredLoss(a, other, x);
      assertLessOrEqual(lost, before + slack);
      assertLessOrEqual(squaredLoss(a, u, x), lost + slack);
      // Strictly, unless the others found what ASVD did.
      const isSame = before - squaredLoss(a, u, x) <= 1e-6 * before + slack;
      assert(lost < before || isSame, `${lost} of ${before}`);
    }
  });
});

Deno.test("nestedBasis() follows permuted inputs and turned outputs", async () => {
  await check(ANY, async (one) => {
    const { a, x, gram, rank } = one;
    const [m, n] = a.shape;
    const [, tokens] = x.shape;
    const sigma = await singularValues(times(a, x), device);
    if (!isUnique(sigma, rank)) return;
    const stages: Stage[] = [{ gram, rank }];
    const wanted = projected(a, await basisOf(a, ...stages));
    const bound = 20 * rank * roundingOf(one, sigma[0]) / sigma[rank - 1] ** 2 * norm(a);
    const from = (j: number) => (j * 5 + 3) % n;
    const isPermutation = n % 5 !== 0;
    if (isPermutation) {
      const permuted = generate(m, n, (i, j) => a.data[i * n + from(j)]);
      const inputs = generate(n, tokens, (j, t) => x.data[from(j) * tokens + t]);
      const u = await basisOf(permuted, { gram: statisticsOf(inputs).gram, rank });
      const found = projected(permuted, u);
      const moved = generate(m, n, (i, j) => wanted.data[i * n + from(j)]);
      assertLessOrEqual(norm(plus(found, moved, -1)), bound);
    }
    const turn = await spanOf(random(m, m, 2, 8));
    const turned = times(turn, a);
    const found = projected(turned, await basisOf(turned, ...stages));
    assertLessOrEqual(norm(plus(found, times(turn, wanted), -1)), bound);
  });
});

Deno.test("nestedBasis() loses less the larger the rank, and nothing at full rank", async () => {
  await check(ANY, async (one) => {
    const { a, x, gram } = one;
    const slack = roundingOf(one, norm(times(a, x)));
    let before = Infinity;
    const full = Math.min(...a.shape);
    for (let rank = 1; rank <= full; rank++) {
      const lost = squaredLoss(a, await basisOf(a, { gram, rank }), x);
      assertLessOrEqual(lost, before + slack);
      before = lost;
    }
    const u = await basisOf(a, { gram, rank: full });
    assertLessOrEqual(norm(remainder(a, u)), 1e-12 * norm(a));
  });
});
