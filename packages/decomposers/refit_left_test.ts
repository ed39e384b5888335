// T8 of the family: where R is that of activation-aware SVD and G the same, refitting changes nothing;
// for any other R it makes the loss less.

import { createWasmDevice, svd as decompose } from "@pare/linalg";
import { tensor } from "@pare/tensor";
import { assert, assertAlmostEquals, assertLessOrEqual } from "@std/assert";
import { nestedBasis } from "./basis.ts";
import { refitFactors, refitLeft } from "./refit_left.ts";
import {
  beside,
  columns,
  generate,
  type Matrix,
  norm,
  plus,
  projected,
  random,
  randomLayer,
  times,
  transposed,
} from "./testing/matrices.ts";
import { A1, X1 } from "./testing/vectors.ts";

const device = await createWasmDevice({ threads: 1 });

/** The leading left singular vectors. */
async function plainBasis(a: Matrix, rank: number): Promise<Matrix> {
  return columns((await decompose(a, { device })).u, 0, rank);
}

function gramOf(x: Matrix): Matrix {
  return times(x, transposed(x));
}

/** ‖(A - L R) X‖_F. */
function lossOf(a: Matrix, left: Matrix, right: Matrix, x: Matrix): number {
  return norm(times(plus(a, times(left, right), -1), x));
}

/** Row i. */
function row({ shape: [, cols], data }: Matrix, i: number): Matrix {
  return tensor(data.slice(i * cols, (i + 1) * cols), [1, cols]);
}

/** γ_i, what damps each row. */
function damping(right: Matrix, x: Matrix): Float64Array {
  const [rank, n] = right.shape;
  const gram = gramOf(x);
  return Float64Array.from({ length: rank }, (_, i) => {
    const { data } = row(right, i);
    const size = data.reduce(
      (sum, value, j) => sum + Math.abs(value) * Math.sqrt(gram.data[j * (n + 1)]),
      0,
    );
    return 2 ** 14 * n * Number.EPSILON * size ** 2;
  });
}

/** Σ γ_i ‖l_i‖², by which the loss's square may be above its least value, at L. */
function bound(left: Matrix, right: Matrix, x: Matrix): number {
  const gammas = damping(right, x);
  return left.data.reduce((sum, value, e) => sum + value ** 2 * gammas[e % gammas.length], 0);
}

const SHAPES: readonly [rows: number, cols: number, tokens: number, rank: number][] = [
  [9, 15, 60, 4],
  [12, 12, 40, 5],
  [16, 9, 50, 4],
  [14, 8, 30, 1],
  [6, 5, 20, 5],
  // Fewer tokens than channels: G is singular.
  [10, 14, 6, 5],
];

for (
  const [rank, before, after] of [[1, 15.056525, 13.734548], [2, 8.746328, 6.083164]] as const
) {
  Deno.test(`refitLeft() after plain SVD meets V1 at rank ${rank} (T8)`, async () => {
    const left = await plainBasis(A1, rank);
    const right = times(transposed(left), A1);
    const refitted = await refitLeft(A1, right, gramOf(X1), device);
    // The vectors are given to six decimals.
    assertAlmostEquals(lossOf(A1, left, right, X1), before, 1e-6);
    assertAlmostEquals(lossOf(A1, refitted, right, X1), after, 1e-6);
  });
}

for (const [index, [rows, cols, tokens, rank]] of SHAPES.entries()) {
  const label = `${rows}×${cols}, ${tokens} tokens, rank ${rank}`;
  const { a, x } = randomLayer(rows, cols, tokens, index);
  const gram = gramOf(x);

  Deno.test(`refitLeft() after activation-aware SVD returns U_k (T8): ${label}`, async () => {
    const left = await nestedBasis(a, [{ gram, rank }], device);
    const right = times(transposed(left), a);
    const refitted = await refitLeft(a, right, gram, device);
    // R G Rᵀ is diagonal here, and Γ makes each direction less by its share of it.
    const seen = times(right, x);
    const share = Math.max(
      ...damping(right, x).map((gamma, i) => gamma / norm(row(seen, i)) ** 2),
    );
    assertLessOrEqual(share, 1e-8);
    const change = times(plus(times(refitted, right), projected(a, left), -1), x);
    assertLessOrEqual(norm(change), 2 * share * norm(times(a, x)));
  });

  Deno.test(`refitLeft() after plain SVD makes the loss less (T8): ${label}`, async () => {
    const left = await plainBasis(a, rank);
    const right = times(transposed(left), a);
    const before = lossOf(a, left, right, x);
    const after = lossOf(a, await refitLeft(a, right, gram, device), right, x);
    const isWhole = rank === Math.min(rows, cols);
    if (isWhole) assertLessOrEqual(after, before + Math.sqrt(bound(left, right, x)));
    else assert(after < 0.999 * before, `${after}, was ${before}`);
  });

  Deno.test(`refitLeft() after nested SVD makes the loss less (T8): ${label}`, async () => {
    const nested = Math.floor(rank / 2);
    const stages = [{ gram, rank: rank - nested }, { gram: null, rank: nested }];
    const left = await nestedBasis(a, stages, device);
    const right = times(transposed(left), a);
    const before = lossOf(a, left, right, x);
    const after = lossOf(a, await refitLeft(a, right, gram, device), right, x);
    // One stage alone is activation-aware SVD, and all directions together are the weight.
    if (nested === 0 || rank === Math.min(rows, cols)) {
      assertLessOrEqual(after, before + Math.sqrt(bound(left, right, x)));
    } else assert(after < 0.999 * before, `${after}, was ${before}`);
  });

  Deno.test(`refitLeft() leaves nothing that another left factor would gain: ${label}`, async () => {
    const right = random(rank, cols, 10 + index);
    const left = await refitLeft(a, right, gram, device);
    const best = lossOf(a, left, right, x) ** 2;
    const slack = bound(left, right, x) + 1e-13 * norm(times(a, x)) ** 2;
    for (let seed = 0; seed < 20; seed++) {
      const other = plus(left, random(rows, rank, 100 + seed), 10 ** -(seed % 5));
      assertLessOrEqual(best, lossOf(a, other, right, x) ** 2 + slack + bound(other, right, x));
    }
    // The gradient, (A - L R) G Rᵀ, is that of Γ.
    const gradient = times(times(plus(a, times(left, right), -1), gram), transposed(right));
    assertLessOrEqual(norm(gradient), 1e-9 * norm(times(times(a, gram), transposed(right))));
  });
}

