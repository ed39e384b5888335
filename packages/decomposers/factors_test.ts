import { createWasmDevice } from "@pare/linalg";
import {
  bitsPerWeight,
  dense,
  identityColumns,
  nodeOf,
  type Operator,
  product,
  type ProductOperator,
  toDense,
} from "@pare/operators";
import { rtn } from "@pare/quantizers";
import { roundHalfEven, toF32, toF64 } from "@pare/tensor";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertLessOrEqual,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { asvd, planAsvd } from "./asvd.ts";
import { nestedBasis } from "./basis.ts";
import type { FactorStore, Side } from "./factor_store.ts";
import { type Factors, storeFactors } from "./factors.ts";
import { joinFactors } from "./junction.ts";
import type { LowRankOptions } from "./low_rank_options.ts";
import { nsvd } from "./nsvd.ts";
import { refitFactors } from "./refit_left.ts";
import { planSvd, svd } from "./svd.ts";
import {
  generate,
  type Layer,
  type Matrix,
  norm,
  plus,
  randomLayer,
  statisticsOf,
  times,
  transposed,
} from "./testing/matrices.ts";
import { A1, X1 } from "./testing/vectors.ts";

const device = await createWasmDevice({ threads: 1 });

const V1: Layer = { a: A1, x: X1 };

function gramOf(x: Matrix): Matrix {
  return times(x, transposed(x));
}

/** U_k and U_kᵀ A of activation-aware SVD. */
async function factorsOf({ a, x }: Layer, rank: number): Promise<Factors> {
  const left = await nestedBasis(a, [{ gram: gramOf(x), rank }], device);
  return { left, right: times(transposed(left), a) };
}

/** ‖(A - Ã) X‖_F. */
function lossOf({ a, x }: Layer, operator: Operator): number {
  return norm(times(plus(a, toF64(toDense(operator)), -1), x));
}

/** Rounds rows to whole multiples of a (2^(b - 1) - 1)-th of their largest number. */
function rounded(m: Matrix, bits: number): Matrix {
  const [rows, cols] = m.shape;
  const largest = Array.from(
    { length: rows },
    (_, i) => m.data.slice(i * cols, (i + 1) * cols).reduce((a, b) => Math.max(a, Math.abs(b)), 0),
  );
  return generate(rows, cols, (i, j) => {
    const step = largest[i] / (2 ** (bits - 1) - 1);
    return step * roundHalfEven(m.data[i * cols + j] / step);
  });
}

/** A scale for each row of R and each column of L; keeps the Gram matrices it is given. */
function plainStore(bits: number, seen: Partial<Record<Side, Matrix | null>> = {}): FactorStore {
  return {
    isQuantizer: true,
    needsGram: () => true,
    plan: (_side, shape) => ({ form: "dense", shape, dtype: "f32" }),
    store: (side, factor, gram) => {
      seen[side] = gram;
      const result = side === "right"
        ? rounded(factor, bits)
        : transposed(rounded(transposed(factor), bits));
      return dense(toF32(result));
    },
  };
}

for (
  const [bits, without, refitted] of [
    [8, 4.959878, 4.959529],
    [4, 5.240904, 5.104174],
  ] as const
) {
  Deno.test(`storeFactors() meets V1 at ${bits} bits, with and without fitting L again`, async () => {
    const context = { weight: V1.a, gram: gramOf(V1.x), device };
    const factors = await factorsOf(V1, 2);
    const stored = (refit: boolean) => storeFactors(factors, { refit }, context, plainStore(bits));
    // The vectors are given to six decimals; both factors and the product are rounded to f32.
    const tolerance = 5e-7 + 3 * 2 ** -24 * norm(V1.a);
    assertAlmostEquals(lossOf(V1, await stored(false)), without, tolerance);
    assertAlmostEquals(lossOf(V1, await stored(true)), refitted, tolerance);
  });
}

Deno.test("storeFactors() hands quantizers the Gram matrices of what the factors multiply", async () => {
  const layer = randomLayer(8, 10, 40, 1);
  const gram = gramOf(layer.x);
  const factors = await factorsOf(layer, 3);
  const context = { weight: layer.a, gram, device };
  for (const refit of [true, false]) {
    const seen: Partial<Record<Side, Matrix | null>> = {};
    const { right } = await storeFactors(factors, { refit }, context, plainStore(4, seen));
    const restored = toF64(toDense(right));
    const behind = times(times(restored, gram), transposed(restored));
    assertEquals(seen.right, gram);
    assertLessOrEqual(norm(plus(seen.left ?? gram, behind, -1)), 1e-13 * norm(behind));
    const unknown = { ...context, gram: null };
    const plain = await storeFactors(factors, { refit }, unknown, plainStore(4, seen));
    const plainRight = toF64(toDense(plain.right));
    const squares = times(plainRight, transposed(plainRight));
    assertEquals(seen.right, generate(10, 10, (i, j) => i === j ? 1 : 0));
    assertLessOrEqual(norm(plus(seen.left ?? gram, squares, -1)), 1e-13 * norm(squares));
  }
});

