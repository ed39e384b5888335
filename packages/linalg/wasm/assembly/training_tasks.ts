// Which code the operations of training run; tasks.ts has all others.

import {
  ACTIVATE_GRADIENT,
  ADAM_W,
  CROSS_ENTROPY,
  CROSS_ENTROPY_GRADIENT,
  GATED_ACTIVATION,
  GATED_ACTIVATION_GRADIENT,
  KL_DIVERGENCE,
  KL_DIVERGENCE_GRADIENT,
  LAYER_NORM,
  LAYER_NORM_GRADIENT,
  RMS_NORM_GRADIENT,
  SCATTER_ROWS,
  SUM_PARTS,
} from "../operations";
import { activateGradientTask, activateGradientTasks } from "./activate";
import { adamWTask, adamWTasks } from "./adamw";
import { crossEntropyTask, crossEntropyTasks, crossEntropyGradientTask, crossEntropyGradientTasks } from "./cross_entropy";
import { gatedActivationTask, gatedActivationTasks, gatedActivationGradientTask, gatedActivationGradientTasks } from "./gated_activation";
import { klDivergenceTask, klDivergenceTasks, klDivergenceGradientTask, klDivergenceGradientTasks } from "./kl_divergence";
import { layerNormTask, layerNormTasks } from "./layer_norm";
import { layerNormGradientTask, layerNormGradientTasks } from "./layer_norm_gradient";
import { rmsNormGradientTask, rmsNormGradientTasks } from "./rms_norm_gradient";
import { scatterRowsTask, scatterRowsTasks } from "./scatter_rows";
import { sumPartsTask, sumPartsTasks } from "./sum_parts";

/** How many tasks the operation makes of its parameters. */
export function countTrainingTasks(operation: i32): usize {
  switch (operation & ~1) {
    case RMS_NORM_GRADIENT:
      return rmsNormGradientTasks();
    case LAYER_NORM:
      return layerNormTasks();
    case LAYER_NORM_GRADIENT:
      return layerNormGradientTasks();
    case SUM_PARTS:
      return sumPartsTasks();
    case ACTIVATE_GRADIENT:
      return activateGradientTasks();
    case GATED_ACTIVATION:
      return gatedActivationTasks();
    case GATED_ACTIVATION_GRADIENT:
      return gatedActivationGradientTasks();
    case CROSS_ENTROPY:
      return crossEntropyTasks();
    case CROSS_ENTROPY_GRADIENT:
      return crossEntropyGradientTasks();
    case KL_DIVERGENCE:
      return klDivergenceTasks();
    case KL_DIVERGENCE_GRADIENT:
      return klDivergenceGradientTasks();
    case SCATTER_ROWS:
      return scatterRowsTasks();
    case ADAM_W:
      return adamWTasks();
    default:
      return 0;
  }
}

/** Runs one task of the operation. */
export function runTrainingTask(operation: i32, task: usize): void {
  switch (operation) {
    case RMS_NORM_GRADIENT:
      return rmsNormGradientTask<f32>(task);
    case RMS_NORM_GRADIENT + 1:
      return rmsNormGradientTask<f64>(task);
    case LAYER_NORM:
      return layerNormTask<f32>(task);
    case LAYER_NORM + 1:
      return layerNormTask<f64>(task);
    case LAYER_NORM_GRADIENT:
      return layerNormGradientTask<f32>(task);
    case LAYER_NORM_GRADIENT + 1:
      return layerNormGradientTask<f64>(task);
    case SUM_PARTS:
      return sumPartsTask<f32>(task);
    case SUM_PARTS + 1:
      return sumPartsTask<f64>(task);
    case ACTIVATE_GRADIENT:
      return activateGradientTask<f32>(task);
    case ACTIVATE_GRADIENT + 1:
      return activateGradientTask<f64>(task);
    case GATED_ACTIVATION:
      return gatedActivationTask<f32>(task);
    case GATED_ACTIVATION + 1:
      return gatedActivationTask<f64>(task);
    case GATED_ACTIVATION_GRADIENT:
      return gatedActivationGradientTask<f32>(task);
    case GATED_ACTIVATION_GRADIENT + 1:
      return gatedActivationGradientTask<f64>(task);
    case CROSS_ENTROPY:
      return crossEntropyTask<f32>(task);
    case CROSS_ENTROPY + 1:
      return crossEntropyTask<f64>(task);
    case CROSS_ENTROPY_GRADIENT:
      return crossEntropyGradientTask<f32>(task);
    case CROSS_ENTROPY_GRADIENT + 1:
      return crossEntropyGradientTask<f64>(task);
    case KL_DIVERGENCE:
      return klDivergenceTask<f32>(task);
    case KL_DIVERGENCE + 1:
      return klDivergenceTask<f64>(task);
    case KL_DIVERGENCE_GRADIENT:
      return klDivergenceGradientTask<f32>(task);
    case KL_DIVERGENCE_GRADIENT + 1:
      return klDivergenceGradientTask<f64>(task);
    case SCATTER_ROWS:
      return scatterRowsTask<f32>(task);
    case SCATTER_ROWS + 1:
      return scatterRowsTask<f64>(task);
    case ADAM_W:
      return adamWTask<f32>(task);
    case ADAM_W + 1:
      return adamWTask<f64>(task);
  }
}
