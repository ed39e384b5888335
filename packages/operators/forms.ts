import { AFFINE } from "./affine.ts";
import { DENSE } from "./dense.ts";
import type { Form, FormName } from "./form.ts";
import { INTERPOLATIVE } from "./interpolative.ts";
import { LATTICE } from "./lattice.ts";
import { LEVELS } from "./levels.ts";
import { PERMUTED } from "./permuted.ts";
import { PRODUCT } from "./product.ts";
import { ROTATED } from "./rotated.ts";
import { SCALED } from "./scaled.ts";
import { SUM } from "./sum.ts";
import { SUPERBLOCK } from "./superblock.ts";
import { TRELLIS } from "./trellis.ts";

/**
 * Every storage form: the only place where forms are told apart by name.
 *
 * The methods of a row take operators and nodes of their own form alone.
 */
export const FORMS: Readonly<Record<FormName, Form>> = {
  dense: DENSE,
  affine: AFFINE,
  levels: LEVELS,
  superblock: SUPERBLOCK,
  lattice: LATTICE,
  trellis: TRELLIS,
  product: PRODUCT,
  sum: SUM,
  scaled: SCALED,
  permuted: PERMUTED,
  rotated: ROTATED,
  interpolative: INTERPOLATIVE,
};
