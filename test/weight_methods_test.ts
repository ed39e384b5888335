// One suite for every compression method: each stands here once per setting worth telling apart,
// with the largest normalized error and the largest size it may have on a layer of normal weights.

import { distortion } from "@pare/evaluators";
import { createWasmDevice } from "@pare/linalg";
import { REGISTRY } from "../packages/cli/registry.ts";
import { byteLengthOf, nodeOf, parse, serialize, type Statistics, toDense } from "@pare/operators";
import { runMethod } from "@pare/pipeline";
import { randomNormal, type Tensor, tensor } from "@pare/tensor";
import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";

const ROWS = 48;
const COLS = 64;

const NF3 = { bits: 3, groupSize: 32, scaleDtype: "f8e4m3" };

const SETTINGS: readonly [
  name: string,
  method: string,
  options: Record<string, unknown>,
  maxNmse: number,
  maxBitsPerWeight: number,
][] = [
  // Errors of round-to-nearest: a tenth above those of unit normals in groups of the size. The zero
  // points of a row fill up whole bytes.
  ["rtn 8-bit g64", "rtn", { bits: 8 }, 5e-5, 8.376],
  ["rtn 4-bit g64", "rtn", { bits: 4 }, 9.1e-3, 4.375],
  ["rtn 4-bit g32 symmetric", "rtn", { bits: 4, groupSize: 32, symmetric: true }, 9.5e-3, 4.5],
  ["rtn 3-bit g32", "rtn", { bits: 3, groupSize: 32 }, 3.3e-2, 3.625],
  ["rtn 2-bit g32", "rtn", { bits: 2, groupSize: 32 }, 0.18, 2.625],
  ["rtn 4-bit per row", "rtn", { bits: 4, granularity: "row" }, 9.1e-3, 4.375],
  ["rtn 4-bit per tensor", "rtn", { bits: 4, granularity: "tensor" }, 2.2e-2, 4.01],
  ["rtn 3-bit g48 partial", "rtn", { bits: 3, groupSize: 48, partialGroups: true }, 4e-2, 3.7],
  // A tenth above the errors of unit normals.
  ["hqq 4-bit g64", "hqq", {}, 8.1e-3, 4.5],
  ["hqq 2-bit g16", "hqq", { bits: 2, groupSize: 16 }, 0.13, 4],
  ["nf4 g64", "nf4", {}, 9.3e-3, 4.25],
  ["nf4 3-bit g32, scales of 8 bits", "nf4", NF3, 4.5e-2, 3.27],
  ["mxfp4", "mxfp4", {}, 1.37e-2, 4.25],
  ["nvfp4", "nvfp4", {}, 1e-2, 4.52],
  ["awq 4-bit g32", "awq", { groupSize: 32 }, 4e-2, 4.96],
  [
    "awq 3-bit per row, no clipping",
    "awq",
    { bits: 3, granularity: "row", clip: false },
    0.2,
    3.71,
  ],
  // Of normal weights normal ones; the signs take a bit of each row and column.
  ["incoherence, rtn 4-bit g64", "incoherence", {}, 9.1e-3, 4.42],
  [
    "incoherence of inputs, rtn 3-bit g32",
    "incoherence",
    { ...inBasis({ bits: 3, groupSize: 32 }), seed: 7, sides: "input" },
    3.3e-2,
    3.65,
  ],
  // Of normal weights what 12 state bits allow, a tenth above; tiles of 48 rows are whole, and the scale
  // is one of 3072 weights, or of 64.
  ["trellis 2-bit", "trellis", {}, 7.9e-2, 2.011],
  [
    "trellis 4-bit of 8 per row",
    "trellis",
    { bits: 4, stateBits: 8, granularity: "row", scaleDtype: "f16" },
    7e-3,
    4.25,
  ],
  [
    "ldlq by a trellis 3-bit, refined",
    "ldlq",
    { quantizer: { method: "trellis", options: { bits: 3, stateBits: 10 } }, refinements: 1 },
    0.1,
    3.011,
  ],
  // A tenth above what E8P leaves of normal weights; the scale is one of 3072 weights, or of 64.
  ["e8p 2-bit", "e8p", {}, 0.1005, 2.011],
  ["e8p 3-bit per row", "e8p", { bits: 3, granularity: "row", scaleDtype: "f16" }, 3.3e-2, 3.25],
  ["e8p 4-bit", "e8p", { bits: 4 }, 8.7e-3, 4.011],
  [
    "ldlq by e8p 2-bit and the metric, refined",
    "ldlq",
    { quantizer: { method: "e8p" }, metric: true, refinements: 1 },
    0.4,
    2.011,
  ],
  ["rtn 2-bit g32 clipped", "rtn", { bits: 2, groupSize: 32, clip: true }, 0.14, 2.625],
  // Error feedback puts errors where inputs seldom are, which 100 tokens leave much room for in 64
  // channels: weights themselves are off by three times as much and more.
  ["gptq 4-bit g32", "gptq", { bits: 4, groupSize: 32 }, 4e-2, 4.625],
  ["gptq 3-bit g32 static", "gptq", { bits: 3, groupSize: 32, groups: "static" }, 0.2, 3.625],
  // The order of 64 columns takes 2/3 of a bit for each of 48 rows.
  [
    "gptq 3-bit g32 by activation, dynamic",
    "gptq",
    { bits: 3, groupSize: 32, order: "activation", groups: "dynamic" },
    0.2,
    4.3,
  ],
  [
    "ldlq by rtn 4-bit per row, refined",
    "ldlq",
    { quantizer: { method: "rtn", options: { bits: 4, granularity: "row" } }, refinements: 1 },
    5e-2,
    4.375,
  ],
  // A random matrix has a flat spectrum: at keep 0.8, k = 21 of 48 singular values are kept.
  ["svd keep 0.8", "svd", { keep: 0.8 }, 0.38, 12.8],
  ["svd rank 27", "svd", { rank: 27, factorDtype: "f32" }, 0.25, 31.6],
  // The same numbers hold rank 29 as a junction, and a bit more for each of 64 columns.
  ["svd junction keep 0.8", "svd", { keep: 0.8, storage: "junction" }, 0.23, 12.56],
  ["asvd-0 keep 0.8", "asvd", { variant: "0", keep: 0.8 }, 0.5, 12.8],
  ["asvd-I keep 0.8", "asvd", { keep: 0.8 }, 0.6, 12.8],
  ["asvd-I junction keep 0.8", "asvd", { keep: 0.8, storage: "junction" }, 0.5, 12.56],
  ["asvd-II keep 0.8", "asvd", { variant: "II", keep: 0.8, factorDtype: "bf16" }, 0.6, 12.8],
  ["svd-llm keep 0.8", "svd-llm", { keep: 0.8 }, 0.6, 12.8],
  // Quantized factors: R in groups of 64, L in rows of 21 or 29, with a scale and a zero point each.
  ["svd 8-bit factors", "svd", quantizedBy({ bits: 8 }), 0.38, 6.82],
  ["svd 4-bit factors", "svd", quantizedBy({ bits: 4 }), 0.4, 3.67],
  [
    "asvd-I 4-bit junction",
    "asvd",
    { ...quantizedBy({ bits: 4, groupSize: 16 }), storage: "junction" },
    0.6,
    4.64,
  ],
  // Without inputs, R is rounded to nearest, and L to what R has become.
  ["svd factors by gptq", "svd", factorsBy("gptq", { groupSize: 16 }), 0.4, 4.3],
  ["svd junction by gptq", "svd", { ...factorsBy("gptq", {}), storage: "junction" }, 0.4, 4.01],
  [
    "asvd-I factors by ldlq",
    "asvd",
    factorsBy("ldlq", { quantizer: { method: "rtn", options: { granularity: "row" } } }),
    0.6,
    3.7,
  ],
  [
    "asvd-I factors in a random basis",
    "asvd",
    factorsBy("incoherence", {
      quantizer: { method: "rtn", options: { partialGroups: true } },
      sides: "input",
    }),
    0.6,
    3.8,
  ],
  ["nid-I 6-bit factors", "nid", quantizedBy({ bits: 6 }), 0.6, 5.57],
  ["nsvd-I 4-bit factors", "nsvd", quantizedBy({ bits: 4 }), 0.6, 3.67],
  [
    "svd-llm 8-bit factors, no refit",
    "svd-llm",
    {
      ...quantizedBy({ bits: 8, granularity: "row", symmetric: true }),
      refit: false,
    },
    0.6,
    6.6,
  ],
  ["asvd-I with a ridge, keep 0.8", "asvd", { ridge: 1, keep: 0.8 }, 0.5, 12.8],
  ["nsvd-I keep 0.8", "nsvd", { keep: 0.8 }, 0.6, 12.8],
  ["nsvd-I junction keep 0.8", "nsvd", { keep: 0.8, storage: "junction" }, 0.5, 12.56],
  ["nsvd-II 15 + 6", "nsvd", { variant: "II", rank: 21, nestedRank: 6 }, 0.5, 12.8],
  ["nid-I keep 0.8", "nid", { keep: 0.8 }, 0.6, 12.27],
  ["nid-II 15 + 6", "nid", { variant: "II", rank: 21, nestedRank: 6 }, 0.5, 12.09],
  ["nid-I junction keep 0.8", "nid", { keep: 0.8, storage: "junction" }, 0.5, 12.58],
  // Weighed by the inputs, not by itself, a weight is kept; two bits, and 16 times 112 for 8 ranks.
  ["caldera rank 8", "caldera", { rank: 8 }, 0.25, 2.66],
  ["caldera rank 0", "caldera", { rank: 0 }, 0.3, 2.05],
  ["caldera rank 8, 4 in f16", "caldera", { rank: 8, fineTuneRank: 4 }, 0.25, 4.82],
  ["caldera of the paper", "caldera", { preset: "reference", rank: 8, iterations: 3 }, 0.1, 3.24],
];

