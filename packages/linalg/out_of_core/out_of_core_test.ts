import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Tensor, tensor } from "@pare/tensor";
import { createDevice } from "../create_device.ts";
import type { Device } from "../device.ts";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { type Float, randomValues, tensorOf, type Values } from "../testing/device_case.ts";
import { product, transposed } from "../testing/oracle.ts";
import { createEngine } from "../wasm/engine.ts";
import { createWasmKernels } from "../wasm/wasm_kernels.ts";
import { createWasmDevice } from "../wasm/wasm_device.ts";
import { deviceTest } from "../webgpu/testing/gpu_test_device.ts";
import { outOfCoreGram } from "./out_of_core_gram.ts";
import { outOfCoreMatmul } from "./out_of_core_matmul.ts";

type Matrix = Tensor<"f32" | "f64">;

/** m, n, k, and the bytes that blocks may take: one block, cuts along each dimension, single elements. */
const SHAPES = [
  [7, 5, 6, 2 ** 20],
  [40, 30, 50, 4000],
  [3, 90, 80, 2000],
  [90, 3, 4, 600],
  [5, 4, 700, 800],
  [5, 6, 7, 24],
] as const;

function assertWithin(actual: Matrix, expected: Values, bound: Float64Array, what: string): void {
  assertEquals(actual.shape, expected.shape);
  for (const [i, value] of actual.data.entries()) {
    const error = Math.abs(value - expected.data[i]);
    assert(error <= bound[i], `${what}: element ${i} is off by ${error}`);
  }
}

async function assertProducts(device: Device, dtypes: readonly Float[]): Promise<void> {
  for (const dtype of dtypes) {
    for (const [m, n, k, maxBytes] of SHAPES) {
      const [a, b] = [randomValues([m, k], 1, dtype), randomValues([k, n], 2, dtype)];
      const expected = product(a, b, 1, dtype);
      for (const transposeA of [false, true]) {
        for (const transposeB of [false, true]) {
          const left = tensorOf(transposeA ? transposed(a) : a, dtype) as Matrix;
          const right = tensorOf(transposeB ? transposed(b) : b, dtype) as Matrix;
          const options = { device, maxBytes, transposeA, transposeB };
          const result = await outOfCoreMatmul(left, right, options);
          assertEquals(result.dtype, dtype);
          // Sums of parts round no more often than one sum.
          const what = `${m}×${k} by ${k}×${n} in ${maxBytes} bytes, ${transposeA}, ${transposeB}`;
          assertWithin(result, expected, expected.bound as Float64Array, what);
        }
      }
    }
  }
}

Deno.test("outOfCoreMatmul() is the product, however it is cut, on reference", async () => {
  using device = createReferenceDevice();
  await assertProducts(device, ["f32", "f64"]);
});

Deno.test("outOfCoreMatmul() is the product, however it is cut, on wasm", async () => {
  using device = await createWasmDevice({ threads: 2 });
  await assertProducts(device, ["f32", "f64"]);
});

deviceTest("outOfCoreMatmul() is the product, however it is cut, on webgpu", async (device) => {
  await assertProducts(device, ["f32"]);
});

async function assertGrams(device: Device, unit: number): Promise<void> {
  for (
    const [rows, n, maxBytes] of [[50, 7, 2 ** 20], [50, 20, 4000], [3, 33, 2000], [20, 5, 64]]
  ) {
    const x = randomValues([rows, n], 1, "f32");
    const result = await outOfCoreGram(tensorOf(x, "f32") as Tensor, { device, maxBytes });
    const expected = product(transposed(x), x, 1, "f64");
    const what = `[${rows}, ${n}] in ${maxBytes} bytes`;
    assertWithin(result, expected, (expected.bound as Float64Array).map((b) => b * unit), what);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        assertEquals(
          result.data[i * n + j],
          result.data[j * n + i],
          what,
        );
      }
    }
  }
}

Deno.test("outOfCoreGram() sums all rows in f64, however it is cut, on reference", async () => {
  using device = createReferenceDevice();
  await assertGrams(device, 1);
});

Deno.test("outOfCoreGram() sums all rows in f64, however it is cut, on wasm", async () => {
  using device = await createWasmDevice({ threads: 2 });
  await assertGrams(device, 1);
});

deviceTest("outOfCoreGram() sums all rows in f64, however it is cut, on webgpu", async (device) => {
  // Sums are pairs of f32 there, of 48 bits instead of 53.
  await assertGrams(device, 2 ** 5);
});

Deno.test("outOfCoreMatmul() keeps to the memory it is given, two hundred times", async () => {
  const engine = await createEngine({ threads: 2 });
  using device = createDevice(createWasmKernels(engine));
  const a = tensor(new Float32Array(500 * 700).fill(0.5), [500, 700]);
  const b = tensor(new Float32Array(700 * 600).fill(2), [700, 600]);
  const { usedBytes } = engine.allocator;
  const { byteLength } = engine.memory.buffer;
  const maxBytes = 2 ** 20;
  for (let step = 0; step < 200; step++) {
    const result = await outOfCoreMatmul(a, b, { device, maxBytes });
    assertEquals(result.data[result.data.length - 1], 700);
  }
  assertEquals(engine.allocator.usedBytes, usedBytes);
  // Freed blocks of other sizes leave gaps; all operands together take more than four times as much.
  assert(engine.memory.buffer.byteLength <= byteLength + 2 * maxBytes);
});

Deno.test("outOfCoreMatmul() and outOfCoreGram() refuse what does not fit", async () => {
  const a = tensor(new Float32Array(6), [2, 3]);
  const double = tensor(new Float64Array(6), [3, 2], "f64");
  const vector = tensor(new Float32Array(3), [3]);
  await assertRejects(() => outOfCoreMatmul(a, a), RangeError, "must be [3, 3]");
  await assertRejects(() => outOfCoreMatmul<"f32" | "f64">(a, double), TypeError, "must be equal");
  await assertRejects(() => outOfCoreMatmul(a, vector), RangeError, "2 dimensions");
  await assertRejects(() => outOfCoreMatmul(a, a, { maxBytes: 8 }), RangeError, "maxBytes");
  await assertRejects(() => outOfCoreGram(vector), RangeError, "2 dimensions");
  await assertRejects(() => outOfCoreGram(a, { maxBytes: 63 }), RangeError, "maxBytes");
  const misspelt: object = { maxByte: 1 };
  await assertRejects(() => outOfCoreGram(a, misspelt), TypeError, '"maxByte" is unknown');
});
