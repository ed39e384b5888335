// pare/no-jsr-import: everything loads from the npm registry; see docs/decisions/0005.

import { visitImports } from "./imports.ts";

/** Refuses `jsr:` imports and imports over the network by URL. */
export const noJsrImport: Deno.lint.Rule = {
  create: (context) =>
    visitImports((specifier, node) => {
      if (!/^(jsr|https?):/.test(specifier)) return;
      context.report({
        node,
        message: `Import of "${specifier}" needs more than the npm registry`,
        hint: "Map a name to its npm mirror in the root deno.json",
      });
    }),
};