Deno.test("storeFactors() hands quantizers of a junction the Gram matrices of T and of scaled L'", async () => {
  const layer = randomLayer(8, 10, 40, 2);
  const gram = gramOf(layer.x);
  const factors = await factorsOf(layer, 3);
  const seen: Partial<Record<Side, Matrix | null>> = {};
  const context = { weight: layer.a, gram, device };
  const { left, right } = await storeFactors(
    factors,
    { storage: "junction" },
    context,
    plainStore(4, seen),
  );
  assert(right.form === "interpolative" && left.form === "scaled" && left.colScales !== null);
  const chosen = [...identityColumns(right).data];
  const kept = Array.from({ length: 10 }, (_, j) => j).filter((j) => !chosen.includes(j));
  assertEquals(seen.right, generate(7, 7, (i, j) => gram.data[10 * kept[i] + kept[j]]));
  const scales = toF32(left.colScales).data;
  const dense = toF64(toDense(right));
  const behind = generate(3, 10, (i, j) => scales[i] * dense.data[10 * i + j]);
  const wanted = times(times(behind, gram), transposed(behind));
  assertLessOrEqual(norm(plus(seen.left ?? gram, wanted, -1)), 1e-13 * norm(wanted));
});

Deno.test("the scales of a quantized junction take from what quantization adds", async () => {
  let [plain, balanced] = [0, 0];
  for (let seed = 0; seed < 6; seed++) {
    const { a, x: quiet } = randomLayer(32, 32, 80, seed);
    const x = generate(32, 80, (i, t) => (i % 11 === 5 ? 15 : 1) * quiet.data[80 * i + t]);
    const factors = await factorsOf({ a, x }, 12);
    const context = { weight: a, gram: gramOf(x), device };
    const factorQuantizer = { method: "rtn", options: { bits: 4 } } as const;
    const options = { storage: "junction", factorQuantizer } as const;
    const operator = await storeFactors(factors, options, context);
    const { gram } = context;
    const right = toF64(toDense(operator.right));
    const { left } = await joinFactors(factors, device);
    const fitted = toF32(await refitFactors({ left, right }, a, gram, device));
    const unscaled = product(rtn(fitted, { bits: 4, partialGroups: true }), operator.right);
    const whole = norm(times(a, x)) ** 2;
    const least = lossOf(
      { a, x },
      product(dense(toF32(factors.left)), dense(toF32(factors.right))),
    );
    balanced += (lossOf({ a, x }, operator) ** 2 - least ** 2) / whole;
    plain += (lossOf({ a, x }, unscaled) ** 2 - least ** 2) / whole;
  }
  assertLess(balanced, 0.7 * plain);
});

/** The squared loss that quantization adds to that of the factors, relative to ‖A X‖². */
async function added(layer: Layer, rank: number, options: LowRankOptions): Promise<number> {
  const statistics = statisticsOf(layer.x);
  const run = (more: LowRankOptions): Promise<ProductOperator> =>
    asvd(toF32(layer.a), statistics, { rank, storage: options.storage, ...more, device });
  const least = lossOf(layer, await run({ factorDtype: "f32" })) ** 2;
  return (lossOf(layer, await run(options)) ** 2 - least) / norm(times(layer.a, layer.x)) ** 2;
}

for (const storage of ["factors", "junction"] as const) {
  Deno.test(`quantized ${storage} lose less with more bits, and less with L fitted again`, async () => {
    let before = Infinity;
    for (const bits of [3, 4, 6, 8]) {
      let [fitted, unfitted] = [0, 0];
      for (let seed = 0; seed < 4; seed++) {
        const layer = randomLayer(20, 24, 60, seed);
        const factorQuantizer = { method: "rtn", options: { bits } } as const;
        fitted += await added(layer, 9, { storage, factorQuantizer });
        unfitted += await added(layer, 9, { storage, factorQuantizer, refit: false });
      }
      assert(fitted > 0);
      // What L can make up for is less than what rounding L takes, where bits are many.
      if (bits <= 4) assertLess(fitted, unfitted);
      // A bit more halves the step, and so takes three quarters off the squared loss.
      assertLess(fitted, before / 2);
      before = fitted;
    }
  });
}

Deno.test("nested factors stay what they are for when quantized", async () => {
  const { a, x } = randomLayer(20, 24, 60, 7);
  const errorOf = (operator: Operator) => norm(plus(a, toF64(toDense(operator)), -1));
  const run = async (share: number, more: LowRankOptions) => {
    const options = { rank: 10, share, ...more, device };
    return errorOf(await nsvd(toF32(a), statisticsOf(x), options));
  };
  const nested = await run(0.5, { factorDtype: "f32" });
  const quantized = await run(0.5, { factorQuantizer: { method: "rtn", options: { bits: 8 } } });
  // L fitted to the weight by these inputs would have the error of activation-aware SVD.
  assertLess(quantized, 1.01 * nested);
  assertLess(1.03 * nested, await run(1, { factorDtype: "f32" }));
});

