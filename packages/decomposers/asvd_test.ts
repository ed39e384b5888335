// T2, T3 … are the theorems of the family: T2, the loss is the tail of the singular values of A S;
// T3, nothing of the same rank does better; T4, any square root of G gives the same result.

import { createWasmDevice, svd as decompose } from "@pare/linalg";
import { type Statistics, toDense } from "@pare/operators";
import { randomNormal, type Tensor, tensor, toF64 } from "@pare/tensor";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLessOrEqual,
  assertRejects,
} from "@std/assert";
import { activationBasis, type ConditionerOptions } from "./activation_basis.ts";
import { asvd } from "./asvd.ts";
import { svd } from "./svd.ts";

const device = await createWasmDevice({ threads: 1 });

type Matrix = readonly (readonly number[])[];

const A1: Matrix = [[2, 1, 0], [1, 3, 1], [0, 1, 4], [1, 0, 2]];
const X1: Matrix = [[4, -4, 2, 0, 1], [1, 1, 0, 2, -1], [0, 1, -1, 0, 1]];
const X3: Matrix = [[1, 2], [0, 1], [1, 1]];
const A4: Matrix = [[1, 2, 0, -1, 3], [0, 1, -2, 2, 1], [2, -1, 1, 0, 0], [1, 1, 1, -3, 2]];
const X4: Matrix = [
  [2, 0, 1, -1, 3, 0],
  [0, 5, -5, 4, 0, 1],
  [1, 1, 0, 0, -1, 2],
  [0, 1, 0, -2, 1, 1],
  [1, 0, 0, 1, 1, -1],
];

function matrix(rows: Matrix): Tensor {
  return tensor(Float32Array.from(rows.flat()), [rows.length, rows[0].length]);
}

/** Statistics of inputs with one row per channel. */
function statisticsOf(x: Matrix): Statistics {
  const n = x.length;
  const tokens = x[0].length;
  const gram = x.flatMap((a) => x.map((b) => a.reduce((sum, value, t) => sum + value * b[t], 0)));
  const abs = x.map((row) => row.map(Math.abs));
  return {
    tokens,
    gram: tensor(Float64Array.from(gram), [n, n]),
    meanAbs: tensor(Float64Array.from(abs, (row) => row.reduce((a, b) => a + b) / tokens), [n]),
    maxAbs: tensor(Float64Array.from(abs, (row) => Math.max(...row)), [n]),
  };
}

/** Rows as arrays. */
function rowsOf({ shape: [rows, cols], data }: Tensor | Tensor<"f64">): number[][] {
  return Array.from({ length: rows }, (_, i) => Array.from(data.slice(i * cols, (i + 1) * cols)));
}

/** A - U Uᵀ A in f64. */
function residual(a: number[][], u: number[][]): number[][] {
  const rank = u[0].length;
  const coordinates = Array.from(
    { length: rank },
    (_, k) => a[0].map((_, j) => a.reduce((sum, row, i) => sum + u[i][k] * row[j], 0)),
  );
  return a.map((row, i) =>
    row.map((value, j) => value - coordinates.reduce((sum, c, k) => sum + u[i][k] * c[j], 0))
  );
}

/** ‖E‖ and ‖E X‖, the latter by G. */
function losses(e: number[][], { data }: Tensor<"f64">): { weight: number; activation: number } {
  const n = e[0].length;
  let weight = 0;
  let activation = 0;
  for (const row of e) {
    for (let i = 0; i < n; i++) {
      weight += row[i] ** 2;
      for (let j = 0; j < n; j++) activation += row[i] * data[i * n + j] * row[j];
    }
  }
  return { weight: Math.sqrt(weight), activation: Math.sqrt(Math.max(0, activation)) };
}

