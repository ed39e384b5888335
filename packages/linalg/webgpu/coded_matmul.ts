// The frame of products with packed codes, x · Wᵀ: what fits the bindings at a time, how `x` and the sums
// are bound, and whether tokens are few, which are vectors, or many, which are cut into tiles.

import type { Gpu } from "./gpu.ts";
import { type Parts, planTiles } from "./matmul_plan.ts";
import { tiledProduct } from "./matmul_tiles.ts";
import { MAX_VECTORS } from "./matmul_vectors.ts";
import { bound, fetchOf, isAligned, labelOf, type Operand, paramsOf, typeOf } from "./operand.ts";
import { type Piece, pieces } from "./pieces.ts";
import { NO_DIAGONAL, type Product, runProduct } from "./product.ts";
import type { GpuStorage } from "./storage.ts";

/** What every product with codes is given. */
interface CodedMatmulParams {
  /** f32 `[tokens, cols]`. */
  readonly x: GpuStorage;
  /** f32 `[tokens, rows]`. */
  readonly out: GpuStorage;
  readonly tokens: number;
  readonly rows: number;
  readonly cols: number;
}

/** The types that codes may be bound as, and the words of each. */
export const WORDS = { u32: 1, vec2u: 2, vec4u: 4 } as const;

/** What codes may be bound as. */
export type CodesType = keyof typeof WORDS;

/** How a kernel multiplies some tokens by some rows of codes. */
export interface Way extends Parts {
  /** What tells it from other ways for the same codes. */
  readonly label: string;
  /** What codes are bound as. */
  readonly type: CodesType;
  /** Whether it reads `x` by `fetch_a`, four at a time where they are aligned; else by `number_a`. */
  readonly isFetching: boolean;
  /** Workgroups of one part. */
  readonly groups: number;
  /** WGSL of all but `x`. */
  readonly code: () => string;
}

/** The codes of a matrix, and how they are read. */
export interface Codes {
  /** Names the kernels of such codes, and the variant. */
  readonly name: string;
  /** The most rows that fit the bindings; a multiple of `unit`, if there is one. */
  readonly mostRows: number;
  readonly unit?: number;
  /** The arrays of a run of rows, codes in words of the given type. */
  readonly reads: (rows: Piece, type: CodesType) => Product["reads"];
  /** What the kernels are given to read them. */
  readonly params: Product["params"];
  /** WGSL of `fetch_b`, see `tiledProduct`. */
  readonly fetch: () => string;
  /** Whether that gives neighbours in a row; else in a column. */
  readonly isDeep: boolean;
  /** Plans a product of one token, or of up to four, with `n` rows. */
  readonly vectors: (tokens: 1 | 4, n: number, mostParts: number) => Way;
}

/** Multiplies `x` by the transpose of the matrix that codes stand for. */
export function codedMatmul(gpu: Gpu, p: CodedMatmulParams, codes: Codes): void {
  for (const tokens of pieces(p.tokens, gpu.maxWords / Math.max(p.rows, p.cols))) {
    for (const rows of pieces(p.rows, codes.mostRows, codes.unit)) {
      multiply(gpu, p, codes, tokens, rows);
    }
  }
}

function multiply(gpu: Gpu, p: CodedMatmulParams, codes: Codes, tokens: Piece, rows: Piece): void {
  const [token, m] = tokens;
  const [row, n] = rows;
  const k = p.cols;
  const way = wayOf(gpu, codes, { m, n, k });
  const { groups, parts, depth } = way;
  const x = { storage: p.x, isHalf: false, offset: token * k, stride: 0, row: k, col: 1 };
  const isVector = way.isFetching && isAligned(x, 1, k);
  const operand: Operand = { name: "a", isDeep: true, isHalf: false, isVector };
  runProduct(gpu, {
    groups,
    parts,
    depth,
    name: `${codes.name} ${way.label}, ${labelOf(operand)} ${way.type}`,
    reads: { a: [typeOf(operand), bound(x, operand, m * k)], ...codes.reads(rows, way.type) },
    params: { ...paramsOf(operand, x), ...codes.params },
    code: () => `${fetchOf(operand, "p.m")}\n${way.code()}`,
    isVector: true,
    m,
    n,
    k,
    batch: 1,
    alpha: 1,
    accumulate: false,
    diagonal: NO_DIAGONAL,
    c: {
      storage: p.out,
      isHalf: false,
      offset: token * p.rows + row,
      stride: 0,
      row: p.rows,
      col: 1,
    },
  });
}

/** How many tokens there are decides how they are multiplied. */
function wayOf(
  gpu: Gpu,
  codes: Codes,
  { m, n, k }: { m: number; n: number; k: number },
): Way {
  const mostParts = gpu.maxWords / (m * n);
  if (m <= MAX_VECTORS) return codes.vectors(m === 1 ? 1 : 4, n, mostParts);
  const { side, groups, parts, depth } = planTiles(
    { m, n, k, batch: 1 },
    gpu.fullGroups,
    mostParts,
  );
  const tiles = { side, isDeepA: true, isDeepB: codes.isDeep };
  return {
    label: `tiles ${side}`,
    type: "u32",
    isFetching: true,
    groups,
    parts,
    depth,
    code: () => `${codes.fetch()}\n${tiledProduct(tiles)}`,
  };
}
