// Operators of every form, in every setting worth telling apart: one line each.

import {
  castTo,
  randomNormal,
  randomPermutation,
  randomUniform,
  sizeOf,
  type Tensor,
  tensor,
} from "@pare/tensor";
import { affine, dense, hadamardRotation, orthogonalRotation, permuted, product } from "../mod.ts";
import {
  interpolative,
  lattice,
  type LevelKind,
  levels,
  type LevelScaleDtype,
  rotated,
  scaled,
  sum,
  superblock,
  trellisCoded,
  trellisCodesShape,
} from "../mod.ts";
import type {
  AffineOperator,
  DenseOperator,
  LatticeOperator,
  LevelsOperator,
  MatrixShape,
  Operator,
  SuperblockOperator,
  TrellisOperator,
} from "../operator.ts";

/** Options of {@linkcode randomAffine}. */
export interface RandomAffineOptions {
  bits?: number;
  groupSize?: number | null;
  scaleDtype?: "f16" | "f32";
  zeroPointDtype?: "u8" | "f16" | "f32" | null;
  seed?: number;
}

/** Makes random codes, every one of them possible, and scales of either sign. */
export function randomAffine(
  shape: MatrixShape,
  options: RandomAffineOptions = {},
): AffineOperator {
  const { bits = 4, groupSize = 8, scaleDtype = "f32", zeroPointDtype = null, seed = 0 } = options;
  const [rows, cols] = shape;
  const scaleShape = groupSize === null ? [1, 1] : [rows, Math.ceil(cols / groupSize)];
  const fractions = randomUniform(scaleShape, { seed, stream: 1 });
  const zeroPoints = { ...fractions, data: fractions.data.map((u) => u * (2 ** bits - 1)) };
  return affine({
    codes: randomCodes(shape, bits, seed),
    bits,
    groupSize,
    scales: castTo(randomNormal(scaleShape, { seed, stream: 2 }), scaleDtype),
    zeroPoints: zeroPointDtype === "u8"
      ? randomCodes(scaleShape, bits, seed + 1)
      : zeroPointDtype && castTo(zeroPoints, zeroPointDtype),
  });
}

/** Makes super-blocks of random codes; of every third scale nothing may be left. */
export function randomSuperblock(
  shape: MatrixShape,
  seed = 0,
  hasGaps = false,
): SuperblockOperator {
  const [rows, cols] = shape;
  const scales = randomCodes([rows, cols / 32], 6, seed);
  if (hasGaps) { for (let i = 0; i < scales.data.length; i += 3) scales.data[i] = 0; }
  const factors = (stream: number) =>
    castTo(randomNormal([rows, cols / 256], { seed, stream }), "f16");
  return superblock({
    codes: randomCodes(shape, 4, seed + 1),
    scales,
    minima: randomCodes([rows, cols / 32], 6, seed + 2),
    scaleFactors: factors(6),
    minimumFactors: factors(7),
  });
}

/** Makes random codes of the lattice E8, every one of them possible, and scales of either sign. */
export function randomLattice(
  [rows, cols]: MatrixShape,
  bits: 2 | 3 | 4,
  granularity: "row" | "tensor" = "row",
  scaleDtype: "f16" | "f32" = "f32",
): LatticeOperator {
  const shape = [rows, Math.ceil(cols / 8)];
  const { data } = randomUniform(shape, { seed: bits });
  const most = 2 ** (8 * bits);
  const scaleShape = [granularity === "row" ? rows : 1, 1];
  return lattice({
    shape: [rows, cols],
    bits,
    residualScale: bits === 2 ? null : 2.04,
    codes: tensor(Uint32Array.from(data, (u) => Math.floor(u * most)), shape, "u32"),
    granularity,
    scales: castTo(randomNormal(scaleShape, { seed: bits }), scaleDtype),
  });
}

/** Makes an operator of random codes for levels, of random scales, with one of the matrix for e4m3. */
export function randomLevels(
  shape: MatrixShape,
  options: {
    kind?: LevelKind;
    bits?: number;
    groupSize?: number;
    scaleDtype?: LevelScaleDtype;
    seed?: number;
  },
): LevelsOperator {
  const { kind = "normal", bits = 4, groupSize = 64, scaleDtype = "f16", seed = 0 } = options;
  const scaleShape = [shape[0], Math.ceil(shape[1] / groupSize)];
  const scales = randomNormal(scaleShape, { seed, stream: 2 });
  return levels({
    kind,
    bits,
    groupSize,
    codes: randomCodes(shape, bits, seed),
    scales: scaleDtype === "f8e8m0"
      ? tensor(Uint8Array.from(scales.data, (scale) => 127 + Math.round(scale)), scaleShape, "u8")
      : castTo(scales, scaleDtype),
    matrixScale: scaleDtype === "f8e4m3" ? tensor(Float32Array.of(0.3), [1]) : null,
  });
}

