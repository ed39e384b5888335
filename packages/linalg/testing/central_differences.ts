// Derivatives from nothing but the operation that they belong to, on the device, in f64.

import { assert } from "@std/assert";
import type { DeviceArray } from "../device_array.ts";
import { put, type Target, type Values, valuesOn } from "./device_case.ts";

/** Distance of the points: a power of two, so that it rounds nothing away. */
const STEP = 2 ** -10;

/**
 * What the differences may be off by.
 *
 * Truncation is h⁴/30 times the fifth derivative, which for these functions, of numbers and weights
 * from [-1, 1), stays below 10⁴: 3e-10. Roundings of a sum of n ≤ 100 numbers near 1 are divided by h:
 * 1.5 · 100 · 2⁻⁵³ · 2¹⁰ is 2e-11.
 */
const BOUND = 1e-9;

/**
 * Fails unless a gradient agrees with central differences of the operation.
 *
 * For each element x of one operand: (8 (f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h, where f is
 * Σ weights · operation.
 */
export async function assertDifferences(
  target: Target,
  operands: readonly Values[],
  operation: (...arrays: readonly DeviceArray[]) => DeviceArray,
  weights: Values,
  gradients: readonly (DeviceArray | null)[],
): Promise<void> {
  const { device } = target;
  const loss = async (values: readonly Values[]) => {
    using scope = device.scope();
    const arrays = values.map((one) => put(scope, one, "f64"));
    const { data } = await valuesOn(target, scope.keep(operation(...arrays)));
    return data.reduce((total, value, i) => total + value * weights.data[i], 0);
  };
  for (const [which, gradient] of gradients.entries()) {
    if (!gradient) continue;
    const actual = await valuesOn(target, gradient);
    for (let i = 0; i < actual.data.length; i++) {
      const at = async (offset: number) => {
        const data = operands[which].data.slice();
        data[i] += offset;
        return await loss(operands.with(which, { ...operands[which], data }));
      };
      const near = await at(STEP) - await at(-STEP);
      const far = await at(2 * STEP) - await at(-2 * STEP);
      const slope = (8 * near - far) / (12 * STEP);
      assert(
        Math.abs(actual.data[i] - slope) <= BOUND,
        `gradient of operand ${which}, element ${i} must be ${slope}: it is ${actual.data[i]}`,
      );
    }
  }
}
