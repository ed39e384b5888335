import { asvd } from "@pare/decomposers";
import { distortion } from "@pare/evaluators";
import type { Device } from "@pare/linalg";
import {
  type CompressedGroup,
  dense,
  type MatrixShape,
  type OperatorNode,
  product,
  type Statistics,
  toDense,
} from "@pare/operators";
import { boolean, integer, type Tensor, tensor } from "@pare/tensor";
import type { Method } from "../registry.ts";

type JointOptions = { rank?: number; share?: boolean };

/** A method that compresses layers as one, with factors in f32. */
export const JOINT: Method = {
  summary: "Splits by activation-aware SVD, layers of one input with one right factor",
  needs: "gram",
  checks: { rank: integer(1), share: boolean() },
  plan,
  maxIterations: () => 1,
  compress: (weight, statistics, { rank = 4 }: JointOptions, device) =>
    asvd(weight, statistics, { rank, factorDtype: "f32", device }),
  spectrum: () => Promise.resolve(new Float64Array(0)),
  together: {
    isAsked: ({ share = false }: JointOptions) => share,
    plan: (shapes, options) => ({
      nodes: shapes.map((shape) => plan(shape, options)),
      shared: ["right"],
    }),
    compress: compressStack,
  },
};

function plan([rows, cols]: MatrixShape, { rank = 4 }: JointOptions): OperatorNode {
  return {
    form: "product",
    left: { form: "dense", shape: [rows, rank], dtype: "f32" },
    right: { form: "dense", shape: [rank, cols], dtype: "f32" },
  };
}

/** Decomposes the weights one below the other, and cuts the left factor into theirs. */
async function compressStack(
  weights: readonly Tensor[],
  statistics: Statistics | null,
  { rank = 4 }: JointOptions,
  device: Device,
): Promise<CompressedGroup> {
  const stack = stackOf(weights);
  const operator = await asvd(stack, statistics, { rank, factorDtype: "f32", device });
  if (operator.form !== "product") throw new TypeError(`Cannot cut a ${operator.form}`);
  const { data } = toDense(operator.left);
  let start = 0;
  const operators = weights.map(({ shape: [rows] }) => {
    const left = data.slice(start, start += rows * rank);
    return product(dense(tensor(left, [rows, rank])), operator.right);
  });
  const { nmse } = distortion(stack, toDense(operator));
  return { operators, convergence: { losses: [nmse], chosen: 0 } };
}

/** The weights one below the other. */
export function stackOf(weights: readonly Tensor[]): Tensor {
  const [, cols] = weights[0].shape;
  const data = Float32Array.from(weights.flatMap(({ data }) => [...data]));
  return tensor(data, [data.length / cols, cols]);
}