/** Makes an operator of random trellis codes, every one of them possible. */
export function randomTrellis(
  shape: MatrixShape,
  options: {
    bits?: number;
    stateBits?: number;
    tileHeight?: number;
    tileWidth?: number;
    scaleDtype?: "f16" | "f32";
    hasRowScales?: boolean;
  },
): TrellisOperator {
  const { bits = 2, stateBits = 12, tileHeight = 64, tileWidth = 1 } = options;
  const { scaleDtype = "f32", hasRowScales = false } = options;
  const layout = { bits, stateBits, tileHeight, tileWidth };
  const scales = randomNormal([hasRowScales ? shape[0] : 1, 1], { seed: bits, stream: 2 });
  return trellisCoded({
    shape,
    ...layout,
    granularity: hasRowScales ? "row" : "tensor",
    codes: randomCodes(trellisCodesShape(shape, layout), 8, bits),
    scales: castTo(scales, scaleDtype),
  });
}

function randomCodes(shape: readonly number[], bits: number, seed: number): Tensor<"u8"> {
  const { data } = randomUniform([sizeOf(shape)], { seed, stream: 3 });
  return tensor(Uint8Array.from(data, (u) => Math.floor(u * 2 ** bits)), shape, "u8");
}

/** Makes a dense operator of normal numbers. */
export function randomDense(
  shape: MatrixShape,
  seed = 0,
  dtype: "f32" | "f16" | "bf16" = "f32",
): DenseOperator {
  return dense(castTo(randomNormal(shape, { seed, stream: 4 }), dtype));
}

/** Makes an orthogonal matrix that is not symmetric: a product of two Householder reflections. */
export function randomOrthogonal(size: number, seed = 0): Tensor {
  const [v, w] = [0, 1].map((stream) => {
    const { data } = randomNormal([size], { seed, stream });
    const norm = Math.hypot(...data);
    return Float64Array.from(data, (value) => value / norm);
  });
  const dot = v.reduce((total, value, i) => total + value * w[i], 0);
  const data = new Float32Array(size * size).map((_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return +(i === j) - 2 * v[i] * v[j] - 2 * w[i] * w[j] + 4 * dot * v[i] * w[j];
  });
  return tensor(data, [size, size]);
}

const rows = (length: number) => randomPermutation(length, { seed: 1 });
const cols = (length: number) => randomPermutation(length, { seed: 2 });
const factors = (length: number, seed = 0) => randomNormal([length], { seed, stream: 5 });
const some = (count: number, length: number) => {
  const data = randomPermutation(length, { seed: 6 }).data.slice(0, count).sort();
  return tensor(data, [count], "u32");
};
const half = (length: number) => castTo(factors(length), "f16");

