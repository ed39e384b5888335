// Rounding with error feedback, by panels of columns: what LDLQ and GPTQ are, and their refinement.
//
// J. Chee et al., "QuIP", 2023, arXiv:2307.13304, section 3; by blocks A. Tseng et al., "QuIP#", 2024,
// arXiv:2402.04396, section 4. With H = L D Lᵀ by blocks, columns in the order that the last of them is
// rounded first, and E = W − Ŵ:
//
//   U_k = W_k + Σ_{j > k} E_j L_jk      Ŵ_k = nearest(U_k)
//
// so that tr(E H Eᵀ) = Σ tr(η_k D_kk η_kᵀ), η_k = U_k − Ŵ_k: of all ways to feed errors forward linearly
// the one with the least sum for errors that do not correlate. What is nearest may be told by D_kk.
// A pass of refinement asks again what each block should be, all others being what they are:
//
//   U_k = W_k + Σ_{j ≠ k} E_j H_jk H_kk⁻¹
//
// By H_kk, which tells how far a codeword is from it, no block gets worse, so that tr(E H Eᵀ) only falls.
// Inside a panel blocks are rounded one after the other, or all by one call; what a panel adds to the
// others is one product. All runs on the device, in f32, and nothing is waited for.
// Bound: that of the nearest level, on U. Cost: m n² / 2, and m n² for each pass of refinement.

import type { Device, DeviceArray } from "@pare/linalg";
import { type Tensor, tensor } from "@pare/tensor";
import type { ColumnRounding, RoundOptions } from "./column_quantizer.ts";
import type { ColumnOrder } from "./column_order.ts";
import { cutGroups, cutPanels, type Panel } from "./column_panels.ts";
import type { FeedbackFactors } from "./feedback_factors.ts";
import type { RefinementFactors } from "./refinement_factors.ts";

/** A matrix that is rounded with feedback. */
export interface FeedbackProblem {
  /** What rounds; it keeps the codes. */
  readonly rounding: ColumnRounding;
  /** How many columns it rounds at once. */
  readonly blockSize: number;
  /** The columns, the last of which is rounded first. */
  readonly order: ColumnOrder;
  /** The most columns of a panel. */
  readonly panelWidth: number;
  /** W, its columns in order, f32 `[m, n]`. */
  readonly weight: DeviceArray;
}

/**
 * Rounds all columns once.
 *
 * @param outer The device of the problem.
 * @param problem What is rounded.
 * @param factors L and D.
 * @param isMetric Whether D tells the nearest codeword.
 * @returns E, columns in order.
 */
export function roundWithFeedback(
  outer: Device,
  problem: FeedbackProblem,
  { l, d }: FeedbackFactors,
  isMetric: boolean,
): DeviceArray {
  const { weight, blockSize, order } = problem;
  const n = order.length;
  // What columns should be by now; those of panels that are done become their errors.
  const state = outer.cast(weight, "f32");
  for (const panel of panelsOf(problem)) {
    using device = outer.scope();
    const { first, count } = panel;
    const lines = device.upload(rowsOf(l, n, panel));
    const columns = { col: first, cols: count };
    const original = device.slice(weight, columns);
    const rounded = roundPanel(device, problem, panel, {
      all: state,
      target: device.slice(state, columns),
      weight: original,
      triangle: device.slice(lines, columns),
      optionsOf: (start, size) =>
        isMetric ? { metric: blockOf(device, d, blockSize, start, size) } : {},
    });
    const errors = device.subtract(original, rounded);
    device.write(state, errors, 0, first);
    if (first > 0) device.matmul(errors, device.slice(lines, { cols: first }), { into: state });
  }
  return state;
}

/**
 * Rounds all columns again, each to what is best for it as all others are.
 *
 * @param outer The device of the problem.
 * @param problem What is rounded.
 * @param factors H_jk H_kk⁻¹ and H_kk.
 * @param errors E, columns in order; it becomes that of the new codes.
 */
