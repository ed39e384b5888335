// All that is measured, by section: what `--only` names. Each is loaded with its peers where it is
// measured, and not before.

import type { MeasuredRow, Row } from "./row.ts";
import type { Setup } from "./setup.ts";

/** The rows of a section. */
export type Section = (setup: Setup) => readonly (Row | MeasuredRow)[];

/** The sections, and how each is loaded. */
export const SECTIONS: Readonly<Record<string, () => Promise<Section>>> = {
  matmul: async () => (await import("./matmul.ts")).matmulRows,
  f64: async () => (await import("./f64.ts")).f64Rows,
  factorizations: async () => (await import("./factorizations.ts")).factorizationRows,
  solves: async () => (await import("./solves.ts")).solveRows,
  hadamard: async () => (await import("./hadamard.ts")).hadamardRows,
  codebooks: async () => (await import("./codebooks.ts")).codebookRows,
  scale: async () => (await import("./scale.ts")).scaleRows,
};