/** The operators that every conformance test runs over. */
export const OPERATORS: readonly (readonly [name: string, operator: Operator])[] = [
  ["dense f32 5x7", randomDense([5, 7])],
  ["dense f16 17x33", randomDense([17, 33], 1, "f16")],
  ["dense bf16 64x172", randomDense([64, 172], 2, "bf16")],
  ["dense 1x1", randomDense([1, 1], 3)],
  ...([1, 2, 3, 4, 5, 6, 7, 8] as const).flatMap((bits) =>
    [
      [`affine ${bits}-bit g5 17x33`, randomAffine([17, 33], { bits, groupSize: 5, seed: bits })],
      [
        `affine ${bits}-bit g64 64x172, packed zero points`,
        randomAffine([64, 172], { bits, groupSize: 64, scaleDtype: "f16", zeroPointDtype: "u8" }),
      ],
    ] as const
  ),
  ["affine per tensor 17x33", randomAffine([17, 33], { groupSize: null })],
  [
    "affine per tensor 5x7, packed zero point",
    randomAffine([5, 7], { bits: 3, groupSize: null, zeroPointDtype: "u8" }),
  ],
  ["affine per row 5x7", randomAffine([5, 7], { groupSize: 7, zeroPointDtype: "f16" })],
  [
    "affine g128 beyond the row 17x33",
    randomAffine([17, 33], { bits: 3, groupSize: 128, scaleDtype: "f16", zeroPointDtype: "f16" }),
  ],
  ["affine g1 5x7", randomAffine([5, 7], { groupSize: 1, zeroPointDtype: "f32" })],
  [
    "affine g32 64x172, f32 zero points",
    randomAffine([64, 172], {
      groupSize: 32,
      zeroPointDtype: "f32",
    }),
  ],
  ["affine 1x1", randomAffine([1, 1], { bits: 1, groupSize: 1, zeroPointDtype: "u8", seed: 5 })],
  ...([2, 3, 4] as const).flatMap((bits) =>
    [
      [`lattice ${bits}-bit 17x33`, randomLattice([17, 33], bits)],
      [`lattice ${bits}-bit 64x172`, randomLattice([64, 172], bits, "tensor")],
    ] as const
  ),
  ["lattice f16 5x7", randomLattice([5, 7], 3, "row", "f16")],
  ["lattice 1x1", randomLattice([1, 1], 2, "tensor")],
  ["levels normal 4-bit g64 64x172", randomLevels([64, 172], {})],
  ["levels normal 3-bit g5 f32 17x33", randomLevels([17, 33], { bits: 3, groupSize: 5 })],
  ["levels normal 2-bit g100 17x33", randomLevels([17, 33], { bits: 2, groupSize: 100 })],
  [
    "levels e2m1 g32, powers of two 64x172",
    randomLevels([64, 172], { kind: "e2m1", groupSize: 32, scaleDtype: "f8e8m0" }),
  ],
  [
    "levels e2m1 g16, e4m3 and one for all 17x33",
    randomLevels([17, 33], { kind: "e2m1", groupSize: 16, scaleDtype: "f8e4m3" }),
  ],
  ["levels normal g1 1x1", randomLevels([1, 1], { groupSize: 1, scaleDtype: "f32" })],
  ["superblock 3x512", randomSuperblock([3, 512])],
  ["superblock, some scales zero 2x256", randomSuperblock([2, 256], 1, true)],
  ["trellis 2-bit 64x172", randomTrellis([64, 172], {})],
  [
    "trellis 1-bit, tiles of 16x8 17x33",
    randomTrellis([17, 33], { bits: 1, tileHeight: 16, tileWidth: 8 }),
  ],
  [
    "trellis 3-bit of 16, row scales 17x33",
    randomTrellis([17, 33], { bits: 3, stateBits: 16, tileHeight: 24, hasRowScales: true }),
  ],
  [
    "trellis 4-bit of 4, f16 row scales 64x172",
    randomTrellis([64, 172], {
      bits: 4,
      stateBits: 4,
      tileHeight: 32,
      tileWidth: 4,
      scaleDtype: "f16",
      hasRowScales: true,
    }),
  ],
  ["trellis 1x1", randomTrellis([1, 1], { tileHeight: 8, stateBits: 8 })],
  ["product rank 3 17x33", product(randomDense([17, 3], 1), randomDense([3, 33], 2))],
  ["product rank 1 5x7", product(randomDense([5, 1], 1), randomDense([1, 7], 2))],
  [
    "product of codes 64x172",
    product(randomAffine([64, 9], { bits: 4 }), randomAffine([9, 172], { groupSize: 32 })),
  ],
  [
    "product of three 5x7",
    product(product(randomDense([5, 2], 1), randomDense([2, 3], 2)), randomDense([3, 7], 3)),
  ],
  [
    "sum of codes and a product 64x172",
    sum(
      randomAffine([64, 172], { bits: 2, groupSize: 64 }),
      product(randomAffine([64, 8]), randomDense([8, 172], 1, "f16")),
    ),
  ],
  ["sum of three 5x7", sum(randomDense([5, 7], 1), randomDense([5, 7], 2), randomAffine([5, 7]))],
  ["scaled rows 5x7", scaled(randomDense([5, 7]), { rowScales: factors(5) })],
  ["scaled columns 17x33", scaled(randomAffine([17, 33]), { colScales: half(33) })],
  [
    "scaled both 64x172",
    scaled(randomDense([64, 172]), {
      rowScales: half(64),
      colScales: factors(172, 1),
    }),
  ],
  ["scaled neither 5x7", scaled(randomDense([5, 7]), {})],
  ["permuted rows 5x7", permuted(randomDense([5, 7]), { rowOrder: rows(5) })],
  ["permuted columns 17x33", permuted(randomAffine([17, 33]), { colOrder: cols(33) })],
  [
    "permuted both 64x172",
    permuted(randomAffine([64, 172]), {
      rowOrder: rows(64),
      colOrder: cols(172),
    }),
  ],
  ["permuted neither 1x1", permuted(randomDense([1, 1]), {})],
  [
    "rotated by Hadamard 64x172",
    rotated(randomAffine([64, 172], { groupSize: 64 }), {
      left: hadamardRotation(64, { seed: 1 }),
      right: hadamardRotation(172, { seed: 2 }),
    }),
  ],
  [
    "rotated by signs alone 5x7",
    rotated(randomDense([5, 7]), {
      left: hadamardRotation(5, { seed: 1 }),
      right: hadamardRotation(7, { seed: 2 }),
    }),
  ],
  [
    "rotated in blocks, left 64x172",
    rotated(randomDense([64, 172]), {
      left: hadamardRotation(64, { seed: 1, block: 16 }),
    }),
  ],
  [
    "rotated by Hadamard matrices that are not symmetric, 24x44",
    rotated(randomDense([24, 44]), {
      left: hadamardRotation(24, { seed: 1, block: 24 }),
      right: hadamardRotation(44, { seed: 2, block: 44 }),
    }),
  ],
  [
    "rotated by matrices 17x33",
    rotated(randomDense([17, 33]), {
      left: orthogonalRotation(randomOrthogonal(17, 1)),
      right: orthogonalRotation(randomOrthogonal(33, 2)),
    }),
  ],
  [
    "rotated, right by a matrix 5x7",
    rotated(randomAffine([5, 7]), {
      right: orthogonalRotation(randomOrthogonal(7)),
    }),
  ],
  ["rotated neither 5x7", rotated(randomDense([5, 7]), {})],
  [
    "rotated sum 64x172",
    rotated(
      sum(
        randomAffine([64, 172], { bits: 2, groupSize: 64, scaleDtype: "f16" }),
        product(randomAffine([64, 5]), randomAffine([5, 172], { groupSize: 64 })),
      ),
      { left: hadamardRotation(64, { seed: 3 }), right: hadamardRotation(172, { seed: 4 }) },
    ),
  ],
  ["interpolative 5x7", interpolative(randomDense([5, 2]), some(5, 7))],
  ["interpolative, one row 1x9", interpolative(randomDense([1, 8]), some(1, 9))],
  ["interpolative, all but one column 16x17", interpolative(randomDense([16, 1]), some(16, 17))],
  ["interpolative, whole bytes 3x24", interpolative(randomDense([3, 21], 1, "f16"), some(3, 24))],
  ["interpolative, identity alone 11x11", interpolative(null, some(11, 11))],
  [
    "interpolative codes 17x33",
    interpolative(randomAffine([17, 16], { bits: 3, zeroPointDtype: "u8" }), some(17, 33)),
  ],
  [
    "product with an interpolative 64x172",
    product(randomDense([64, 40], 1, "f16"), interpolative(randomDense([40, 132]), some(40, 172))),
  ],
  [
    "sum with an interpolative 17x33",
    sum(
      product(randomDense([17, 4], 1), randomDense([4, 33], 2)),
      product(randomDense([17, 2], 3), interpolative(randomDense([2, 31], 4), some(2, 33))),
    ),
  ],
  [
    "scaled permuted codes 17x33",
    scaled(permuted(randomAffine([17, 33]), { rowOrder: rows(17), colOrder: cols(33) }), {
      rowScales: factors(17),
      colScales: factors(33),
    }),
  ],
  [
    "permuted rotated permuted 64x172",
    permuted(
      rotated(permuted(randomDense([64, 172]), { rowOrder: rows(64) }), {
        left: hadamardRotation(64, { seed: 1, block: 8 }),
        right: hadamardRotation(172, { seed: 1 }),
      }),
      { rowOrder: cols(64), colOrder: cols(172) },
    ),
  ],
  ["as deep as may be 5x7", nested(7, randomDense([5, 7]))],
];

/** Scales an operator so many times over. */
export function nested(times: number, operator: Operator): Operator {
  if (times === 0) return operator;
  return scaled(nested(times - 1, operator), { rowScales: factors(operator.shape[0], times) });
}