async function lossOf(a: Matrix, x: Matrix, rank: number, options: ConditionerOptions | "svd") {
  const weight = matrix(a);
  const statistics = statisticsOf(x);
  const basis = options === "svd"
    ? await decompose(toF64(weight), { device }).then(({ u }) =>
      rowsOf(u).map((row) => row.slice(0, rank))
    )
    : rowsOf(await activationBasis(weight, statistics, rank, options, device));
  return losses(residual(rowsOf(weight), basis), statistics.gram);
}

const VECTORS: readonly [
  name: string,
  a: Matrix,
  x: Matrix,
  rank: number,
  options: ConditionerOptions | "svd",
  activation: number,
  weight: number | null,
][] = [
  ["V1 plain", A1, X1, 1, "svd", 15.056525, 3.482707],
  ["V1 plain", A1, X1, 2, "svd", 8.746328, 1.677227],
  ["V1 variant 0", A1, X1, 1, { variant: "0" }, 12.616497, 3.955069],
  ["V1 variant 0", A1, X1, 2, { variant: "0" }, 5.989389, 1.906259],
  ["V1 variant 0, α = 0", A1, X1, 1, { variant: "0", alpha: 0 }, 15.056525, null],
  ["V1 variant 0, α = 1", A1, X1, 1, { variant: "0", alpha: 1 }, 10.622967, null],
  ["V1 variant I", A1, X1, 1, { variant: "I" }, 9.92326, 5.210468],
  ["V1 variant I", A1, X1, 2, { variant: "I" }, 4.959096, 2.669576],
  ["V1 variant II", A1, X1, 1, { variant: "II" }, 9.92326, 5.210468],
  ["V1 variant II", A1, X1, 2, { variant: "II" }, 4.959096, 2.669576],
  ["V2 plain", [[3, 0], [0, 2]], [[1, 0], [0, 3]], 1, "svd", 6, 2],
  ["V2 variant I", [[3, 0], [0, 2]], [[1, 0], [0, 3]], 1, { variant: "I" }, 3, 3],
  ["V3 plain", A1, X3, 1, "svd", 4.345769, null],
  ["V3 variant 0", A1, X3, 1, { variant: "0" }, 4.621894, null],
  ["V3 variant I", A1, X3, 1, { variant: "I" }, 1.849317, null],
  ["V3 variant II", A1, X3, 1, { variant: "II" }, 1.849317, null],
  ["V4 plain", A4, X4, 1, "svd", 18.381048, 4.381965],
  ["V4 variant 0", A4, X4, 2, { variant: "0" }, 9.940829, 2.282958],
  ["V4 variant I", A4, X4, 1, { variant: "I" }, 12.875754, 4.910647],
  ["V4 variant I", A4, X4, 2, { variant: "I" }, 8.044185, 3.914983],
  ["V4 variant II", A4, X4, 3, { variant: "II" }, 1.4773, 0.505918],
];

for (const [name, a, x, rank, options, activation, weight] of VECTORS) {
  Deno.test(`activation-aware truncation meets ${name} at rank ${rank}`, async () => {
    const found = await lossOf(a, x, rank, options);
    // The vectors are given to six decimals.
    assertAlmostEquals(found.activation, activation, 1e-6);
    if (weight !== null) assertAlmostEquals(found.weight, weight, 1e-6);
  });
}

Deno.test("activation-aware truncation is exact on the tokens of a singular Gram matrix", async () => {
  const { data } = statisticsOf(X3).gram;
  assertEquals(data.length, 9);
  for (const variant of ["I", "II"] as const) {
    const { activation } = await lossOf(A1, X3, 2, { variant });
    assert(activation < 1e-7, `${activation}`);
  }
});

/** A weight and inputs with channels that differ in size, some of them dead. */
function randomCase(rows: number, cols: number, tokens: number, seed: number): [Matrix, Matrix] {
  const a = rowsOf(randomNormal([rows, cols], { seed }));
  const mix = rowsOf(randomNormal([cols, cols], { seed, stream: 1 }));
  const z = rowsOf(randomNormal([cols, tokens], { seed, stream: 2 }));
  const x = mix.map((row, i) =>
    z[0].map((_, t) =>
      i % 7 === 6 ? 0 : 3 ** (i % 4) * row.reduce((sum, m, j) => sum + m * z[j][t], 0)
    )
  );
  return [a, x];
}

