// Runs a check of a factorization on every matrix of a table, in f64 and in f32.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Tensor, tensor } from "@pare/tensor";
import { createDevice } from "../create_device.ts";
import type { Device } from "../device.ts";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { createReferenceKernels } from "../reference/reference_kernels.ts";
import { type Float, tensorOf, type Values } from "./device_case.ts";
import { allowed, departure, distance, roundedTo } from "./matrices.ts";

/** A matrix as the factorization gets it, and what that is in f64. */
export interface Sample {
  readonly device: Device;
  readonly dtype: Float;
  readonly matrix: Tensor<Float>;
  readonly values: Values;
}

/** A tensor of either dtype, as one type. */
export function asTensor(values: Values, dtype: Float): Tensor<Float> {
  return tensorOf(values, dtype) as Tensor<Float>;
}

/** What a tensor holds, in f64. */
export function valuesOf({ shape, data }: Tensor<Float>): Values {
  return { shape, data: new Float64Array(data) };
}

/** Registers one test per matrix and dtype on the reference device. */
export function testEach(
  name: string,
  table: readonly (readonly [name: string, matrix: () => Values])[],
  check: (sample: Sample) => Promise<void>,
  dtypes: readonly Float[] = ["f64", "f32"],
): void {
  for (const [kind, make] of table) {
    for (const dtype of dtypes) {
      Deno.test(`${name}: ${kind}, ${dtype}`, async () => {
        using device = createReferenceDevice();
        const values = roundedTo(make(), dtype);
        await check({ device, dtype, matrix: asTensor(values, dtype), values });
      });
    }
  }
}

/** A device that multiplies in f32 alone. */
export function createSinglePrecisionDevice(): Device {
  return createDevice({ ...createReferenceKernels(), doubles: new Set() });
}

/** Fails if two results differ in a bit, or an input was changed. */
export async function assertRepeats(
  source: Values,
  factorize: (matrix: Tensor<Float>) => Promise<unknown>,
): Promise<void> {
  for (const dtype of ["f32", "f64"] as const) {
    const matrix = asTensor(roundedTo(source, dtype), dtype);
    const before = matrix.data.slice();
    assertEquals(await factorize(matrix), await factorize(matrix));
    assertEquals(matrix.data, before);
  }
}

/** Fails unless matrices that cannot be factorized are refused with a clear message. */
export async function assertRefusesBadMatrices(
  factorize: (matrix: Tensor<Float>, options: { device: Device }) => Promise<unknown>,
): Promise<void> {
  using device = createReferenceDevice();
  for (const bad of [NaN, Infinity, -Infinity]) {
    const data = new Float64Array(40 * 40).fill(1);
    data[13 * 40 + 7] = bad;
    await assertRejects(
      () => factorize(tensor(data, [40, 40]), { device }),
      RangeError,
      `as every element must be finite: current element [13, 7] is ${bad}`,
    );
  }
  const vector = tensor(new Float32Array(3), [3]);
  await assertRejects(() => factorize(vector, { device }), RangeError, "2 dimensions");
  const empty = tensor(new Float32Array(0), [0, 0]);
  await assertRejects(() => factorize(empty, { device }), RangeError, "2 dimensions of 1 or more");
  const short = { dtype: "f32", shape: [2, 2], data: new Float32Array(3) } as const;
  await assertRejects(() => factorize(short, { device }), RangeError, "must be [2, 2]");
  const integers = { dtype: "i32", shape: [1, 1], data: new Int32Array(1) };
  await assertRejects(
    () => factorize(integers as unknown as Tensor<Float>, { device }),
    TypeError,
    "must be f32 or f64: current dtype is i32",
  );
  using single = createSinglePrecisionDevice();
  const double = tensor(Float64Array.of(4, 2, 2, 4), [2, 2]);
  await assertRejects(
    () => factorize(double, { device: single }),
    TypeError,
    "must be f32 on reference: current dtype is f64",
  );
  await factorize(tensor(Float32Array.of(4, 2, 2, 4), [2, 2]), { device: single });
  const misspelt = { device, devise: 1 };
  await assertRejects(() => factorize(double, misspelt), TypeError, `option "devise" is unknown`);
  const wrong = { device: 3 as unknown as Device };
  await assertRejects(() => factorize(double, wrong), RangeError, "device must be a device");
}

/** Fails unless the columns are orthonormal, but for `factor` times what rounding may leave. */
export function assertOrthonormal(
  columns: Values,
  { values, dtype }: Pick<Sample, "values" | "dtype">,
  what: string,
  factor = 1,
): void {
  const error = departure(columns);
  const bound = factor * allowed(values, dtype) * Math.sqrt(columns.shape[1]);
  assert(error <= bound, `${what} are orthonormal to ${error}, not to ${bound}`);
}

/** Fails unless the product of the factors is what it should be, but for rounding. */
export function assertRestored(restored: Values, wanted: Values, dtype: Float): void {
  const error = distance(restored, wanted);
  const bound = allowed(wanted, dtype);
  assert(error <= bound, `restored to ${error}, not to ${bound}`);
}

/** Fails unless every number is finite. */
export function assertFinite(...tensors: readonly Tensor<Float>[]): void {
  for (const { data } of tensors) assert(data.every(Number.isFinite));
}
