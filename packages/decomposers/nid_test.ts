import { createWasmDevice } from "@pare/linalg";
import {
  byteLengthOf,
  identityColumns,
  nodeOf,
  type Operator,
  type ProductOperator,
  toDense,
} from "@pare/operators";
import { toF32, toF64 } from "@pare/tensor";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLessOrEqual,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { junctionOf } from "./junction.ts";
import { nid, type NidOptions, planNid } from "./nid.ts";
import { remainderOf } from "./remainder.ts";
import { spread } from "./testing/interpolation.ts";
import {
  generate,
  type Matrix,
  norm,
  plus,
  randomLayer,
  remainder,
  statisticsOf,
  times,
} from "./testing/matrices.ts";
import { A1, A4, SHIFTED1, X1, X3, X4 } from "./testing/vectors.ts";
import { truncate } from "./truncate.ts";

const device = await createWasmDevice({ threads: 1 });

/** Both stages in f64, before anything is rounded. */
async function stagesOf(a: Matrix, x: Matrix, first: number, then: number, variant: "I" | "II") {
  const stage = { rank: first, conditioner: { variant } };
  const factors = await truncate(a, statisticsOf(x), [stage], device);
  const second = await junctionOf(await remainderOf(a, factors, device), then, device);
  const product = times(second.left, spread(second, a.shape[1]));
  return { second, error: plus(plus(a, times(factors.left, factors.right), -1), product, -1) };
}

/** Values that were computed independently, to the six digits they are given with. */
const VECTORS: readonly [
  name: string,
  a: Matrix,
  x: Matrix,
  first: number,
  then: number,
  columns: readonly number[],
  activation: number,
  weight: number,
][] = [
  ["V1", A1, X1, 1, 1, [2], 6.140455, 2.171543],
  ["V3", A1, X3, 1, 1, [2], 0.802263, 1.925793],
  ["V4", A4, X4, 1, 1, [3], 10.056922, 2.616699],
  ["V4", A4, X4, 1, 2, [0, 3], 1.527817, 0.584741],
  ["V4", A4, X4, 2, 1, [3], 1.527629, 0.58494],
];

for (const [name, a, x, first, then, columns, activation, weight] of VECTORS) {
  Deno.test(`nid() meets ${name}, ranks ${first} and ${then}`, async () => {
    for (const variant of ["I", "II"] as const) {
      const { second, error } = await stagesOf(a, x, first, then, variant);
      assertEquals(second.columns.data, Uint32Array.from(columns));
      assertAlmostEquals(norm(times(error, x)), activation, 6e-7);
      assertAlmostEquals(norm(error), weight, 6e-7);
    }
  });
}

Deno.test("nid() makes the other columns of V1 as it should, and loses little on other inputs", async () => {
  const { second, error } = await stagesOf(A1, X1, 1, 1, "I");
  assert(second.rest !== null);
  assertAlmostEquals(second.rest.data[0], 0.080142, 5e-7);
  assertAlmostEquals(second.rest.data[1], 0.279262, 5e-7);
  assertAlmostEquals(norm(times(error, SHIFTED1)), 3.071025, 6e-7);
});

/** m < n, m = n, m > n; fewer tokens than channels; all of the rank of the matrix. */
const SHAPES: readonly [rows: number, cols: number, tokens: number, first: number, then: number][] =
  [
    [9, 15, 60, 4, 2],
    [12, 12, 40, 5, 3],
    [16, 9, 50, 4, 2],
    [40, 70, 200, 11, 9],
    [70, 40, 90, 11, 5],
    [10, 14, 6, 5, 3],
    [8, 13, 40, 5, 3],
    [13, 8, 40, 5, 3],
  ];

for (const [index, [rows, cols, tokens, first, then]] of SHAPES.entries()) {
  const label = `${rows}×${cols}, ${tokens} tokens, ranks ${first} and ${then}`;

  Deno.test(`nid() loses between NSVD and its first stage: ${label}`, async () => {
    const { a, x } = randomLayer(rows, cols, tokens, index);
    const { second, error } = await stagesOf(a, x, first, then, "I");
    const lossesOf = async (first: number, then: number) => {
      const { left } = await truncate(a, statisticsOf(x), [
        { rank: first, conditioner: { variant: "I" } },
        { rank: then, conditioner: null },
      ], device);
      const rest = remainder(a, left);
      return { weight: norm(rest), activation: norm(times(rest, x)) };
    };
    const [best, nested, alone] = await Promise.all(
      [[first + then, 0], [first, then], [first, 0]].map(([k1, k2]) => lossesOf(k1, k2)),
    );
    const activation = norm(times(error, x));
    // What bases and products lose to rounding, squared by the Gram matrix.
    const slack = 1e-7 * norm(times(a, x));
    assert(
      best.activation - slack <= activation && activation <= alone.activation + slack,
      `${activation}`,
    );
    assertLessOrEqual(nested.weight, norm(error) + 1e-12 * norm(a));
    assertLessOrEqual(norm(error), alone.weight + 1e-12 * norm(a));
    // The columns that were chosen have no error, and make up the others with small numbers.
    for (const column of second.columns.data) {
      for (let i = 0; i < rows; i++) {
        assertLessOrEqual(Math.abs(error.data[i * cols + column]), 1e-14 * norm(a));
      }
    }
    assert(second.rest?.data.every((value) => Math.abs(value) < 10));
  });
}