const SHAPES: readonly [rows: number, cols: number, tokens: number, rank: number][] = [
  [12, 12, 40, 5],
  [9, 15, 60, 4],
  [16, 9, 50, 4],
  [10, 14, 6, 5],
  [14, 8, 30, 1],
  [6, 5, 20, 5],
];

for (const [index, [rows, cols, tokens, rank]] of SHAPES.entries()) {
  const label = `${rows}×${cols}, ${tokens} tokens, rank ${rank}`;
  const [a, x] = randomCase(rows, cols, tokens, index);

  Deno.test(`variants I and II lose the tail of the singular values of A X (T2, T4): ${label}`, async () => {
    const ax = a.map((row) =>
      x[0].map((_, t) => row.reduce((sum, w, j) => sum + Math.fround(w) * x[j][t], 0))
    );
    const flat = tensor(Float64Array.from(ax.flat()), [rows, tokens]);
    const { data } = (await decompose(flat, { device })).singularValues;
    const tail = Math.sqrt(data.slice(rank).reduce((sum, value) => sum + value ** 2, 0));
    for (const variant of ["I", "II"] as const) {
      const { activation } = await lossOf(a, x, rank, { variant });
      // The loss is the root of a difference of squares: √eps of the whole is its floor.
      assertAlmostEquals(activation, tail, 1e-7 * data[0]);
    }
  });

  Deno.test(`variants I and II are at or below 0 and plain SVD (T3): ${label}`, async () => {
    const best = await lossOf(a, x, rank, { variant: "I" });
    const slack = 1e-7 * (await lossOf(a, x, 1, "svd")).activation;
    for (
      const other of ["svd", { variant: "0" }, { variant: "0", alpha: 1 }, {
        variant: "0",
        statistic: "max",
      }] as const
    ) {
      const { activation } = await lossOf(a, x, rank, other);
      assert(best.activation <= activation + slack, `${best.activation} > ${activation}`);
    }
    for (let seed = 0; seed < 20; seed++) {
      const random = randomNormal([rows, rank], { seed: 100 + seed });
      const { u } = await decompose(toF64(random), { device });
      const { activation } = losses(residual(rowsOf(matrix(a)), rowsOf(u)), statisticsOf(x).gram);
      assert(best.activation <= activation + slack);
    }
  });
}

Deno.test("asvd() with α = 0 is plain SVD", async () => {
  const [a, x] = randomCase(12, 16, 30, 50);
  const plain = await svd(matrix(a), { rank: 4, factorDtype: "f32", device });
  const zero = await asvd(matrix(a), statisticsOf(x), {
    variant: "0",
    alpha: 0,
    rank: 4,
    factorDtype: "f32",
    device,
  });
  const [p, z] = [toDense(plain).data, toDense(zero).data];
  for (const [i, value] of p.entries()) assertAlmostEquals(z[i], value, 1e-5);
});

Deno.test("asvd() variant 0 takes the statistic it is told, and nothing of channels that are zero", async () => {
  const [a, x] = randomCase(9, 15, 30, 55);
  const statistics = statisticsOf(x);
  const basis = (weight: Matrix, given: Statistics, statistic: "mean" | "max") =>
    activationBasis(matrix(weight), given, 3, { variant: "0", statistic }, device);
  assertEquals(
    await basis(a, statistics, "max"),
    await basis(a, { ...statistics, meanAbs: statistics.maxAbs }, "mean"),
  );
  // Channels 6 and 13 are dead.
  const loud = a.map((row) => row.map((value, j) => j % 7 === 6 ? 1000 * value : value));
  assertEquals(await basis(loud, statistics, "mean"), await basis(a, statistics, "mean"));
});

