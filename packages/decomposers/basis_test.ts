import { createWasmDevice } from "@pare/linalg";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { nestedBasis, type Stage } from "./basis.ts";
import {
  columns,
  departure,
  diagonal,
  generate,
  type Layer,
  losses,
  type Matrix,
  norm,
  random,
  randomLayer,
  remainder,
  singularValues,
  statisticsOf,
  tail,
  times,
  transposed,
} from "./testing/matrices.ts";

const device = await createWasmDevice({ threads: 1 });

/** Shapes with m < n, m = n, m > n; fewer tokens than channels; one row and one column. */
const SHAPES: readonly [rows: number, cols: number, tokens: number, first: number, then: number][] =
  [
    [12, 12, 40, 5, 3],
    [9, 15, 60, 4, 2],
    [16, 9, 50, 4, 2],
    [70, 40, 90, 11, 5],
    [40, 70, 200, 11, 29],
    [10, 14, 6, 5, 3],
    [14, 8, 30, 1, 0],
    [6, 5, 20, 5, 0],
    [7, 7, 20, 0, 3],
    [1, 7, 9, 1, 0],
    [7, 1, 9, 1, 0],
  ];

function basisOf(a: Matrix, ...stages: readonly Stage[]): Promise<Matrix> {
  return nestedBasis(a, stages, device);
}

/** Inputs with a channel that is dead, one that another repeats, and one 10⁶ times as loud. */
function oddLayer(seed: number): Layer {
  const { a, x } = randomLayer(10, 12, 50, seed);
  const [, tokens] = x.shape;
  const from = (i: number) => i === 7 ? 2 : i;
  const factor = (i: number) => i === 3 ? 0 : i === 5 ? 1e6 : 1;
  return { a, x: generate(12, tokens, (i, t) => factor(i) * x.data[from(i) * tokens + t]) };
}

for (const [index, [rows, cols, tokens, first, then]] of SHAPES.entries()) {
  const label = `${rows}×${cols}, ${tokens} tokens, ranks ${first} and ${then}`;
  const { a, x } = randomLayer(rows, cols, tokens, index);
  const { gram } = statisticsOf(x);

  Deno.test(`nestedBasis() is orthonormal, and so are its stages: ${label}`, async () => {
    const u = await basisOf(a, { gram, rank: first }, { gram: null, rank: then });
    assertEquals([u.dtype, u.shape], ["f64", [rows, first + then]]);
    // 4 (n + 4) ε for each of the products that a column went through.
    assertLessOrEqual(departure(u), 16 * (Math.max(rows, cols) + 4) * Number.EPSILON);
  });

  Deno.test(`nestedBasis() loses the tails of its stages: ${label}`, async () => {
    const both = await basisOf(a, { gram, rank: first }, { gram: null, rank: then });
    let rest = a;
    if (first > 0) {
      const one = await basisOf(a, { gram, rank: first });
      rest = remainder(a, one);
      const sigma = await singularValues(times(a, x), device);
      const { activation } = losses(a, one, x);
      // Squares are known to about n ε σ_1², in as many directions as were chosen.
      const slack = 4 * first * cols * Number.EPSILON * sigma[0] ** 2;
      const wanted = tail(sigma, first) ** 2;
      assertLessOrEqual(Math.abs(activation ** 2 - wanted), 1e-9 * wanted + slack);
    }
    const left = tail(await singularValues(rest, device), then);
    const { weight } = losses(a, both, x);
    assertLessOrEqual(Math.abs(weight - left), 1e-9 * norm(a));
  });
}

