import type { Device } from "@pare/linalg";
import type {
  CompressedGroup,
  Convergence,
  OnIteration,
  Operator,
  Statistics,
} from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import { roundConvergence } from "./convergence.ts";
import type { Method, Options } from "./registry.ts";

/** What a method is shown. */
export interface MethodInput {
  /** The weight. */
  readonly weight: Tensor;
  /** What calibration saw of the layer's inputs, or `null`. */
  readonly statistics: Statistics | null;
  /** The method's options. */
  readonly options: Options;
  /** Where it is computed. */
  readonly device: Device;
  /** Called behind each iteration; throws to stop. */
  readonly onIteration?: OnIteration;
}

/** What came out of a method, whether or not it tells how it went. */
export interface MethodOutput {
  /** The weight. */
  readonly operator: Operator;
  /** How it went; `null` for a method that does not iterate. */
  readonly convergence: Convergence | null;
}

/**
 * Compresses one weight by a method.
 *
 * @example A method that does not iterate
 * ```ts
 * import { createReferenceDevice } from "@pare/linalg";
 * import { dense } from "@pare/operators";
 * import { runMethod } from "@pare/pipeline";
 * import { randomNormal } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * using device = createReferenceDevice();
 * const output = await runMethod(
 *   {
 *     summary: "Keeps the weight",
 *     needs: "nothing",
 *     checks: {},
 *     plan: (shape) => ({ form: "dense", shape, dtype: "f32" }),
 *     compress: (weight) => dense(weight),
 *   },
 *   { weight: randomNormal([2, 3]), statistics: null, options: {}, device },
 * );
 * assertEquals(output.convergence, null);
 * ```
 *
 * @param method The method.
 * @param input What it is shown.
 * @returns The operator, and how the method went as the manifest has it.
 * @throws {RangeError} If the method tells of more iterations than it announces, or of losses that
 * are none.
 */
export async function runMethod(
  { compress, maxIterations }: Method,
  { weight, statistics, options, device, onIteration }: MethodInput,
): Promise<MethodOutput> {
  const result = await compress(weight, statistics, options, device, onIteration);
  const { operator, convergence } = "operator" in result
    ? result
    : { operator: result, convergence: null };
  const most = maxIterations?.(options) ?? 0;
  return { operator, convergence: convergence && roundConvergence(convergence, most) };
}

/**
 * Compresses weights that read one input as one.
 *
 * @param method The method; it can do so.
 * @param input What it is shown: the weights in place of one.
 * @returns An operator for each weight, and how the method went as the manifest has it.
 * @throws {RangeError} If the method returns another number of operators, or tells of more
 * iterations than it announces, or of losses that are none.
 */
export async function runTogether(
  { together, maxIterations }: Method,
  { weights, statistics, options, device, onIteration }: Omit<MethodInput, "weight"> & {
    readonly weights: readonly Tensor[];
  },
): Promise<CompressedGroup> {
  const result = await together?.compress(weights, statistics, options, device, onIteration);
  if (result?.operators.length !== weights.length) {
    throw new RangeError(
      `Cannot compress layers as one as there must be an operator for each of ${weights.length}: ` +
        `current number is ${result?.operators.length ?? 0}`,
    );
  }
  const { operators, convergence } = result;
  const most = maxIterations?.(options) ?? 0;
  return { operators, convergence: convergence && roundConvergence(convergence, most) };
}
