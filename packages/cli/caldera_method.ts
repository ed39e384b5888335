import {
  caldera,
  CALDERA_CHECKS,
  calderaIterations,
  type CalderaOptions,
  calderaTogether,
  planCaldera,
  planCalderaTogether,
} from "@pare/decomposers";
import type { Method } from "@pare/pipeline";
import { boolean } from "@pare/tensor";

/** The options in recipes: those of one weight, and one that is of several. */
interface RecipeOptions extends CalderaOptions {
  /**
   * Whether layers that read the same input, such as those of queries, keys and values, are compressed
   * as one, with one right factor. `rank` and `bitsPerWeight` are of all of them together then.
   *
   * @default {false}
   */
  sharedRight?: boolean;
}

/** CALDERA, of one layer or of all that read one input. */
export const CALDERA: Method = {
  summary: "A backbone of few bits and a correction of low rank, fitted to each other",
  needs: "gram",
  checks: { ...CALDERA_CHECKS, sharedRight: boolean() },
  plan: (shape, options) => planCaldera(shape, ofWeight(options)),
  compress: (weight, statistics, options, device, onIteration) =>
    caldera(weight, statistics, { ...ofWeight(options), device, onIteration }),
  maxIterations: (options) => calderaIterations(ofWeight(options)),
  together: {
    isAsked: ({ sharedRight = false }: RecipeOptions) => sharedRight,
    plan: (shapes, options) => planCalderaTogether(shapes, ofWeight(options)),
    compress: (weights, statistics, options, device, onIteration) =>
      calderaTogether(weights, statistics, { ...ofWeight(options), device, onIteration }),
  },
};

function ofWeight({ sharedRight: _, ...options }: RecipeOptions): CalderaOptions {
  return options;
}
