// Every method that recipes and flags may name. A new method is one entry here.

import {
  asvd,
  ASVD_CHECKS,
  type AsvdOptions,
  LOW_RANK_CHECKS,
  type LowRankOptions,
  nid,
  NID_CHECKS,
  type NidOptions,
  nsvd,
  NSVD_CHECKS,
  type NsvdOptions,
  planAsvd,
  planNid,
  planNsvd,
  planSvd,
  planSvdLlm,
  type RidgeOptions,
  svd,
  SVD_LLM_CHECKS,
  svdLlm,
  type SvdLlmOptions,
  whitenedSpectrum,
} from "@pare/decomposers";
import type { Method, Registry } from "@pare/pipeline";
import {
  awq,
  AWQ_CHECKS,
  type AwqOptions,
  planAwq,
  type QuantizerName,
  type QuantizerOptions,
  QUANTIZERS,
} from "@pare/quantizers";
import { CALDERA } from "./caldera_method.ts";

/** What each rank gains on the inputs that calibration saw. */
const gainOnInputs: Method["spectrum"] = (weight, statistics, { ridge }: RidgeOptions, device) =>
  whitenedSpectrum(weight, statistics, { ridge, device });

/** The method that stores a weight by a quantizer, as its row of {@linkcode QUANTIZERS} does. */
function byQuantizer<Name extends QuantizerName>(name: Name, summary: string): Method {
  const { checks, needsGram, plan, quantize } = QUANTIZERS[name];
  return {
    summary,
    needs: (options: QuantizerOptions[Name]) => needsGram(options) ? "gram" : "nothing",
    checks,
    plan: (shape, options: QuantizerOptions[Name]) => plan(shape, options),
    compress: (weight, statistics, options: QuantizerOptions[Name], device) =>
      quantize(weight, statistics && statistics.gram, options, device),
  };
}

/** The methods by name. */
export const REGISTRY: Registry = {
  rtn: byQuantizer("rtn", "Rounds every weight to the nearest level of a uniform grid"),
  hqq: byQuantizer("hqq", "As rtn, with zero points that outliers do not pull along"),
  awq: {
    summary: "As rtn, with grids that are finer for columns whose inputs are large",
    needs: "gram",
    checks: AWQ_CHECKS,
    plan: (shape, options: AwqOptions) => planAwq(shape, options),
    compress: (weight, statistics, options: AwqOptions, device) =>
      awq(weight, statistics, { ...options, device }),
  },
  gptq: byQuantizer(
    "gptq",
    "As rtn, column by column; each makes up for the errors of those before it",
  ),
  nf4: byQuantizer("nf4", "Levels at quantiles of the normal distribution"),
  mxfp4: byQuantizer("mxfp4", "Floats of four bits with a power of two for each 32"),
  nvfp4: byQuantizer("nvfp4", "Floats of four bits with a float of eight for each 16"),
  q4_k: byQuantizer("q4_k", "Grids of 32 weights, as llama.cpp fits and stores them in Q4_K"),
  e8p: byQuantizer(
    "e8p",
    "Points of the lattice E8, eight weights at a time; at its best with --feedback --rotate",
  ),
  trellis: byQuantizer(
    "trellis",
    "Paths through a trellis, 1 to 4 bits a weight; at its best with --feedback --rotate",
  ),
  ldlq: byQuantizer("ldlq", "As gptq, around any quantizer of columns (what --feedback makes)"),
  incoherence: byQuantizer(
    "incoherence",
    "Any other quantizer, in a random basis where no weight stands out (what --rotate makes)",
  ),
  svd: {
    summary: "Splits a matrix into two thin ones by truncated SVD",
    needs: "nothing",
    checks: LOW_RANK_CHECKS,
    plan: (shape, options: LowRankOptions) => planSvd(shape, options),
    compress: (weight, _statistics, options: LowRankOptions, device) =>
      svd(weight, { ...options, device }),
    spectrum: (weight, _statistics, _options, device) => whitenedSpectrum(weight, null, { device }),
  },
  asvd: {
    summary: "Truncated SVD weighed by what calibration saw of the layer's inputs",
    needs: "gram",
    checks: ASVD_CHECKS,
    plan: (shape, options: AsvdOptions) => planAsvd(shape, options),
    compress: (weight, statistics, options: AsvdOptions, device) =>
      asvd(weight, statistics, { ...options, device }),
    spectrum: gainOnInputs,
  },
  "svd-llm": {
    summary: "asvd, and then a left factor fitted to what the blocks compressed before leave",
    needs: "both-grams",
    checks: SVD_LLM_CHECKS,
    plan: (shape, options: SvdLlmOptions) => planSvdLlm(shape, options),
    compress: (weight, statistics, options: SvdLlmOptions, device) =>
      svdLlm(weight, statistics, { ...options, device }),
    spectrum: gainOnInputs,
  },
  nsvd: {
    summary: "Most of the rank to what calibration saw, the rest to the weight itself",
    needs: "gram",
    checks: NSVD_CHECKS,
    plan: (shape, options: NsvdOptions) => planNsvd(shape, options),
    compress: (weight, statistics, options: NsvdOptions, device) =>
      nsvd(weight, statistics, { ...options, device }),
    spectrum: gainOnInputs,
  },
  nid: {
    summary: "As nsvd, with columns of the weight itself for the rest",
    needs: "gram",
    checks: NID_CHECKS,
    plan: (shape, options: NidOptions) => planNid(shape, options),
    compress: (weight, statistics, options: NidOptions, device) =>
      nid(weight, statistics, { ...options, device }),
    spectrum: gainOnInputs,
  },
  caldera: CALDERA,
};