Deno.test("nestedBasis() takes a root or a diagonal for the Gram matrix", async () => {
  const { a, x } = randomLayer(9, 12, 30, 20);
  const scales = Float64Array.from({ length: 12 }, (_, j) => 1 + j % 5);
  const pairs: readonly [Stage, Stage][] = [
    [{ gram: statisticsOf(x).gram, rank: 4 }, { root: x, rank: 4 }],
    [
      { gram: diagonal(scales), rank: 4 },
      { gram: { dtype: "f64", shape: [12], data: scales }, rank: 4 },
    ],
  ];
  for (const [one, other] of pairs) {
    const [u, v] = [await basisOf(a, one), await basisOf(a, other)];
    assertLessOrEqual(norm(remainder(u, v)), 1e-12);
  }
});

Deno.test("nestedBasis() keeps its digits with channels that are dead, repeated or 10⁶ times as loud", async () => {
  for (let seed = 30; seed < 34; seed++) {
    const { a, x } = oddLayer(seed);
    const sigma = await singularValues(times(a, x), device);
    // The squares of what is asked for are 10⁻¹² of the first, which alone would leave no digit.
    for (const rank of [1, 3, 6]) {
      const u = await basisOf(a, { gram: statisticsOf(x).gram, rank });
      const { activation } = losses(a, u, x);
      const wanted = tail(sigma, rank);
      // What A X holds of the loud channel is known to ε of it.
      const slack = 100 * Number.EPSILON * sigma[0];
      assertLessOrEqual(activation, wanted * (1 + 1e-6) + slack, `rank ${rank}`);
      assertLessOrEqual(departure(u), 1e-13);
    }
  }
});

Deno.test("nestedBasis() reaches singular values far below the root of the precision", async () => {
  const n = 24;
  // From 1 to 10⁻¹², whose squares are beyond f64.
  const values = Float64Array.from({ length: n }, (_, i) => 10 ** (-12 * i / (n - 1)));
  const [left, right] = await Promise.all([1, 2].map((seed) => {
    return basisOf(random(n, n, seed), { gram: null, rank: n });
  }));
  const a = times(times(left, diagonal(values)), transposed(right));
  for (const rank of [6, 12, 18, 22]) {
    const u = await basisOf(a, { gram: null, rank });
    assertLessOrEqual(departure(u), 1e-13);
    const weight = norm(remainder(a, u));
    // Beyond the floor of the first eigenproblem, 2·10⁻⁶, vectors would be noise, and cost as much.
    const slack = Math.sqrt(n * Number.EPSILON / 2 ** 10);
    assertLessOrEqual(weight, tail(values, rank) + slack);
  }
});

Deno.test("nestedBasis() fills what the inputs do not reach by plain SVD", async () => {
  const { a, x } = randomLayer(10, 14, 3, 40);
  const { gram } = statisticsOf(x);
  const three = await basisOf(a, { gram, rank: 3 });
  const five = await basisOf(a, { gram, rank: 5 });
  // No token is lost: G is known to ε, and its root to √ε.
  assertLessOrEqual(losses(a, three, x).activation, 1e-7 * norm(times(a, x)));
  const rest = await singularValues(remainder(a, columns(five, 0, 3)), device);
  assertLessOrEqual(Math.abs(losses(a, five, x).weight - tail(rest, 2)), 1e-9 * norm(a));
});

Deno.test("nestedBasis() ends in zeros where the matrix has no more", async () => {
  const a = times(random(8, 2, 50), random(2, 9, 51));
  const { gram } = statisticsOf(randomLayer(8, 9, 20, 52).x);
  for (const weight of [a, transposed(a)]) {
    const stages = weight === a ? [{ gram, rank: 3 }] : [{ gram: null, rank: 3 }];
    const u = await basisOf(weight, ...stages, { gram: null, rank: 2 });
    assertLessOrEqual(norm(remainder(weight, u)), 1e-13 * norm(weight));
    assertLessOrEqual(departure(columns(u, 0, 2)), 1e-13);
    assertEquals(norm(columns(u, 2, 3)), 0);
  }
  const zeros = await basisOf(generate(4, 6, () => 0), { gram: null, rank: 2 });
  assert(zeros.data.every((value) => value === 0));
});
