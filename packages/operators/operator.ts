import type { Tensor } from "@pare/tensor";
import type { LevelKind } from "./levels_of.ts";

/** Output features, then input features. */
export type MatrixShape = readonly [rows: number, cols: number];

/** A matrix as it is. */
export interface DenseOperator {
  /** The storage form. */
  readonly form: "dense";
  /** `[outFeatures, inFeatures]`. */
  readonly shape: MatrixShape;
  /** The numbers, of the same shape. */
  readonly weight: Tensor<"f32"> | Tensor<"f16"> | Tensor<"bf16">;
}

/**
 * Integer codes with a scale, and perhaps a zero point, for each group of neighbours in a row:
 * `w = scale · (code − zeroPoint)`.
 */
export interface AffineOperator {
  /** The storage form. */
  readonly form: "affine";
  /** `[outFeatures, inFeatures]`. */
  readonly shape: MatrixShape;
  /** The bits of one code, 1 to 8. */
  readonly bits: number;
  /**
   * How many neighbours of a row share a scale; the last group of a row may be shorter. `null`
   * where one scale serves the whole matrix.
   */
  readonly groupSize: number | null;
  /** Each row packed by itself, lowest bit first: u8 `[rows, ceil(cols · bits / 8)]`. */
  readonly codes: Tensor<"u8">;
  /** `[rows, ceil(cols / groupSize)]`, or `[1, 1]`. */
  readonly scales: Tensor<"f16"> | Tensor<"f32">;
  /**
   * Integer zero points of `bits` bits, packed like codes: u8 `[scaleRows, ceil(scaleCols · bits / 8)]`;
   * fractional ones in f16 or f32 of the shape of `scales`; `null` for 2^(bits − 1) everywhere.
   */
  readonly zeroPoints: Tensor<"u8"> | Tensor<"f16"> | Tensor<"f32"> | null;
}

/**
 * Codes that stand for levels, with a scale for each group of neighbours in a row, and perhaps one for
 * the matrix: `w = matrixScale · scale · level[code]`. The levels are computed from their kind.
 */
export interface LevelsOperator {
  /** The storage form. */
  readonly form: "levels";
  /** `[outFeatures, inFeatures]`. */
  readonly shape: MatrixShape;
  /** Which levels the codes stand for. */
  readonly kind: LevelKind;
  /** The bits of one code: 2 to 4, 4 for `e2m1`. */
  readonly bits: number;
  /** How many neighbours of a row share a scale; the last group of a row may be shorter. */
  readonly groupSize: number;
  /** Each row packed by itself, lowest bit first: u8 `[rows, ceil(cols · bits / 8)]`. */
  readonly codes: Tensor<"u8">;
  /** `[rows, ceil(cols / groupSize)]`; u8 are powers of two, 2^(byte − 127), and 255 is none. */
  readonly scales: Tensor<"f16"> | Tensor<"f32"> | Tensor<"f8e4m3"> | Tensor<"u8">;
  /** What all scales are multiplied with, f32 `[1]`; `null` for 1. */
  readonly matrixScale: Tensor | null;
}

/**
 * Blocks of 256 neighbours in a row, each with its codes, their scales and minima in one run of bytes, as
 * llama.cpp stores them: `w = d · scale · code − dmin · minimum`.
 */
export interface SuperblockOperator {
  /** The storage form. */
  readonly form: "superblock";
  /** `[outFeatures, inFeatures]`, a multiple of 256 columns. */
  readonly shape: MatrixShape;
  /** What the bytes mean. */
  readonly layout: "q4_k";
  /** 144 bytes for each block: u8 `[rows, cols / 256 · 144]`. */
  readonly blocks: Tensor<"u8">;
}

/**
 * Codes of the lattice E8 for blocks of eight neighbours in a row: `w = scale · (c + r / residualScale)`,
 * with c from the codebook E8P, and r from one of residuals where there are more than two bits. Both are
 * computed; `e8pCodebook` and `e8pResidualCodebook` of `@pare/linalg` tell the codewords.
 */
export interface LatticeOperator {
  /** The storage form. */
  readonly form: "lattice";
  /** `[outFeatures, inFeatures]`. */
  readonly shape: MatrixShape;
  /** The bits of one weight: with 3 the residuals have 256 codewords, with 4 they are E8P again. */
  readonly bits: 2 | 3 | 4;
  /** What residuals were multiplied with; `null` for 2 bits. */
  readonly residualScale: number | null;
  /** Whether a scale is that of a row, or of the whole matrix. */
  readonly granularity: "row" | "tensor";
  /**
   * In each row the codes of E8P of all blocks, 16 bits each with the lower ones first, then those of
   * the residuals, 8 or 16 bits each. The last block may have fewer columns, not a shorter code: u8
   * `[rows, ceil(cols / 8) · bits]`.
   */
  readonly codes: Tensor<"u8">;
  /** `[rows, 1]`, or `[1, 1]`. */
  readonly scales: Tensor<"f16"> | Tensor<"f32">;
}