Deno.test("refitLeft() without a Gram matrix is least squares of the weights", async () => {
  const a = random(7, 9, 20);
  const right = random(3, 9, 21);
  const identity = generate(9, 9, (i, j) => i === j ? 1 : 0);
  const left = await refitLeft(a, right, null, device);
  const rest = plus(a, times(left, right), -1);
  assertLessOrEqual(norm(times(rest, transposed(right))), 1e-9 * norm(a) * norm(right));
  const weighted = await refitLeft(a, right, identity, device);
  assertLessOrEqual(norm(plus(left, weighted, -1)), 1e-9 * norm(left));
});

Deno.test("refitLeft() solves with rows that are zero, equal or that no input sees", async () => {
  const a = random(6, 8, 30);
  // The last channel is dead.
  const x = generate(8, 20, (i, t) => i === 7 ? 0 : random(1, 1, 31, 20 * i + t).data[0]);
  const gram = gramOf(x);
  const independent = random(2, 8, 32);
  const right = generate(5, 8, (i, j) => {
    if (i === 1) return 0;
    if (i === 4) return j === 7 ? 3 : 0;
    return independent.data[8 * (i % 3 === 2 ? 1 : 0) + j];
  });
  const best = await refitLeft(a, independent, gram, device);
  const left = await refitLeft(a, right, gram, device);
  assert(left.data.every(Number.isFinite));
  // Rows 0 and 3 are the same; 1 and 4 have nothing that the inputs see.
  const least = lossOf(a, best, independent, x) ** 2;
  const found = lossOf(a, left, right, x) ** 2;
  assertLessOrEqual(found, least + bound(left, right, x) + 1e-13 * norm(times(a, x)) ** 2);
  assertLessOrEqual(norm(columns(left, 1, 1)), 0);
  assertLessOrEqual(norm(columns(left, 4, 1)), 0);
  // The equal rows share the work; what is undecided is 2⁻¹⁴ of the weight.
  const difference = plus(columns(left, 0, 1), columns(left, 3, 1), -1);
  assertLessOrEqual(norm(difference), 2 ** -12 * norm(a));
});

Deno.test("refitLeft() makes zeros of inputs that are all zero", async () => {
  const zeros = generate(4, 4, () => 0);
  const left = await refitLeft(random(3, 4, 40), random(2, 4, 41), zeros, device);
  assertLessOrEqual(norm(left), 0);
});

Deno.test("refitLeft() stays small where one channel outweighs all others", async () => {
  const a = random(6, 8, 50);
  const x = generate(8, 4, (i, t) => (i === 0 ? 1e6 : 1) * random(1, 1, 51, 4 * i + t).data[0]);
  const right = random(5, 8, 52);
  const left = await refitLeft(a, right, gramOf(x), device);
  // Five rows for four tokens: one direction is undecided, and kept small.
  assert(norm(left) < 1e3 * norm(a), `${norm(left)}`);
  const start = random(6, 5, 53);
  const before = lossOf(a, start, right, x);
  assert(lossOf(a, left, right, x) < 1e-3 * before);
});

Deno.test("refitFactors() keeps L where the inputs do not decide, and is else refitLeft()", async () => {
  const a = random(6, 8, 60);
  const x = generate(8, 30, (i, t) => i === 7 ? 0 : random(1, 1, 61, 30 * i + t).data[0]);
  const gram = gramOf(x);
  const seen = random(3, 8, 62);
  const right = beside(transposed(seen), generate(8, 1, (i) => i === 7 ? 1 : 0));
  const factors = { left: random(6, 4, 63), right: transposed(right) };
  const left = await refitFactors(factors, a, gram, device);
  assertLessOrEqual(norm(plus(columns(left, 3, 1), columns(factors.left, 3, 1), -1)), 0);
  const alone = await refitLeft(a, seen, gram, device);
  assertLessOrEqual(norm(plus(columns(left, 0, 3), alone, -1)), 1e-8 * norm(alone));
});
