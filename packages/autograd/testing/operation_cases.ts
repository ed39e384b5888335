// Every operation, once per behaviour worth telling apart, as an expression of parameters.

import { tensor } from "@pare/tensor";
import { activate, gatedActivation } from "../operations/activate.ts";
import { add, subtract } from "../operations/add.ts";
import { attention } from "../operations/attention.ts";
import { embedding } from "../operations/embedding.ts";
import { linear } from "../operations/linear.ts";
import { crossEntropy, klDivergence } from "../operations/losses.ts";
import { matmul } from "../operations/matmul.ts";
import { multiply, scale } from "../operations/multiply.ts";
import { layerNorm, rmsNorm } from "../operations/norms.ts";
import { rotary } from "../operations/rotary.ts";
import { mean, squaredNorm, sum } from "../operations/sum.ts";
import type { Tape } from "../tape.ts";
import { type Expression, inDtype, values } from "./gradients.ts";

/** An operation, the shapes of its inputs, and how it is called. */
export type OperationCase = readonly [
  name: string,
  shapes: readonly (readonly number[])[],
  expression: Expression,
];

const indices = (tape: Tape, shape: readonly number[], ids: readonly number[]) =>
  tape.device.upload(tensor(Uint32Array.from(ids), shape, "u32"));

const turn: Expression = ([x], tape, dtype) => {
  const [cos, sin] = [Math.cos, Math.sin].map((f) => {
    const data = Float64Array.from({ length: 6 }, (_, i) => f(Math.floor(i / 2) / (1 + i % 2)));
    return tape.device.upload(inDtype(tensor(data, [3, 2]), dtype));
  });
  return rotary(x, { cos, sin, rows: indices(tape, [3], [0, 1, 2]) });
};

/** Every operation. */
export const OPERATION_CASES: readonly OperationCase[] = [
  ["linear", [[2, 3, 4], [5, 4]], ([x, w]) => linear(x, w)],
  ["linear with a bias", [[3, 4], [5, 4], [5]], ([x, w, b]) => linear(x, w, b)],
  ["linear on its own output", [[3, 4], [4, 4]], ([x, w]) => linear(linear(x, w), w)],
  ["linear beside a residual", [[2, 3, 4], [4, 4]], ([x, w]) => linear(add(x, linear(x, w)), w)],
  ["matmul", [[3, 4], [4, 5]], ([a, b]) => matmul(a, b)],
  ["matmul of Aᵀ", [[4, 3], [4, 5]], ([a, b]) => matmul(a, b, { transposeA: true })],
  ["matmul of Bᵀ", [[3, 4], [5, 4]], ([a, b]) => matmul(a, b, { transposeB: true })],
  [
    "matmul of Aᵀ and Bᵀ",
    [[4, 3], [5, 4]],
    ([a, b]) => matmul(a, b, { transposeA: true, transposeB: true }),
  ],
  ["a weight of low rank", [[3, 4], [5, 2], [2, 4]], ([x, l, r]) => linear(x, matmul(l, r))],
  ["embedding", [[4, 3]], ([e], tape) => embedding(e, indices(tape, [2, 3], [1, 3, 1, 0, 1, 3]))],
  [
    "embedding tied to a head",
    [[4, 3]],
    ([e], tape) => linear(embedding(e, indices(tape, [2, 2], [1, 3, 1, 0])), e),
  ],
  ["rmsNorm", [[2, 3, 6], [6]], ([x, g]) => rmsNorm(x, g, 1e-5)],
  ["rmsNorm of each head", [[3, 6], [3]], ([x, g]) => rmsNorm(x, g, 1e-3)],
  ["layerNorm", [[3, 6], [6], [6]], ([x, g, b]) => layerNorm(x, g, b, 1e-5)],
  ["layerNorm without bias", [[3, 6], [6]], ([x, g]) => layerNorm(x, g, null, 1e-5)],
  ["rotary", [[2, 3, 8]], turn],
  [
    "attention",
    [[2, 5, 6], [2, 5, 6], [2, 5, 6]],
    ([q, k, v]) => attention(q, k, v, { heads: 2 }),
  ],
  [
    "attention of grouped heads",
    [[5, 12], [5, 6], [5, 6]],
    ([q, k, v]) => attention(q, k, v, { heads: 4, kvHeads: 2, scale: 0.7 }),
  ],
  [
    "attention in a window",
    [[6, 6], [6, 3], [6, 3]],
    ([q, k, v]) => attention(q, k, v, { heads: 2, kvHeads: 1, window: 3 }),
  ],
  ["attention to itself", [[4, 6]], ([x]) => attention(x, x, x, { heads: 2 })],
  ["SiLU", [[3, 5]], ([x]) => activate(x, "silu")],
  ["GELU", [[3, 5]], ([x]) => activate(x, "gelu")],
  ["GELU by tanh", [[3, 5]], ([x]) => activate(x, "geluTanh")],
  ["ReLU", [[3, 5]], ([x]) => activate(x, "relu")],
  ["SwiGLU", [[3, 5], [3, 5]], ([g, u]) => gatedActivation(g, u, "silu")],
  ["GEGLU", [[3, 5], [3, 5]], ([g, u]) => gatedActivation(g, u, "gelu")],
  ["GEGLU by tanh", [[3, 5], [3, 5]], ([g, u]) => gatedActivation(g, u, "geluTanh")],
  ["ReGLU", [[3, 5], [3, 5]], ([g, u]) => gatedActivation(g, u, "relu")],
  ["SwiGLU of one input", [[3, 5]], ([x]) => gatedActivation(x, x, "silu")],
  ["add", [[2, 3, 4], [2, 3, 4]], ([a, b]) => add(a, b)],
  ["add a vector", [[2, 3, 4], [4]], ([a, b]) => add(a, b)],
  ["add one number", [[2, 3, 4], [1]], ([a, b]) => add(a, b)],
  ["add to itself", [[3, 4]], ([a]) => add(a, a)],
  ["subtract", [[3, 4], [3, 4]], ([a, b]) => subtract(a, b)],
  ["subtract a vector", [[3, 4], [4]], ([a, b]) => subtract(a, b)],
  ["subtract one number", [[3, 4], [1]], ([a, b]) => subtract(a, b)],
  ["multiply", [[3, 4], [3, 4]], ([a, b]) => multiply(a, b)],
  ["multiply by a vector", [[2, 3, 4], [4]], ([a, b]) => multiply(a, b)],
  ["multiply by one number", [[3, 4], [1]], ([a, b]) => multiply(a, b)],
  ["multiply by itself", [[3, 4]], ([a]) => multiply(a, a)],
  ["scale", [[3, 4]], ([a]) => scale(a, -0.3)],
  ["sum", [[2, 3, 4]], ([a]) => sum(a)],
  ["mean", [[2, 3, 4]], ([a]) => mean(a)],
  ["squaredNorm of a difference", [[3, 4], [3, 4]], ([a, b]) => squaredNorm(subtract(a, b))],
  [
    "crossEntropy",
    [[2, 3, 7]],
    ([z], tape) => crossEntropy(z, indices(tape, [2, 3], [0, 6, 3, 3, 1, 5])),
  ],
  [
    "crossEntropy, the mean",
    [[3, 7]],
    ([z], tape) => mean(crossEntropy(z, indices(tape, [3], [0, 6, 3]))),
  ],
  [
    "klDivergence",
    [[3, 7]],
    ([z], tape, dtype) =>
      klDivergence(tape.device.upload(inDtype(values([3, 7], 50), dtype)), z, 1.7),
  ],
];