/** Options of incoherence around rounding to nearest. */
function inBasis(options: Record<string, unknown>): Record<string, unknown> {
  return { quantizer: { method: "rtn", options } };
}

/** Options of a low-rank method whose factors are stored by a quantizer. */
function factorsBy(method: string, options: Record<string, unknown>): Record<string, unknown> {
  return { keep: 0.8, factorQuantizer: { method, options } };
}

/** Options of a low-rank method whose factors are rounded to nearest. */
function quantizedBy(options: Record<string, unknown>): Record<string, unknown> {
  return factorsBy("rtn", options);
}

const WEIGHT = randomNormal([ROWS, COLS], { seed: 11 });
const STATISTICS: Statistics = { ...statisticsOf(100), compressed: statisticsOf(50) };
const device = await createWasmDevice({ threads: 1 });

/** Statistics of inputs whose channels differ in size by up to a factor of eight. */
function statisticsOf(tokens: number): Statistics {
  const x = randomNormal([tokens, COLS], { seed: 12 }).data.map((value, i) => value * 2 ** (i % 4));
  const gram = new Float64Array(COLS * COLS);
  const meanAbs = new Float64Array(COLS);
  const maxAbs = new Float64Array(COLS);
  for (let t = 0; t < tokens; t++) {
    for (let i = 0; i < COLS; i++) {
      const value = x[t * COLS + i];
      meanAbs[i] += Math.abs(value) / tokens;
      maxAbs[i] = Math.max(maxAbs[i], Math.abs(value));
      for (let j = 0; j < COLS; j++) gram[i * COLS + j] += value * x[t * COLS + j];
    }
  }
  return {
    tokens,
    gram: tensor(gram, [COLS, COLS]),
    meanAbs: tensor(meanAbs, [COLS]),
    maxAbs: tensor(maxAbs, [COLS]),
  };
}

