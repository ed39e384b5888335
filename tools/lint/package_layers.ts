// pare/package-layers: imports between packages only point downward.

import { visitImports } from "./imports.ts";
import { isTest, locate } from "./location.ts";

/** The level of each package; a package imports only what stands on a lower one. */
export const LEVELS: Readonly<Record<string, number>> = {
  tensor: 0,
  linalg: 1,
  operators: 2,
  formats: 2,
  autograd: 2,
  quantizers: 3,
  decomposers: 4,
  "kv-cache": 4,
  model: 4,
  pruners: 5,
  projectors: 5,
  evaluators: 5,
  pipeline: 6,
  cli: 7,
};

/** Tells what is wrong with an import; `null` if nothing is. */
function problem(from: string, inTest: boolean, path: string, specifier: string): string | null {
  if (specifier.startsWith(".")) {
    const depth = path.split("/").length;
    const folder = new URL(specifier, `file:///${"p/".repeat(depth)}`).pathname;
    const inside = folder.startsWith("/p/");
    return inside ? null : `Relative import of "${specifier}" leaves the package "${from}"`;
  }
  const name = /^@pare\/([^/]+)/.exec(specifier)?.[1];
  if (name === undefined) return null;
  if (name === from) return `Package "${from}" imports itself by name`;
  if (!Object.hasOwn(LEVELS, name)) return `Package "${name}" has no level`;
  const allowed = LEVELS[name] < LEVELS[from] || (inTest && LEVELS[name] === LEVELS[from]);
  if (allowed) return null;
  return `Package "${from}" (level ${LEVELS[from]}) imports "${name}" (level ${LEVELS[name]})`;
}

/** Refuses imports that point upward, sideways, or past another package's entry point. */
export const packageLayers: Deno.lint.Rule = {
  create(context) {
    const location = locate(context.filename);
    if (location === null) return {};
    const { package: from, path } = location;
    if (!Object.hasOwn(LEVELS, from)) {
      return {
        Program: (node) =>
          context.report({
            node,
            message: `Package "${from}" has no level`,
            hint: "Give it one in tools/lint/package_layers.ts",
          }),
      };
    }
    const inTest = isTest(context.filename);
    return visitImports((specifier, node) => {
      const message = problem(from, inTest, path, specifier);
      if (message === null) return;
      context.report({
        node,
        message,
        hint: "Import by name from a lower level, by relative path inside a package",
      });
    });
  },
};