Deno.test("asvd() reaches full rank where the inputs span less (ranks filled by plain SVD)", async () => {
  const [a, x] = randomCase(10, 14, 3, 51);
  // Three tokens make A S of rank 3; the fourth and fifth directions come from the rest of A.
  const five = await lossOf(a, x, 5, { variant: "II" });
  const three = await lossOf(a, x, 3, { variant: "II" });
  assert(five.activation < 1e-6 * three.weight);
  const weight = matrix(a);
  const basis = await activationBasis(weight, statisticsOf(x), 3, { variant: "II" }, device);
  const rest = tensor(
    Float64Array.from(residual(rowsOf(weight), rowsOf(basis)).flat()),
    weight.shape,
  );
  const { data } = (await decompose(rest, { device })).singularValues;
  const tail = Math.hypot(...data.subarray(2));
  // The null space of G is as good as its eigenvalues: √eps of the whole.
  assertAlmostEquals(five.weight, tail, 1e-7 * data[0]);
});

Deno.test("asvd() and svd() restore a matrix of lower rank than asked for", async () => {
  const statistics = statisticsOf(randomCase(8, 8, 20, 52)[1].map((row) => row.map(Math.fround)));
  const column = rowsOf(randomNormal([8, 1], { seed: 53 }));
  const row = rowsOf(randomNormal([1, 8], { seed: 54 }))[0];
  const lowRank: readonly Matrix[] = [
    column.map(([value]) => row.map((other) => Math.round(8 * value) * Math.round(8 * other))),
    // What is left after the first direction is exactly zero.
    column.map((_, i) => row.map((value) => i === 0 ? value : 0)),
  ];
  for (const a of lowRank) {
    const weight = matrix(a);
    const wanted = Math.hypot(...weight.data);
    const options = { rank: 4, factorDtype: "f32", device } as const;
    const operators = [await svd(weight, options)];
    for (const variant of ["0", "I", "II"] as const) {
      operators.push(await asvd(weight, statistics, { ...options, variant }));
    }
    for (const operator of operators) {
      const { data } = toDense(operator);
      const lost = Math.hypot(...weight.data.map((value, i) => value - data[i]));
      // Both factors are rounded to f32.
      assertLessOrEqual(lost, 4 * 2 ** -24 * wanted);
    }
  }
});

Deno.test("asvd() and svd() restore zeros from zeros", async () => {
  const zeros = tensor(new Float32Array(6 * 8), [6, 8]);
  const none = statisticsOf(Array.from({ length: 8 }, () => [0, 0]));
  assertEquals(toDense(await svd(zeros, { device })).data, zeros.data);
  for (const variant of ["0", "I", "II"] as const) {
    assertEquals(toDense(await asvd(zeros, none, { variant, device })).data, zeros.data);
  }
});

Deno.test("svd() refuses factors that do not fit their dtype, and weights that are not finite", async () => {
  const large = tensor(Float32Array.of(1e5, 0, 0, 1), [2, 2]);
  await assertRejects(
    () => svd(large, { rank: 1, device }),
    RangeError,
    "Cannot store a factor as every number must be finite in f16: current value is",
  );
  const restored = toDense(await svd(large, { rank: 1, factorDtype: "bf16", device }));
  assertAlmostEquals(restored.data[0], 1e5, 2 ** -7 * 1e5);
  const broken = tensor(Float32Array.of(1, NaN, 0, 1), [2, 2]);
  await assertRejects(() => svd(broken, { rank: 1, device }), RangeError, "current value is NaN");
});

Deno.test("asvd() refuses statistics that are missing or of another width", async () => {
  const weight = matrix(A1);
  await assertRejects(() => asvd(weight, null, { device }), TypeError, "current value is null");
  await assertRejects(() => asvd(weight, statisticsOf(X4), { device }), RangeError, "[3, 3]");
});
