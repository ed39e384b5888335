// Results of every operation on odd shapes, large enough to be cut into several tasks.

import { type AnyTensor, randomNormal, randomUniform, sizeOf } from "@pare/tensor";
import type { AffineArrays, Device } from "../../device.ts";
import type { DeviceArray } from "../../device_array.ts";
import type { ArrowheadSvd } from "../../factorization_steps.ts";
import type { LatticeArrays } from "../../lattice_steps.ts";
import type { AttentionGradient } from "../../training_steps.ts";
import type { TrellisArrays } from "../../trellis_steps.ts";

type Result = (device: Device) => DeviceArray;

/** More numbers than any operand has; an operand begins wherever its shape says. */
const NUMBERS: Float32Array = randomNormal([400_000], { seed: 1 }).data;

function normal(device: Device, shape: readonly number[], double: boolean): DeviceArray {
  const size = sizeOf(shape);
  const start = size % 9973;
  const data = NUMBERS.slice(start, start + size);
  const x = device.upload({ dtype: "f32", shape, data });
  return double ? device.cast(x, "f64") : x;
}

function indices(device: Device, count: number, below: number): DeviceArray {
  const { data } = randomUniform([count], { seed: count });
  const numbers = Uint32Array.from(data, (value) => value * below);
  return device.upload({ dtype: "u32", shape: [count], data: numbers });
}

function codes(device: Device, rows: number, cols: number, bits: number): AffineArrays {
  const rowBytes = 4 * Math.ceil(cols * bits / 32);
  const { data } = randomUniform([rows * rowBytes], { seed: bits });
  const bytes = Uint8Array.from(data, (value) => value * 256);
  const groupSize = bits === 3 ? 20 : 32;
  const shape = [rows, Math.ceil(cols / groupSize)];
  return {
    codes: device.upload({ dtype: "u8", shape: [rows, rowBytes], data: bytes }),
    scales: device.upload(randomUniform(shape, { seed: 1 })),
    zeroPoints: device.upload(randomUniform(shape, { seed: 2 })),
    bits,
    groupSize,
    rows,
    cols,
  };
}

const LATTICES = [[2, null], [3, 2.04], [4, 3.7]] as const;

function lattice(
  device: Device,
  rows: number,
  cols: number,
  [bits, residualScale]: typeof LATTICES[number],
): LatticeArrays {
  const rowBytes = 4 * Math.ceil(Math.ceil(cols / 8) * bits / 4);
  const { data } = randomUniform([rows * rowBytes], { seed: bits });
  const bytes = Uint8Array.from(data, (value) => value * 256);
  const codes = device.upload({ dtype: "u8", shape: [rows, rowBytes], data: bytes });
  const scales = device.upload(randomUniform([rows, 1], { seed: 1 }));
  return { bits, residualScale, codes, scales, rows, cols };
}

/** What is found for two and a half blocks, or by a metric for one. */
function nearestLattice(
  device: Device,
  [bits, residualScale]: typeof LATTICES[number],
  hasMetric: boolean,
): { readonly codes: DeviceArray; readonly restored: DeviceArray } {
  const [rows, cols] = [1501, hasMetric ? 8 : 20];
  const codes = device.zeros([rows, Math.ceil(cols / 8)], "u32");
  const scales = device.upload(randomUniform([rows, 1], { seed: 2 }));
  const target = { bits, residualScale, codes, scales, inverses: scales };
  const factor = normal(device, [8, 8], false);
  const metric = device.matmul(factor, factor, { transposeB: true });
  const x = normal(device, [rows, cols], false);
  const restored = device.nearestLattice(x, target, hasMetric ? { metric } : {});
  return { codes, restored };
}

function trellis(device: Device, rows: number, cols: number, bits: number): TrellisArrays {
  const shape = [Math.ceil(rows / 64), cols * 8 * bits];
  const bytes = randomUniform([shape[0] * shape[1]], { seed: bits }).data.map((u) => 256 * u);
  return {
    codes: device.upload({ dtype: "u8", shape, data: Uint8Array.from(bytes) }),
    scales: device.upload(randomUniform([rows, 1], { seed: 1 })),
    bits,
    stateBits: 9,
    tileHeight: 64,
    tileWidth: 1,
    rows,
    cols,
  };
}

function encoded(device: Device, bits: number): TrellisArrays & { readonly restored: DeviceArray } {
  const weight = trellis(device, 150, 5, bits);
  const inverses = device.upload(randomUniform([150, 1], { seed: 2 }));
  const x = device.scale(normal(device, [150, 5], false), 300);
  return { ...weight, restored: device.encodeTrellis(x, weight, { inverses }) };
}

