// The two factors in parts: of the rank, the first components may be stored in another way than the
// others, so that they can be trained later.

import type { Device } from "@pare/linalg";
import {
  type MatrixShape,
  type Operator,
  type OperatorNode,
  product,
  toDense,
} from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import type { FactorStore } from "../factor_store.ts";
import type { Layer } from "./layer.ts";
import { splitRows, stackRows } from "./stack.ts";

/** Some neighbouring components of the rank, and how their columns of L and rows of R are stored. */
export interface FactorPart {
  /** How many, 1 or more. */
  readonly rank: number;
  /** How. */
  readonly store: FactorStore;
}

/** A factor as it is stored. */
export interface StoredFactor {
  /** All of its parts, f32. */
  readonly restored: Tensor;
}

/** L as it is stored. */
export interface StoredLeft extends StoredFactor {
  /** For each part an operator for each of the weights. */
  readonly operators: readonly (readonly Operator[])[];
}

/** R as it is stored. */
export interface StoredRight extends StoredFactor {
  /** One operator a part, for all weights. */
  readonly operators: readonly Operator[];
}

/** Both factors as they are stored. */
export interface StoredFactors {
  /** L. */
  readonly left: StoredLeft;
  /** R. */
  readonly right: StoredRight;
}

/**
 * Stores L, the rows of each weight by themselves.
 *
 * @param parts How.
 * @param left L, f64 `[m, k]`.
 * @param gram R H Rᵀ of the R that it multiplies, f64 `[k, k]`.
 * @param layer The rows of the weights, and where it is computed.
 */
export async function storeLeftParts(
  parts: readonly FactorPart[],
  left: Tensor<"f64">,
  gram: Tensor<"f64">,
  { blocks, device }: Pick<Layer, "blocks" | "device">,
): Promise<StoredLeft> {
  const [rows, rank] = left.shape;
  const restored = new Float32Array(rows * rank);
  const operators: Operator[][] = [];
  let first = 0;
  for (const { rank: count, store } of parts) {
    const columns = blockOf(left, 0, rows, first, count);
    const seen = store.needsGram("left") ? blockOf(gram, first, count, first, count) : null;
    const stored: Operator[] = [];
    for (const block of splitRows(columns, blocks)) {
      stored.push(await store.store("left", block, seen, device));
    }
    const { data } = stackRows(stored.map(toDense), blocks);
    for (let i = 0; i < rows; i++) {
      restored.set(data.subarray(i * count, (i + 1) * count), i * rank + first);
    }
    operators.push(stored);
    first += count;
  }
  return { operators, restored: { dtype: "f32", shape: [rows, rank], data: restored } };
}

/**
 * Stores R.
 *
 * @param parts How.
 * @param right R, f64 `[k, n]`.
 * @param gram The Gram matrix of the inputs, f64 `[n, n]`.
 * @param device Where it is computed.
 */
export async function storeRightParts(
  parts: readonly FactorPart[],
  right: Tensor<"f64">,
  gram: Tensor<"f64">,
  device: Device,
): Promise<StoredRight> {
  const [rank, cols] = right.shape;
  const restored = new Float32Array(rank * cols);
  const operators: Operator[] = [];
  let first = 0;
  for (const { rank: count, store } of parts) {
    const block = blockOf(right, first, count, 0, cols);
    const seen = store.needsGram("right") ? gram : null;
    const operator = await store.store("right", block, seen, device);
    restored.set(toDense(operator).data, first * cols);
    operators.push(operator);
    first += count;
  }
  return { operators, restored: { dtype: "f32", shape: [rank, cols], data: restored } };
}

/** L R of one of the weights, one product a part. */
export function productsOf({ left, right }: StoredFactors, weight: number): readonly Operator[] {
  return right.operators.map((operator, i) => product(left.operators[i][weight], operator));
}

/** What {@linkcode productsOf} will return. */
export function planProducts(
  parts: readonly FactorPart[],
  [rows, cols]: MatrixShape,
): readonly OperatorNode[] {
  return parts.map(({ rank, store }) => ({
    form: "product",
    left: store.plan("left", [rows, rank]),
    right: store.plan("right", [rank, cols]),
  }));
}

/** A rectangle of a matrix. */
function blockOf(
  { dtype, shape: [, width], data }: Tensor<"f64">,
  row: number,
  rows: number,
  col: number,
  cols: number,
): Tensor<"f64"> {
  const block = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const start = (row + i) * width + col;
    block.set(data.subarray(start, start + cols), i * cols);
  }
  return { dtype, shape: [rows, cols], data: block };
}