export function refineOnce(
  outer: Device,
  problem: FeedbackProblem,
  { transposed, diagonal }: RefinementFactors,
  errors: DeviceArray,
): void {
  const { weight, blockSize, order } = problem;
  const n = order.length;
  for (const panel of panelsOf(problem)) {
    using device = outer.scope();
    const { first, count } = panel;
    const lines = device.upload(rowsOf(transposed, n, panel));
    const columns = { col: first, cols: count };
    const original = device.slice(weight, columns);
    const target = device.add(original, device.matmul(errors, lines, { transposeB: true }));
    const before = device.subtract(original, device.slice(errors, columns));
    const rounded = roundPanel(device, problem, panel, {
      all: null,
      target,
      weight: before,
      triangle: device.transpose(device.slice(lines, columns)),
      optionsOf: (start, size, incumbent) => ({
        metric: blockOf(device, diagonal, blockSize, start, size),
        incumbent,
      }),
    });
    device.write(errors, device.subtract(original, rounded), 0, first);
  }
}

function panelsOf({ rounding, blockSize, order, panelWidth }: FeedbackProblem): Panel[] {
  const { groups, roundPanel } = rounding;
  if (groups) return cutGroups(order, groups.groupOf, panelWidth);
  return cutPanels(order.length, {
    width: panelWidth,
    piece: roundPanel ? panelWidth : blockSize,
  });
}

/** What a panel is rounded by. */
interface PanelArrays {
  /** What all columns should be by now, for groups that are wider; `null` if none is to be fitted. */
  readonly all: DeviceArray | null;
  /** What the columns of the panel should be; they change as errors are added. */
  readonly target: DeviceArray;
  /** What errors are measured from. */
  readonly weight: DeviceArray;
  /** What errors of rows are multiplied with to be added to columns. */
  readonly triangle: DeviceArray;
  /** How a block tells the nearest codeword, by its place, its size and what errors are measured from. */
  readonly optionsOf: (first: number, count: number, weight: DeviceArray) => RoundOptions;
}

/** Rounds the pieces of a panel one after the other; returns what its columns became. */
function roundPanel(
  device: Device,
  { rounding, order }: FeedbackProblem,
  panel: Panel,
  { all, target, weight, triangle, optionsOf }: PanelArrays,
): DeviceArray {
  const rounded = device.zeros(target.shape);
  for (const { first, count, group } of panel.pieces) {
    using step = device.scope();
    const place = first - panel.first;
    const isAll = count === panel.count;
    const ofPiece = (x: DeviceArray) => isAll ? x : step.slice(x, { col: place, cols: count });
    if (all && group && rounding.groups) {
      // A group that is wider than the panel has its other columns in none that is done.
      const isInside = group.first >= panel.first;
      const from = isInside ? target : all;
      const col = isInside ? group.first - panel.first : group.first;
      rounding.groups.fit(group.index, step.slice(from, { col, cols: group.count }), step);
    }
    const original = ofPiece(weight);
    const values = rounding.roundPanel
      ? rounding.roundPanel({
        target: ofPiece(target),
        weight: original,
        triangle: isAll
          ? triangle
          : step.slice(triangle, { row: place, col: place, rows: count, cols: count }),
        columns: order.slice(first, first + count),
        first,
      }, step)
      : rounding.round(ofPiece(target), order[first], step, optionsOf(first, count, original));
    step.write(rounded, values, 0, place);
    if (place === 0) continue;
    const errors = step.subtract(original, values);
    const factors = step.slice(triangle, { row: place, rows: count, cols: place });
    step.matmul(errors, factors, { into: target });
  }
  return rounded;
}

/** Rows of a square matrix. */
function rowsOf(matrix: Float32Array<ArrayBuffer>, n: number, { first, count }: Panel): Tensor {
  return tensor(matrix.subarray(first * n, (first + count) * n), [count, n]);
}

/** A block on the diagonal of blocks that lie one below the other. */
function blockOf(
  device: Device,
  blocks: Float32Array,
  blockSize: number,
  first: number,
  count: number,
): DeviceArray {
  const block = new Float32Array(count * count);
  for (let i = 0; i < count; i++) {
    const start = (first + i) * blockSize;
    block.set(blocks.subarray(start, start + count), i * count);
  }
  return device.upload(tensor(block, [count, count]));
}