function withGram(device: Device, x: DeviceArray): DeviceArray {
  const into = normal(device, [x.shape[1], x.shape[1]], true);
  device.gram(x, into);
  return into;
}

function withWritten(device: Device, target: DeviceArray, matrix: DeviceArray): DeviceArray {
  device.write(target, matrix, 5, 7);
  return target;
}

function withFactor(device: Device, x: DeviceArray): DeviceArray {
  const [n] = x.shape;
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) data[i * n + i] = 5 * n;
  const { dtype } = x;
  const matrix = device.cast(device.upload({ dtype: "f64", shape: [n, n], data }), dtype);
  device.matmul(x, x, { transposeB: true, into: matrix });
  device.choleskyBlock(matrix, 3, 127, device.zeros([2], dtype));
  return matrix;
}

function withSolved(
  device: Device,
  triangle: DeviceArray,
  target: DeviceArray,
  side: "left" | "right",
): DeviceArray {
  device.solveBlock(triangle, target, { side, row: 2, col: 3, unitDiagonal: true });
  return target;
}

function withReducedPanel(device: Device, double: boolean): DeviceArray {
  const matrix = normal(device, [611, 611], double);
  const dtype = double ? "f64" : "f32";
  const w = device.zeros([7, 603], dtype);
  device.tridiagonalPanel(matrix, w, device.zeros([3, 611], dtype));
  device.write(matrix, w, 0, 0);
  return matrix;
}

function withRotatedRows(device: Device, double: boolean): DeviceArray {
  const matrix = normal(device, [301, 403], double);
  const pairs = device.reshape(indices(device, 90, 301), [45, 2]);
  device.rotateRows(matrix, pairs, normal(device, [45, 2], double));
  return matrix;
}

function ofArrowhead(device: Device): ArrowheadSvd {
  const d = Float64Array.from({ length: 301 }, (_, i) => i);
  const poles = device.upload({ dtype: "f64", shape: [301], data: d });
  return device.arrowheadSvd(poles, normal(device, [301], true));
}

function withReflectors(device: Device, panel: DeviceArray): DeviceArray {
  const { t, r } = device.householderPanel(panel);
  device.matmul(t, r, { into: panel });
  return panel;
}

function withPivots(device: Device, columns: DeviceArray): DeviceArray {
  const [n] = columns.shape;
  const data = Uint32Array.from({ length: n }, (_, i) => i);
  const order = device.upload({ dtype: "u32", shape: [n], data });
  const { v, f } = device.pivotedPanel(columns, order, 2, 5);
  device.matmul(f, v, { into: columns, row: 2, col: 2 });
  return columns;
}

function withAttention(device: Device, double: boolean): AttentionGradient {
  const heads = { heads: 6, kvHeads: 3, window: 150 };
  const make = (shape: readonly number[]) => normal(device, shape, double);
  const [q, k, v] = [make([2, 151, 6 * 20]), make([2, 289, 3 * 20]), make([2, 289, 3 * 20])];
  const logSumExp = device.zeros([2, 151, 6], q.dtype);
  const out = device.attention(q, k, v, { ...heads, logSumExp });
  return device.attentionGradient({ q, k, v, out, logSumExp }, out, heads);
}

