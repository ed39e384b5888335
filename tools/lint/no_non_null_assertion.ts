// pare/no-non-null-assertion: `!` only in kernels, where a check costs time in the inner loop.

import { locate } from "./location.ts";

/** Refuses `!` outside the folders `wasm/` and `webgpu/` of packages. */
export const noNonNullAssertion: Deno.lint.Rule = {
  create(context) {
    const location = locate(context.filename);
    if (location !== null && /(?:^|\/)(wasm|webgpu)\//.test(location.path)) return {};
    return {
      TSNonNullExpression: (node) =>
        context.report({
          node,
          message: "Non-null assertion outside a kernel",
          hint: "Check for null and throw, or make the type tell",
        }),
    };
  },
};
