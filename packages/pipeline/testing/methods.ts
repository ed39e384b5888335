import { asvd, ASVD_CHECKS, type AsvdOptions, planAsvd, whitenedSpectrum } from "@pare/decomposers";
import { distortion } from "@pare/evaluators";
import { type Operator, type Statistics, toDense } from "@pare/operators";
import { planRtn, rtn, RTN_CHECKS, type RtnOptions } from "@pare/quantizers";
import { tensor } from "@pare/tensor";
import type { Registry } from "../registry.ts";
import { JOINT } from "./joint_method.ts";

/**
 * A method without calibration, one with, one that looks at the compressed model's inputs too, one
 * that tells of its iterations, and one that compresses layers as one.
 */
export const METHODS: Registry = {
  rtn: {
    summary: "Rounds to nearest",
    needs: "nothing",
    checks: RTN_CHECKS,
    plan: (shape, options: RtnOptions) => planRtn(shape, options),
    compress: (weight, _statistics, options: RtnOptions) => rtn(weight, options),
  },
  asvd: {
    summary: "Splits by activation-aware SVD",
    needs: "gram",
    checks: ASVD_CHECKS,
    plan: (shape, options: AsvdOptions) => planAsvd(shape, options),
    compress: (weight, statistics, options: AsvdOptions, device) =>
      asvd(weight, statistics, { ...options, device }),
    spectrum: (weight, statistics, _options, device) =>
      whitenedSpectrum(weight, statistics, { device }),
  },
  both: {
    summary: "Splits by SVD aware of the inputs of the original and of the compressed model",
    needs: "both-grams",
    checks: ASVD_CHECKS,
    plan: (shape, options: AsvdOptions) => planAsvd(shape, options),
    compress: (weight, statistics, options: AsvdOptions, device) =>
      asvd(weight, statistics && sumOfBoth(statistics), { ...options, device }),
    spectrum: (weight, statistics, _options, device) =>
      whitenedSpectrum(weight, statistics, { device }),
  },
  widening: {
    summary: "Rounds to nearest with one bit more each time, and tells what that loses",
    needs: "nothing",
    checks: RTN_CHECKS,
    plan: (shape, options: RtnOptions) => planRtn(shape, options),
    maxIterations: ({ bits = 4 }: RtnOptions) => bits,
    // One less than announced, as of a method that stops early.
    compress: async (weight, _statistics, options: RtnOptions, _device, onIteration) => {
      const steps: Operator[] = [];
      for (let bits = 2; bits <= (options.bits ?? 4); bits++) {
        steps.push(await rtn(weight, { ...options, bits }));
        onIteration?.(steps.length);
      }
      return {
        operator: steps[steps.length - 1],
        convergence: {
          losses: steps.map((step) => distortion(weight, toDense(step)).nmse),
          chosen: steps.length - 1,
        },
      };
    },
  },
  joint: JOINT,
};

/** Statistics with the sum of both Gram matrices, so that the result depends on every bit of both. */
function sumOfBoth({ compressed, ...original }: Statistics): Statistics {
  if (!compressed) {
    throw new TypeError(
      "Cannot add Gram matrices as there must be two: current value of compressed is undefined",
    );
  }
  const { shape, data } = original.gram;
  return {
    ...original,
    gram: tensor(data.map((value, i) => value + compressed.gram.data[i]), shape),
  };
}