/** What every operation does in f32 and in f64. */
function floats(double: boolean): Record<string, Result> {
  const make = (d: Device, ...shape: number[]) => normal(d, shape, double);
  return {
    "matmul in blocks": (d) => d.matmul(make(d, 251, 301), make(d, 301, 263)),
    "matmul in blocks, transposed": (d) =>
      d.matmul(make(d, 301, 251), make(d, 263, 301), {
        transposeA: true,
        transposeB: true,
        alpha: 0.3,
      }),
    "matmul into": (d) =>
      d.matmul(make(d, 251, 301), make(d, 301, 263), { into: make(d, 256, 270), row: 3, col: 5 }),
    "matmul of many": (d) => d.matmul(make(d, 17, 13, 47), make(d, 17, 47, 29)),
    "matmul of a row": (d) => d.matmul(make(d, 1, 120), make(d, 120, 3001)),
    "matmul of a row, transposed": (d) =>
      d.matmul(make(d, 1, 120), make(d, 3001, 120), { transposeB: true }),
    "matmul of few rows": (d) =>
      d.matmul(make(d, 7, 333), make(d, 1001, 333), { transposeB: true }),
    "matmul by a column": (d) => d.matmul(make(d, 1001, 333), make(d, 333, 1)),
    transpose: (d) => d.transpose(make(d, 301, 403)),
    "reduce rows": (d) => d.reduceRows(make(d, 301, 403), "squareSum"),
    "reduce columns": (d) => d.reduceCols(make(d, 301, 403), "sum"),
    "add a row": (d) => d.add(make(d, 301, 403), make(d, 403)),
    multiply: (d) => d.multiply(make(d, 301, 403), make(d, 301, 403)),
    scale: (d) => d.scale(make(d, 301, 403), 0.3),
    cast: (d) => d.cast(make(d, 301, 403), double ? "f32" : "f64"),
    silu: (d) => d.activate(make(d, 301, 403), "silu"),
    gelu: (d) => d.activate(make(d, 301, 403), "gelu"),
    softmax: (d) => d.softmax(make(d, 301, 403)),
    rmsNorm: (d) => d.rmsNorm(make(d, 301, 403), make(d, 403), 1e-5),
    rotary: (d) =>
      d.rotary(
        make(d, 2, 101, 6 * 34),
        make(d, 128, 17),
        make(d, 128, 17),
        indices(d, 101, 130),
      ),
    attention: (d) =>
      d.attention(make(d, 2, 31, 6 * 20), make(d, 2, 77, 3 * 20), make(d, 2, 77, 3 * 20), {
        heads: 6,
        kvHeads: 3,
        keyCount: 75,
      }),
    "attention of one query": (d) =>
      d.attention(make(d, 2, 1, 6 * 20), make(d, 2, 77, 3 * 20), make(d, 2, 77, 3 * 20), {
        heads: 6,
        kvHeads: 3,
      }),
    "attention, derivative of q": (d) => withAttention(d, double).q,
    "attention, derivative of k": (d) => withAttention(d, double).k,
    "attention, derivative of v": (d) => withAttention(d, double).v,
    "gather rows": (d) => d.gatherRows(make(d, 301, 403), indices(d, 299, 301)),
    "gather columns": (d) => d.gatherCols(make(d, 301, 403), indices(d, 299, 403)),
    hadamard: (d) => d.hadamard(make(d, 301, 512), 256),
    "hadamard of a long run": (d) => d.hadamard(make(d, 3, 16384), 16384),
    nearest: (d) => d.nearest(make(d, 1001, 8), make(d, 301, 8)),
    "hadamard by a factor": (d) => d.hadamard(make(d, 101, 896), 448),
    slice: (d) => d.slice(make(d, 901, 403), { row: 1, col: 3, cols: 399 }),
    choleskyBlock: (d) => withFactor(d, make(d, 131, 131)),
    "solveBlock left": (d) => withSolved(d, make(d, 13, 13), make(d, 131, 301), "left"),
    "solveBlock right": (d) => withSolved(d, make(d, 13, 13), make(d, 301, 131), "right"),
    householderPanel: (d) => withReflectors(d, make(d, 31, 403)),
    pivotedPanel: (d) => withPivots(d, make(d, 301, 403)),
    write: (d) => withWritten(d, make(d, 901, 403), make(d, 799, 303)),
    tridiagonalPanel: (d) => withReducedPanel(d, double),
    rotateRows: (d) => withRotatedRows(d, double),
    "bidiagonalPanel, rows": (d) => d.bidiagonalPanel(make(d, 301, 301), 3, 9).rows,
    "bidiagonalPanel, columns": (d) => d.bidiagonalPanel(make(d, 301, 301), 3, 9).cols,
  };
}

function withScattered(device: Device, target: DeviceArray, rows: DeviceArray): DeviceArray {
  device.scatterRows(target, indices(device, rows.shape[0], target.shape[0]), rows);
  return target;
}

function withStep(device: Device, parameter: DeviceArray, gradient: DeviceArray): DeviceArray {
  const moments = {
    first: device.scale(gradient, 0.1),
    second: device.multiply(gradient, gradient),
  };
  device.adamW(parameter, gradient, moments, {
    step: 3,
    learningRate: 0.01,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0.1,
    gradientScale: 0.7,
  });
  return device.add(parameter, device.add(moments.first, moments.second));
}

