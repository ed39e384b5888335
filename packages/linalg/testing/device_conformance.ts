/**
 * The suite that every device passes.
 *
 * Each case holds an operation of {@linkcode Device} against a naive computation in f64 that is
 * written here from the definition, so that the reference device is tested like any other.
 *
 * @module
 */

import { ACTIVATION_CASES } from "./cases_activations.ts";
import { ADAM_W_CASES } from "./cases_adamw.ts";
import { ARRAY_CASES } from "./cases_arrays.ts";
import { ATTENTION_GRADIENT_CASES } from "./cases_attention_gradient.ts";
import { BLOCK_CASES } from "./cases_blocks.ts";
import { CODE_CASES } from "./cases_codes.ts";
import { ELEMENTWISE_CASES } from "./cases_elementwise.ts";
import { HALF_CASES } from "./cases_halves.ts";
import { LATTICE_CASES } from "./cases_lattice.ts";
import { LATTICE_METRIC_CASES } from "./cases_lattice_metric.ts";
import { LATTICE_SEARCH_CASES } from "./cases_lattice_search.ts";
import { LIFETIME_CASES } from "./cases_lifetime.ts";
import { LOSS_CASES } from "./cases_losses.ts";
import { MATMUL_CASES } from "./cases_matmul.ts";
import { MODEL_CASES } from "./cases_model.ts";
import { NORM_CASES } from "./cases_norms.ts";
import { ROUNDING_CASES } from "./cases_rounding.ts";
import { SECULAR_CASES } from "./cases_secular.ts";
import { TRIDIAGONAL_CASES } from "./cases_tridiagonal.ts";
import { SVD_CASES } from "./cases_svd.ts";
import { NEAREST_CASES } from "./cases_nearest.ts";
import { PANEL_CASES } from "./cases_panels.ts";
import { TRAINING_CASES } from "./cases_training.ts";
import { TRELLIS_CASES } from "./cases_trellis.ts";
import type { DeviceCase } from "./device_case.ts";

/** Everything that a device has to do, one behaviour a case. */
export const DEVICE_CASES: readonly DeviceCase[] = [
  ...ARRAY_CASES,
  ...MATMUL_CASES,
  ...ELEMENTWISE_CASES,
  ...MODEL_CASES,
  ...CODE_CASES,
  ...LATTICE_CASES,
  ...LATTICE_SEARCH_CASES,
  ...LATTICE_METRIC_CASES,
  ...HALF_CASES,
  ...TRIDIAGONAL_CASES,
  ...SVD_CASES,
  ...NEAREST_CASES,
  ...SECULAR_CASES,
  ...LIFETIME_CASES,
  ...BLOCK_CASES,
  ...PANEL_CASES,
  ...ACTIVATION_CASES,
  ...NORM_CASES,
  ...LOSS_CASES,
  ...ATTENTION_GRADIENT_CASES,
  ...TRAINING_CASES,
  ...ADAM_W_CASES,
  ...TRELLIS_CASES,
  ...ROUNDING_CASES,
];
