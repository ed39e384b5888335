// Layers of a size of one's choice with what makes those of language models hard to quantize, as
// matrices of normal numbers have none of it.
//
//   W = D_r (N + c U Σ Vᵀ) D_o    rows of unlike norms D_r; N with heavy tails; a low-rank part whose
//                                 singular values fall as 1 / i; a few columns times as large, D_o
//   x = D_c D_l Q Λ^½ z           z normal, Λ = diag(i^-p), Q orthogonal, channels of unlike size D_l,
//                                 a few of them much larger, D_c
//
// Of the numbers that a real layer is known by, these come out: an excess kurtosis of the weights of
// 2 to 20, a tenth and more of a row's energy in 5 % of the rank, inputs whose energy is in few
// directions and in few channels. Everything follows from the seed.

import { type Device, downloadF32, downloadF64 } from "@pare/linalg";
import { hadamardRotation, rotate, type Statistics } from "@pare/operators";
import { randomNormal, randomPermutation, type Tensor, tensor } from "@pare/tensor";

/** What a layer is made of; the seed tells one from the other. */
export interface SyntheticLayerOptions {
  readonly rows: number;
  readonly cols: number;
  readonly seed: number;
  /** How many tokens calibration sees: fewer than columns make the Gram matrix singular. */
  readonly tokens: number;
  /** How many tokens are held out. */
  readonly heldOut: number;
  /** p: how fast the energy of the inputs falls, 0.6 for little and 1.2 for much. */
  readonly power: number;
  /** How many times as large as the others the outlier channels are, one in `OUTLIERS_EVERY`. */
  readonly outliers: number;
}

/** A kind of layer. */
export type LayerKind = "mild" | "steep" | "few tokens";

/** What the kinds of layers differ in, for a number of columns. */
export const LAYERS: Readonly<
  Record<
    LayerKind,
    (cols: number) => Pick<SyntheticLayerOptions, "tokens" | "heldOut" | "power" | "outliers">
  >
> = {
  mild: (cols) => ({ tokens: 4 * cols, heldOut: 2 * cols, power: 0.6, outliers: 10 }),
  steep: (cols) => ({ tokens: 4 * cols, heldOut: 2 * cols, power: 1.2, outliers: 30 }),
  "few tokens": (cols) => ({
    tokens: Math.ceil(cols / 2),
    heldOut: 2 * cols,
    power: 1,
    outliers: 10,
  }),
};

/** A layer, and what is known of its inputs. */
export interface SyntheticLayer {
  readonly weight: Tensor;
  /** Of the tokens that calibration sees. */
  readonly seen: Statistics;
  /** Σ x xᵀ of other tokens of the same kind. */
  readonly heldOut: Tensor<"f64">;
}

/** One channel of so many is an outlier; of columns of the weight as many others. */
export const OUTLIERS_EVERY = 256;
/** How large outlier columns of the weight are beside the others. */
const OUTLIER_COLUMNS = 4;
/** The rank of the low-rank part in shares of the lesser side, and its energy beside that of the rest. */
const RANK = 1 / 16;
const RANK_ENERGY = 0.25;
/** Standard deviations of logarithms: of the sizes of weights, rows and channels. */
const TAILS = 0.35;
const ROWS = 0.4;
const CHANNELS = 0.4;
/** The root mean square of the weights. */
const RMS = 0.02;
/** Tokens that are made at a time. */
const CHUNK = 1024;

/** Streams of the seed's random numbers, one for each use. */
const STREAM = {
  tails: 1,
  rows: 2,
  left: 3,
  right: 4,
  columns: 5,
  channels: 6,
  outliers: 7,
  basis: 8,
  tokens: 1000,
  heldOut: 2_000_000,
};

/**
 * Makes a layer.
 *
 * @param options What it is made of.
 * @param device Where the tokens are turned and multiplied.
 */
export async function syntheticLayer(
  options: SyntheticLayerOptions,
  device: Device,
): Promise<SyntheticLayer> {
  const { tokens, heldOut } = options;
  const channels = channelsOf(options);
  return {
    weight: await weightOf(options, device),
    seen: await statisticsOf(options, channels, tokens, STREAM.tokens, device),
    heldOut: (await statisticsOf(options, channels, heldOut, STREAM.heldOut, device)).gram,
  };
}