Deno.test("quantized factors without statistics fit L to the weights", async () => {
  const { a } = randomLayer(20, 24, 60, 3);
  const lost = async (refit: boolean) => {
    const factorQuantizer = { method: "rtn", options: { bits: 3 } } as const;
    const operator = await svd(toF32(a), { rank: 8, factorQuantizer, refit, device });
    return norm(plus(a, toF64(toDense(operator)), -1));
  };
  assertLess(await lost(true), 0.999 * await lost(false));
});

Deno.test("refit alone makes up for what rounding to a dtype loses", async () => {
  const layer = randomLayer(20, 24, 60, 4);
  const options = { factorDtype: "bf16" } as const;
  const [fitted, plain] = [
    await added(layer, 9, { ...options, refit: true }),
    await added(layer, 9, options),
  ];
  assertLess(fitted, plain);
});

Deno.test("quantized factors may have options each", async () => {
  const { a } = randomLayer(16, 24, 60, 5);
  const factorQuantizer = {
    method: "rtn",
    options: { bits: 4, groupSize: 8 },
    left: { bits: 8 },
    right: { granularity: "row" },
  } as const;
  const options = { rank: 6, factorQuantizer };
  const operator = await svd(toF32(a), { ...options, device });
  const { left, right } = operator;
  assert(left.form === "affine" && right.form === "affine");
  assertEquals([left.bits, left.groupSize, right.bits, right.groupSize], [8, 6, 4, 24]);
  assertEquals(nodeOf(operator), planSvd([16, 24], options));
  // Codes, and a scale and a zero point for each row, as none is longer than a group: 8 + 4 bits
  // of a weight, 16 + 8 and 16 + 4 of a row, where the zero points of a row fill up a byte.
  const bits = 16 * 6 * 8 + 16 * 24 + 6 * 24 * 4 + 6 * 24;
  assertEquals(bitsPerWeight(operator), bits / (16 * 24));
});

Deno.test("quantized factors refuse what is unknown, out of range or does not fit", async () => {
  const weight = toF32(randomLayer(16, 24, 60, 6).a);
  const cases: readonly [options: unknown, error: typeof TypeError, message: string][] = [
    [
      { factorQuantizer: "rtn" },
      RangeError,
      `factorQuantizer must be an object with a method and its options: current value is "rtn"`,
    ],
    [{ factorQuantizer: {} }, TypeError, `method must be one of "rtn"`],
    [
      { factorQuantizer: { method: "gptz" } },
      RangeError,
      `(factorQuantizer) as method must be one`,
    ],
    [{ factorQuantizer: { method: "toString" } }, RangeError, `current value is "toString"`],
    [{ factorQuantizer: { method: "rtn", bits: 4 } }, TypeError, `option "bits" is unknown`],
    [
      { factorQuantizer: { method: "rtn", options: { bit: 4 } } },
      TypeError,
      `Cannot decompose by SVD (factorQuantizer) (rtn) as option "bit" is unknown`,
    ],
    [
      { factorQuantizer: { method: "rtn", left: { bits: 9 } } },
      RangeError,
      "(rtn, left) as bits must be an integer from 1 to 8: current value is 9",
    ],
    [
      { factorQuantizer: { method: "rtn", right: { groupSize: 7, partialGroups: false } } },
      RangeError,
      "groupSize must divide the 24 columns",
    ],
    [
      { factorQuantizer: { method: "rtn" }, factorDtype: "f16" },
      RangeError,
      "only one of factorDtype and factorQuantizer must be given: current values are f16 and " +
      `{"method":"rtn"}`,
    ],
    [{ refit: 1 }, RangeError, "refit must be true or false"],
  ];
  for (const [options, Kind, message] of cases) {
    assertThrows(() => planSvd([16, 24], options as LowRankOptions), Kind, message);
    await assertRejects(() => svd(weight, options as LowRankOptions), Kind, message);
  }
});

Deno.test("quantized factors are planned exactly, whatever the rank", async () => {
  for (const [rows, cols, rank] of [[5, 9, 1], [40, 33, 17], [9, 5, 3], [70, 80, 37]]) {
    const { a, x } = randomLayer(rows, cols, 20, rank);
    for (const storage of ["factors", "junction"] as const) {
      const options = { rank, storage, factorQuantizer: { method: "rtn" } } as const;
      const operator = await asvd(toF32(a), statisticsOf(x), { ...options, device });
      assertEquals(nodeOf(operator), planAsvd([rows, cols], options));
    }
  }
});