/**
 * Weights that are the states of walks through a trellis: `w = scale · level(state) / deviation`, see
 * `trellisLevel`. Tiles are cut from the top left on, and those at the end filled up; in a tile, weights
 * follow each other down the columns, each with bits of its own in a circle of bits, and a state is the
 * bits from there on, see `trellisState`.
 */
export interface TrellisOperator {
  /** The storage form. */
  readonly form: "trellis";
  /** `[outFeatures, inFeatures]`. */
  readonly shape: MatrixShape;
  /** The bits of one weight, 1 to 4. */
  readonly bits: number;
  /** The bits of a state, from `bits` to 16, and no more than a tile has. */
  readonly stateBits: number;
  /** Rows of a tile, a multiple of 8. */
  readonly tileHeight: number;
  /** Columns of a tile, of 256 weights at most. */
  readonly tileWidth: number;
  /** Whether a scale is that of a row, or of the whole matrix. */
  readonly granularity: "row" | "tensor";
  /** Tile after tile: u8 `[ceil(rows / tileHeight), ceil(cols / tileWidth) · bytes of a tile]`. */
  readonly codes: Tensor<"u8">;
  /** `[rows, 1]`, or `[1, 1]`. */
  readonly scales: Tensor<"f16"> | Tensor<"f32">;
}

/** left · right. */
export interface ProductOperator {
  /** The storage form. */
  readonly form: "product";
  /** `[left.rows, right.cols]`. */
  readonly shape: MatrixShape;
  /** L `[rows, rank]`. */
  readonly left: Operator;
  /** R `[rank, cols]`. */
  readonly right: Operator;
}

/** The sum of operators of one shape. */
export interface SumOperator {
  /** The storage form. */
  readonly form: "sum";
  /** The shape of every term. */
  readonly shape: MatrixShape;
  /** Two or more. */
  readonly terms: readonly Operator[];
}

/** diag(rowScales) · inner · diag(colScales). */
export interface ScaledOperator {
  /** The storage form. */
  readonly form: "scaled";
  /** The shape of `inner`. */
  readonly shape: MatrixShape;
  /** What is scaled. */
  readonly inner: Operator;
  /** `[rows]`, or `null` for ones. */
  readonly rowScales: Tensor<"f16"> | Tensor<"f32"> | null;
  /** `[cols]`, or `null` for ones. */
  readonly colScales: Tensor<"f16"> | Tensor<"f32"> | null;
}

/** `w[i, j] = inner[rowOrder[i], colOrder[j]]`. */
export interface PermutedOperator {
  /** The storage form. */
  readonly form: "permuted";
  /** The shape of `inner`. */
  readonly shape: MatrixShape;
  /** What is permuted. */
  readonly inner: Operator;
  /** u32 `[rows]`, a permutation, or `null` for the given order. */
  readonly rowOrder: Tensor<"u32"> | null;
  /** u32 `[cols]`, a permutation, or `null` for the given order. */
  readonly colOrder: Tensor<"u32"> | null;
}

/**
 * An orthogonal matrix of size n: a randomized Hadamard transform, or any one written out.
 *
 * `hadamard` is U = F · diag(signs), where F is the orthonormal Walsh–Hadamard transform of
 * consecutive blocks; the signs are stored as one bit each (1 is −1), u8 `[ceil(n / 8)]`.
 */
export type Rotation =
  | { readonly kind: "hadamard"; readonly block: number; readonly signs: Tensor<"u8"> }
  | { readonly kind: "orthogonal"; readonly matrix: Tensor<"f32"> };

/** leftᵀ · inner · right, each side orthogonal or absent: `inner` is the rotated weight. */
export interface RotatedOperator {
  /** The storage form. */
  readonly form: "rotated";
  /** The shape of `inner`. */
  readonly shape: MatrixShape;
  /** The weight in the rotated basis. */
  readonly inner: Operator;
  /** U of size `rows`, or `null`. */
  readonly left: Rotation | null;
  /** V of size `cols`, or `null`. */
  readonly right: Rotation | null;
}

/**
 * Some columns are those of the identity, in order, and are not stored; `rest` is the others.
 *
 * It multiplies from the right in an interpolative decomposition C · Z, where C are columns of the
 * matrix itself and Z says how to make the other columns of them.
 */
export interface InterpolativeOperator {
  /** The storage form. */
  readonly form: "interpolative";
  /** `[rows, cols]`, `rows` at most `cols`. */
  readonly shape: MatrixShape;
  /**
   * One bit for each column, lowest bit first: 1 for the `rows` columns of the identity; the last
   * byte is filled up with zeros: u8 `[ceil(cols / 8)]`.
   */
  readonly mask: Tensor<"u8">;
  /** The other columns in order, `[rows, cols − rows]`; `null` where there are none. */
  readonly rest: Operator | null;
}

/** A linear layer's weight in one of the storage forms: plain data, never changed. */
export type Operator =
  | DenseOperator
  | AffineOperator
  | LevelsOperator
  | SuperblockOperator
  | LatticeOperator
  | TrellisOperator
  | ProductOperator
  | SumOperator
  | ScaledOperator
  | PermutedOperator
  | RotatedOperator
  | InterpolativeOperator;
