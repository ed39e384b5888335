import { asvd, ASVD_CHECKS, type AsvdOptions, planAsvd } from "@pare/decomposers";
import { planRtn, rtn, RTN_CHECKS, type RtnOptions } from "@pare/quantizers";
import type { Registry } from "../registry.ts";

/** One method without calibration and one with. */
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
  },
};
