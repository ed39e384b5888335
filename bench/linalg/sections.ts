// All that is measured, by section: what `--only` names. Each is loaded with its peers where it is
// measured, and not before.

import type { Row } from "./row.ts";
import type { Setup } from "./setup.ts";

/** The rows of a section. */
export type Section = (setup: Setup) => Row[];

/** The sections, and how each is loaded. */
export const SECTIONS: Readonly<Record<string, () => Promise<Section>>> = {
  matmul: async () => (await import("./matmul.ts")).matmulRows,
};
