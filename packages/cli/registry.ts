// Every method that recipes and flags may name. A new method is one entry here.

import {
  asvd,
  ASVD_CHECKS,
  type AsvdOptions,
  LOW_RANK_CHECKS,
  type LowRankOptions,
  planAsvd,
  planSvd,
  svd,
} from "@pare/decomposers";
import type { Registry } from "@pare/pipeline";
import { planRtn, rtn, RTN_CHECKS, type RtnOptions } from "@pare/quantizers";

/** The methods by name. */
export const REGISTRY: Registry = {
  rtn: {
    summary: "Rounds every weight to the nearest level of a uniform grid; needs no calibration",
    needs: "nothing",
    checks: RTN_CHECKS,
    plan: (shape, options: RtnOptions) => planRtn(shape, options),
    compress: (weight, _statistics, options: RtnOptions) => rtn(weight, options),
  },
  svd: {
    summary: "Splits a matrix into two thin ones by truncated SVD; needs no calibration",
    needs: "nothing",
    checks: LOW_RANK_CHECKS,
    plan: (shape, options: LowRankOptions) => planSvd(shape, options),
    compress: (weight, _statistics, options: LowRankOptions, device) =>
      svd(weight, { ...options, device }),
  },
  asvd: {
    summary: "Truncated SVD weighed by what calibration saw of the layer's inputs",
    needs: "gram",
    checks: ASVD_CHECKS,
    plan: (shape, options: AsvdOptions) => planAsvd(shape, options),
    compress: (weight, statistics, options: AsvdOptions, device) =>
      asvd(weight, statistics, { ...options, device }),
  },
};