async function run(method: string, options: Record<string, unknown>, weight: Tensor = WEIGHT) {
  const input = { weight, statistics: STATISTICS, options, device };
  return (await runMethod(REGISTRY[method], input)).operator;
}

for (const [name, method, options, maxNmse, maxBits] of SETTINGS) {
  Deno.test(`${name} keeps to its error and its size`, async () => {
    const operator = await run(method, options);
    const { nmse } = distortion(WEIGHT, toDense(operator));
    const bits = 8 * byteLengthOf(operator) / (ROWS * COLS);
    assertLessOrEqual(nmse, maxNmse);
    assertLessOrEqual(bits, maxBits);
    // A method that keeps the weight as it is has no error and no use.
    assert(nmse > 0 && bits > maxBits * 0.9, `${nmse}, ${bits} bits`);
  });

  Deno.test(`${name} returns the node that it plans`, async () => {
    const operator = await run(method, options);
    assertEquals(nodeOf(operator), REGISTRY[method].plan([ROWS, COLS], options));
  });

  Deno.test(`${name} repeats itself and leaves its input be`, async () => {
    const copy = WEIGHT.data.slice();
    const gram = STATISTICS.gram.data.slice();
    assertEquals(await run(method, options), await run(method, options));
    assertEquals(WEIGHT.data, copy);
    assertEquals(STATISTICS.gram.data, gram);
  });

  Deno.test(`${name} survives a round trip through bytes`, async () => {
    const operator = await run(method, options);
    const { node, tensors } = serialize(operator);
    const read = parse(JSON.parse(JSON.stringify(node)), tensors, name);
    assertEquals(toDense(read), toDense(operator));
  });

  Deno.test(`${name} refuses an unknown option, and numbers that are not finite`, async () => {
    assertThrows(
      () => REGISTRY[method].plan([ROWS, COLS], { ...options, bit: 1 }),
      TypeError,
      `"bit"`,
    );
    const broken = tensor(WEIGHT.data.map((value, i) => i === 77 ? NaN : value), [ROWS, COLS]);
    const outcome = await run(method, options, broken).catch((error) => error);
    assert(outcome instanceof RangeError && outcome.message.includes("finite"), String(outcome));
  });
}
