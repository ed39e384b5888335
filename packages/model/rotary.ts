// Rotary position embedding: the angles.
//
// J. Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021,
// arXiv:2104.09864, section 3.2: pair i of a head of size d turns by p · f_i at position p,
//
//   f_i = base^(-2i / d)
//
// Llama 3 slows the low frequencies ("The Llama 3 Herd of Models", 2024, arXiv:2407.21783, as its
// published code does), with the wavelength λ = 2π / f, N the first context length, l and h the low
// and high factors:
//
//   λ < N / h   f            λ > N / l   f / factor
//   between     f · (s + (1 - s) / factor),  s = (N / λ - l) / (h - l)
//
// Angles are computed in f64, and only their cosines and sines rounded.

import type { Device, DeviceArray } from "@pare/linalg";
import { tensor, toF32 } from "@pare/tensor";
import type { ModelConfig } from "./config.ts";

/** The angles of a run of tokens, on a device. */
export interface BoundPositions extends Disposable {
  /** The position of the first token. */
  readonly start: number;
  /** How many tokens there are. */
  readonly tokens: number;
  /** Cosines `[tokens, headSize / 2]`. */
  readonly cos: DeviceArray;
  /** Sines of the same shape. */
  readonly sin: DeviceArray;
  /** The row of each token, u32 `[tokens]`: 0, 1, 2, … */
  readonly rows: DeviceArray;
}

/**
 * Computes by how much each pair of a head turns from one position to the next.
 *
 * @param config The base, the scaling and the size of a head.
 * @returns The frequencies `[headSize / 2]` in radians.
 */
export function rotaryFrequencies(config: ModelConfig): Float64Array {
  const { headSize, rotaryBase, rotaryScaling } = config;
  const frequencies = Float64Array.from(
    { length: headSize / 2 },
    (_, i) => rotaryBase ** (-2 * i / headSize),
  );
  if (!rotaryScaling) return frequencies;
  const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = rotaryScaling;
  return frequencies.map((frequency) => {
    const turns = originalMaxPositions * frequency / (2 * Math.PI);
    const kept = (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    const share = Math.min(Math.max(kept, 0), 1);
    return frequency * (share + (1 - share) / factor);
  });
}

/** Options of {@linkcode bindPositions}. */
export interface PositionOptions {
  /** The position of the first token. @default {0} */
  start?: number;
  /** What cosines and sines are rounded to. @default {"f32"} */
  dtype?: "f32" | "f64";
}

/**
 * Uploads the angles of consecutive tokens.
 *
 * @param config The model's configuration.
 * @param device Where to.
 * @param tokens How many tokens there are.
 * @param options Where they begin, and how exact they are.
 * @returns The angles; the caller frees them.
 * @throws {RangeError} If the last token lies beyond the longest context.
 */
export function bindPositions(
  config: ModelConfig,
  device: Device,
  tokens: number,
  options: PositionOptions = {},
): BoundPositions {
  const { start = 0, dtype = "f32" } = options;
  if (start + tokens > config.maxPositions) {
    throw new RangeError(
      `Cannot place tokens as the context must be ${config.maxPositions} tokens or shorter: ` +
        `current length is ${start + tokens}`,
    );
  }
  const frequencies = rotaryFrequencies(config);
  const half = frequencies.length;
  const cos = new Float64Array(tokens * half);
  const sin = new Float64Array(tokens * half);
  for (let i = 0; i < cos.length; i++) {
    const angle = (start + Math.floor(i / half)) * frequencies[i % half];
    cos[i] = Math.cos(angle);
    sin[i] = Math.sin(angle);
  }
  const rounded = (values: Float64Array<ArrayBuffer>) => {
    const exact = tensor(values, [tokens, half]);
    return device.upload(dtype === "f64" ? exact : toF32(exact));
  };
  const arrays = {
    cos: rounded(cos),
    sin: rounded(sin),
    rows: device.upload(tensor(Uint32Array.from({ length: tokens }, (_, i) => i), [tokens], "u32")),
  };
  return {
    start,
    tokens,
    ...arrays,
    [Symbol.dispose]: () => {
      for (const array of Object.values(arrays)) array[Symbol.dispose]();
    },
  };
}