/** exp(spread · normal) */
function lognormal(count: number, spread: number, seed: number, stream: number): Float32Array {
  return randomNormal([count], { seed, stream }).data.map((value) => Math.exp(spread * value));
}

/** The numbers of the outliers among `count`, one at least. */
function outliersOf(count: number, seed: number, stream: number): Uint32Array {
  const order = randomPermutation(count, { seed, stream }).data;
  return order.subarray(0, Math.max(1, Math.floor(count / OUTLIERS_EVERY)));
}

async function weightOf(
  { rows, cols, seed }: SyntheticLayerOptions,
  device: Device,
): Promise<Tensor> {
  const { data } = randomNormal([rows, cols], { seed });
  const sizes = lognormal(rows * cols, TAILS, seed, STREAM.tails);
  const rank = Math.ceil(RANK * Math.min(rows, cols));
  const low = await lowRank(rows, cols, rank, seed, device);
  // Of a lognormal number the mean square is exp(2 spread²).
  const share = Math.sqrt(RANK_ENERGY * Math.exp(2 * TAILS ** 2));
  const norms = lognormal(rows, ROWS, seed, STREAM.rows);
  for (let i = 0; i < data.length; i++) {
    data[i] = norms[Math.floor(i / cols)] * (data[i] * sizes[i] + share * low[i]);
  }
  for (const col of outliersOf(cols, seed, STREAM.columns)) {
    for (let i = col; i < data.length; i += cols) data[i] *= OUTLIER_COLUMNS;
  }
  const squares = data.reduce((sum, value) => sum + value * value, 0);
  const factor = RMS / Math.sqrt(squares / data.length);
  return tensor(data.map((value) => value * factor), [rows, cols]);
}

/** U Σ Vᵀ with singular values 1, 1/2, 1/3, … times what makes the mean square one. */
async function lowRank(
  rows: number,
  cols: number,
  rank: number,
  seed: number,
  device: Device,
): Promise<Float32Array> {
  using scope = device.scope();
  const values = Float64Array.from({ length: rank }, (_, i) => 1 / (i + 1));
  const norm = Math.hypot(...values);
  const left = randomNormal([rows, rank], { seed, stream: STREAM.left });
  for (let i = 0; i < left.data.length; i++) left.data[i] *= values[i % rank] / norm;
  const right = randomNormal([cols, rank], { seed, stream: STREAM.right });
  const product = scope.matmul(scope.upload(left), scope.upload(right), { transposeB: true });
  return (await downloadF32(scope, product)).data;
}

/** How large each channel of the inputs is. */
function channelsOf({ cols, seed, outliers }: SyntheticLayerOptions): Float32Array {
  const channels = lognormal(cols, CHANNELS, seed, STREAM.channels);
  for (const channel of outliersOf(cols, seed, STREAM.outliers)) channels[channel] *= outliers;
  return channels;
}

async function statisticsOf(
  { cols, seed, power }: SyntheticLayerOptions,
  channels: Float32Array,
  tokens: number,
  stream: number,
  device: Device,
): Promise<Statistics> {
  const right = hadamardRotation(cols, { seed, stream: STREAM.basis });
  const spectrum = Float32Array.from(channels, (_, i) => (i + 1) ** (-power / 2));
  using scope = device.scope();
  const into = scope.zeros([cols, cols], "f64");
  const [sum, max] = [new Float64Array(cols), new Float64Array(cols)];
  for (let first = 0; first < tokens; first += CHUNK) {
    const count = Math.min(CHUNK, tokens - first);
    const { shape, data } = randomNormal([count, cols], { seed, stream: stream + first });
    for (let i = 0; i < data.length; i++) data[i] *= spectrum[i % cols];
    const turned = await rotate({ dtype: "f32", shape, data }, { right }, { device });
    for (let i = 0; i < data.length; i++) {
      const size = Math.abs(turned.data[i] *= channels[i % cols]);
      sum[i % cols] += size;
      if (size > max[i % cols]) max[i % cols] = size;
    }
    using x = scope.upload(turned);
    scope.gram(x, into);
  }
  const gram = await downloadF64(scope, into);
  const meanAbs = tensor(sum.map((value) => value / tokens), [cols]);
  return { tokens, gram, meanAbs, maxAbs: tensor(max, [cols]) };
}