/** Both terms of a result that has them. */
function termsOf(operator: Operator): ProductOperator[] {
  assert(operator.form === "sum");
  return operator.terms.map((term) => {
    assert(term.form === "product");
    return term;
  });
}

Deno.test("nid() keeps the columns it chose, but for their own rounding", async () => {
  const { a, x } = randomLayer(20, 26, 60, 1);
  const weight = toF32(a);
  const operator = await nid(weight, statisticsOf(x), { rank: 8, nestedRank: 3, device });
  const { left, right } = termsOf(operator)[1];
  assert(right.form === "interpolative");
  const stored = toDense(left);
  const restored = toDense(operator);
  identityColumns(right).data.forEach((column, j) => {
    for (let i = 0; i < 20; i++) {
      const [at, value] = [i * 26 + column, stored.data[i * 3 + j]];
      // Half a unit in the last place of f16, and one rounding of the whole to f32.
      const bound = 2 ** -11 * Math.abs(value) + 2 ** -24 * Math.abs(restored.data[at]) + 2 ** -25;
      assertLessOrEqual(Math.abs(restored.data[at] - weight.data[at]), bound);
    }
  });
});

Deno.test("nid() takes the largest rank whose numbers are within the share", async () => {
  const { a, x } = randomLayer(24, 40, 90, 2);
  const cases: [options: NidOptions, first: number, then: number][] = [
    // k (m + n) - k₂² of 768 numbers at most.
    [{ keep: 0.8 }, 11, 1],
    [{ keep: 0.8, share: 0.5 }, 6, 6],
    [{ keep: 0.8, nestedRank: 4 }, 8, 4],
    [{ keep: 0.8, storage: "junction" }, 14, 1],
    [{ keep: 0.8, share: 1 }, 12, 0],
    [{ keep: 0.8, share: 0 }, 0, 16],
  ];
  for (const [options, first, then] of cases) {
    const all: NidOptions = { ...options, factorDtype: "f32" };
    const operator = await nid(toF32(a), statisticsOf(x), { ...all, device });
    const terms = first > 0 && then > 0 ? termsOf(operator) : [operator as ProductOperator];
    const ranks = [first, then].filter((rank) => rank > 0);
    assertEquals(terms.map(({ left }) => left.shape[1]), ranks, JSON.stringify(options));
    assertEquals(nodeOf(operator), planNid([24, 40], all));
    const masks = Number(then > 0) + Number(options.storage === "junction");
    const numbers = (byteLengthOf(operator) - masks * 5) / 4;
    const square = options.storage === "junction" ? first ** 2 : 0;
    assertEquals(numbers, (first + then) * 64 - then ** 2 - square);
    assertLessOrEqual(numbers, 768);
  }
});

Deno.test("nid() leaves out a stage that has no rank, and refuses more than there is", () => {
  const plan = (options: NidOptions) => planNid([24, 40], options);
  assertEquals(plan({ rank: 5, share: 1 }).form, "product");
  assertEquals(plan({ rank: 5, nestedRank: 5 }).form, "product");
  assertEquals(plan({ rank: 5, nestedRank: 2 }).form, "sum");
  assertThrows(() => plan({ rank: 5, nestedRank: 6 }), RangeError, "at most 5");
  assertThrows(() => plan({ keep: 0.2, nestedRank: 9 }), RangeError, "nestedRank must be at most");
  assertThrows(() => plan({ nestedRank: 2, share: 0.9 }), RangeError, "only one of share");
  assertThrows(() => plan({ rank: 4, keep: 0.9 }), RangeError, "only one of rank and keep");
  // 16 (24 + 40) - 1 numbers are more than 24 · 40.
  assertThrows(() => plan({ rank: 16 }), RangeError, "at most 15 for a 24 × 40 matrix");
});

Deno.test("nid() goes on where the inputs or the weight have too few directions", async () => {
  const zeros = (rows: number, cols: number) => generate(rows, cols, () => 0);
  const { a, x } = randomLayer(8, 11, 30, 3);
  const thin = times(randomLayer(8, 2, 3, 4).a, randomLayer(2, 11, 3, 5).a);
  const cases: readonly (readonly [a: Matrix, x: Matrix])[] = [
    [a, zeros(11, 4)],
    [a, randomLayer(8, 11, 1, 6).x],
    [thin, x],
    [zeros(8, 11), x],
    [zeros(8, 11), zeros(11, 3)],
  ];
  const options = { rank: 4, nestedRank: 2, factorDtype: "f32" } as const;
  for (const [a, x] of cases) {
    for (const variant of ["I", "II"] as const) {
      const operator = await nid(toF32(a), statisticsOf(x), { ...options, variant, device });
      assertEquals(nodeOf(operator), planNid([8, 11], options));
      const error = norm(plus(a, toF64(toDense(operator)), -1));
      assert(error <= norm(a), `${error}`);
      // Rank 2 is within reach of every stage.
      if (a === thin) assertLessOrEqual(error, 1e-6 * norm(a));
    }
  }
  await assertRejects(() => nid(toF32(a), null, { device }), TypeError, "current value is null");
});