/** What training does in f32 and in f64. */
function training(double: boolean): Record<string, Result> {
  const make = (d: Device, ...shape: number[]) => normal(d, shape, double);
  const x = (d: Device) => make(d, 301, 403);
  const dy = (d: Device) => d.scale(x(d), 0.3);
  const gain = (d: Device) => make(d, 403);
  const targets = (d: Device) => indices(d, 301, 403);
  return {
    "rmsNormGradient of x": (d) => d.rmsNormGradient(x(d), gain(d), dy(d), 1e-5).x,
    "rmsNormGradient of the gain": (d) => d.rmsNormGradient(x(d), gain(d), dy(d), 1e-5).gain,
    layerNorm: (d) => d.layerNorm(x(d), gain(d), gain(d), 1e-5),
    "layerNormGradient of x": (d) => d.layerNormGradient(x(d), gain(d), dy(d), 1e-5).x,
    "layerNormGradient of the gain": (d) => d.layerNormGradient(x(d), gain(d), dy(d), 1e-5).gain,
    "layerNormGradient of the bias": (d) => d.layerNormGradient(x(d), gain(d), dy(d), 1e-5).bias,
    activateGradient: (d) => d.activateGradient(x(d), dy(d), "gelu"),
    gatedActivation: (d) => d.gatedActivation(x(d), dy(d), "silu"),
    "gatedActivationGradient of the gate": (d) =>
      d.gatedActivationGradient(x(d), dy(d), dy(d), "silu").gate,
    "gatedActivationGradient of the other": (d) =>
      d.gatedActivationGradient(x(d), dy(d), dy(d), "geluTanh").up,
    crossEntropy: (d) => d.crossEntropy(x(d), targets(d)),
    crossEntropyGradient: (d) => d.crossEntropyGradient(x(d), targets(d), make(d, 301)),
    klDivergence: (d) => d.klDivergence(x(d), dy(d), 2),
    klDivergenceGradient: (d) => d.klDivergenceGradient(x(d), dy(d), make(d, 301), 2),
    scatterRows: (d) => withScattered(d, make(d, 50, 403), x(d)),
    adamW: (d) => withStep(d, x(d), dy(d)),
  };
}

const OPERATIONS: readonly (readonly [name: string, result: Result])[] = [
  ...Object.entries(floats(false)).map(([name, result]) => [`${name}, f32`, result] as const),
  ...Object.entries(floats(true)).map(([name, result]) => [`${name}, f64`, result] as const),
  ...Object.entries(training(false)).map(([name, result]) => [`${name}, f32`, result] as const),
  ...Object.entries(training(true)).map(([name, result]) => [`${name}, f64`, result] as const),
  ["arrowheadSvd, left", (d) => ofArrowhead(d).left],
  ["arrowheadSvd, right", (d) => ofArrowhead(d).right],
  ["gram", (d) => withGram(d, normal(d, [301, 263], false))],
  ...[1, 5, 41].flatMap((tokens) =>
    [3, 4].map((bits): [string, Result] => [
      `affineMatmul of ${tokens} tokens by ${bits} bits`,
      (d) => d.affineMatmul(normal(d, [tokens, 301], false), codes(d, 601, 301, bits)),
    ])
  ),
  ...LATTICES.flatMap((format): [string, Result][] => [
    ...[1, 5, 301].map((tokens): [string, Result] => [
      `latticeMatmul of ${tokens} tokens by ${format[0]} bits`,
      (d) => d.latticeMatmul(normal(d, [tokens, 301], false), lattice(d, 601, 301, format)),
    ]),
    ...[false, true].flatMap((hasMetric): [string, Result][] => [
      [
        `nearestLattice of ${format[0]} bits, codes, ${hasMetric}`,
        (d) => nearestLattice(d, format, hasMetric).codes,
      ],
      [
        `nearestLattice of ${format[0]} bits, restored, ${hasMetric}`,
        (d) => nearestLattice(d, format, hasMetric).restored,
      ],
    ]),
  ]),
  ...[1, 5, 301].map((tokens): [string, Result] => [
    `trellisMatmul of ${tokens} tokens`,
    (d) => d.trellisMatmul(normal(d, [tokens, 301], false), trellis(d, 601, 301, 2)),
  ]),
  ...[1, 2, 3, 4].flatMap((bits): [string, Result][] => [
    [`encodeTrellis by ${bits} bits, codes`, (d) => encoded(d, bits).codes],
    [`encodeTrellis by ${bits} bits, restored`, (d) => encoded(d, bits).restored],
  ]),
  ...[1, 5, 41].map((tokens): [string, Result] => [
    `affineMatmul of ${tokens} tokens by levels`,
    (d) => {
      const weight = { ...codes(d, 601, 301, 4), levels: normal(d, [16], false) };
      return d.affineMatmul(normal(d, [tokens, 301], false), weight);
    },
  ]),
];

/** The results of all operations on a device, by name. */
export async function operationResults(device: Device): Promise<Map<string, AnyTensor>> {
  const results = new Map<string, AnyTensor>();
  for (const [name, result] of OPERATIONS) {
    using scope = device.scope();
    results.set(name, await device.download(result(scope)));
  }
  return results;
}
