// The host of the kernels of training, but for attention.

import type { NormGradientParams, TrainingKernels } from "../training_kernels.ts";
import type { Engine } from "./engine.ts";
import { activationNumber, of } from "./numbers.ts";
import {
  ACTIVATE_GRADIENT,
  ADAM_W,
  CROSS_ENTROPY,
  CROSS_ENTROPY_GRADIENT,
  GATED_ACTIVATION,
  GATED_ACTIVATION_GRADIENT,
  KL_DIVERGENCE,
  KL_DIVERGENCE_GRADIENT,
  LAYER_NORM,
  LAYER_NORM_GRADIENT,
  RMS_NORM_GRADIENT,
  SCATTER_ROWS,
  SUM_PARTS,
} from "./operations.ts";
import type { WasmStorage } from "./wasm_kernels.ts";

/** Elements of the rows that a task adds up: enough to be worth waking a thread for. */
const PART: number = 32768;

/** Makes them. */
export function createTrainingKernels(
  engine: Engine,
): Omit<TrainingKernels<WasmStorage>, "attentionGradient"> {
  const { allocator, run } = engine;
  return {
    rmsNormGradient: (p) => withParts(engine, RMS_NORM_GRADIENT, p, [p.gradientGain]),
    layerNorm: ({ x, gain, bias, out, dtype, rows, cols, epsilon }) => {
      const words = [x.address, gain.address, bias?.address ?? 0, out.address, rows, cols];
      run(of(LAYER_NORM, dtype), words, [epsilon]);
    },
    layerNormGradient: (p) => {
      withParts(engine, LAYER_NORM_GRADIENT, p, [p.gradientGain, p.gradientBias]);
    },
    activateGradient: ({ x, gradient, out, dtype, length, activation }) => {
      const addresses = addressesOf(x, gradient, out);
      run(of(ACTIVATE_GRADIENT, dtype), [...addresses, length, activationNumber(activation)]);
    },
    gatedActivation: ({ gate, up, out, dtype, length, activation }) => {
      const addresses = addressesOf(gate, up, out);
      run(of(GATED_ACTIVATION, dtype), [...addresses, length, activationNumber(activation)]);
    },
    gatedActivationGradient: (p) => {
      const addresses = addressesOf(p.gate, p.up, p.gradient, p.gradientGate, p.gradientUp);
      const words = [...addresses, p.length, activationNumber(p.activation)];
      run(of(GATED_ACTIVATION_GRADIENT, p.dtype), words);
    },
    crossEntropy: ({ logits, targets, out, dtype, rows, cols }) => {
      run(of(CROSS_ENTROPY, dtype), [...addressesOf(logits, targets, out), rows, cols]);
    },
    crossEntropyGradient: ({ logits, targets, gradient, out, dtype, rows, cols }) => {
      const addresses = addressesOf(logits, targets, gradient, out);
      run(of(CROSS_ENTROPY_GRADIENT, dtype), [...addresses, rows, cols]);
    },
    klDivergence: ({ teacher, student, out, dtype, rows, cols, factor }) => {
      run(of(KL_DIVERGENCE, dtype), [...addressesOf(teacher, student, out), rows, cols], [factor]);
    },
    klDivergenceGradient: ({ teacher, student, gradient, out, dtype, rows, cols, factor }) => {
      const addresses = addressesOf(teacher, student, gradient, out);
      // Each thread keeps the exponentials of one row of the teacher's.
      const bytes = Math.ceil(cols * (dtype === "f64" ? 8 : 4) / 64) * 64;
      const room = allocator.allocate(bytes * engine.threads);
      const words = [...addresses, rows, cols, room, bytes];
      run(of(KL_DIVERGENCE_GRADIENT, dtype), words, [factor]);
      allocator.free(room);
    },
    scatterRows: ({ target, indices, rows, dtype, targetRows, count, cols }) => {
      const words = [...addressesOf(target, indices, rows), targetRows, count, cols];
      run(of(SCATTER_ROWS, dtype), words);
    },
    adamW: (p) => {
      const words = [...addressesOf(p.parameter, p.gradient, p.first, p.second), p.length];
      const { gradientScale, beta1, beta2, epsilon, rate, secondScale, keep } = p;
      const numbers = [gradientScale, beta1, beta2, epsilon, rate, secondScale, keep];
      run(of(ADAM_W, p.dtype), words, numbers);
    },
  };
}

function addressesOf(...storages: readonly WasmStorage[]): number[] {
  return storages.map(({ address }) => address);
}

/** Runs the derivative of a norm, and adds up what its tasks have summed for each of `sums`. */
function withParts(
  { allocator, run }: Engine,
  operation: number,
  p: NormGradientParams<WasmStorage>,
  sums: readonly WasmStorage[],
): void {
  const { rows, cols } = p;
  const share = Math.max(1, Math.floor(PART / cols));
  const count = Math.ceil(rows / share);
  const lead = sums.length * cols * Float64Array.BYTES_PER_ELEMENT;
  const parts = allocator.allocate(count * lead);
  const words = [...addressesOf(p.x, p.gain, p.gradient, p.gradientX), parts, rows, cols, share];
  run(of(operation, p.dtype), words, [p.epsilon]);
  for (const [i, sum] of sums.entries()) {
    const first = parts + i * cols * Float64Array.BYTES_PER_ELEMENT;
    run(of(SUM_PARTS, p.dtype), [first, count, lead, sum.address, cols]);
  }
  allocator.free(parts);
}
