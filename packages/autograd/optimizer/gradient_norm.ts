import type { Device, DeviceArray } from "@pare/linalg";
import type { Parameter } from "../parameter.ts";
import { squareSum } from "../square_sum.ts";

/**
 * Takes the Euclidean norm of the gradients of all parameters, as if they were one vector.
 *
 * @param device Where they are.
 * @param parameters The parameters; those without a gradient count as zero.
 * @returns The norm.
 */
export async function gradientNorm(
  device: Device,
  parameters: readonly Parameter[],
): Promise<number> {
  using scope = device.scope();
  let total: DeviceArray | null = null;
  for (const { gradient } of parameters) {
    if (!gradient) continue;
    const squares = squareSum(scope, gradient);
    total = total ? scope.add(total, squares) : squares;
  }
  return total ? Math.sqrt(Number((await scope.download(total)).data[0])) : 0;
}

/**
 * Tells what gradients are multiplied with so that their norm is no larger than `maxNorm`.
 *
 * R. Pascanu et al., "On the difficulty of training recurrent neural networks", 2013,
 * arXiv:1211.5063, algorithm 1; with 1e-6 added to the norm.
 *
 * @param norm The norm of all gradients.
 * @param maxNorm The largest one wanted.
 * @returns min(1, maxNorm / (norm + 1e-6)).
 */
export function clipFactor(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6));
}
