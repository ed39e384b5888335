import { assert, assertEquals, assertRejects } from "@std/assert";
import { randomNormal, type Tensor, tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { createWasmDevice } from "../wasm/wasm_device.ts";
import { deviceTest } from "../webgpu/testing/gpu_test_device.ts";
import { nearestCodewords } from "./nearest_codewords.ts";

/** The squared distance of every vector from every codeword, `[vectors][codewords]`, in f64. */
function allDistances(x: Tensor<"f32" | "f64">, codebook: Tensor<"f32" | "f64">): number[][] {
  const [count, cols] = x.shape;
  return Array.from(
    { length: count },
    (_, i) =>
      Array.from({ length: codebook.shape[0] }, (_, j) => {
        let squares = 0;
        for (let k = 0; k < cols; k++) {
          squares += (x.data[i * cols + k] - codebook.data[j * cols + k]) ** 2;
        }
        return squares;
      }),
  );
}

/** Normal vectors around `center`, in f32. */
function around(center: number, shape: readonly number[], seed: number): Tensor {
  const { data } = randomNormal(shape, { seed });
  return tensor(data.map((value) => center + value), shape);
}

/** Holds a search against brute force; scores of vectors so close to zero err by less than `slack`. */
async function assertNearest(device: Device, center: number, slack: number): Promise<void> {
  const x = around(center, [333, 5], 1);
  const codebook = around(center, [70, 5], 2);
  const { indices, distances } = await nearestCodewords(x, codebook, { device, chunk: 100 });
  assertEquals([indices.dtype, indices.shape, distances.shape], ["u32", [333], [333]]);
  for (const [i, row] of allDistances(x, codebook).entries()) {
    assertEquals(distances.data[i], row[indices.data[i]], "summed in the same order in f64");
    assert(distances.data[i] <= Math.min(...row) + slack, `row ${i} of vectors around ${center}`);
  }
}

// Scores are sums of six terms, each below 2^6 in size for normal numbers below 5: roundings to f32
// come to less than 12 · 2^6 · 2^-24, twice that in a distance, and two distances are compared. Without
// the origin in their midst, scores of vectors around 2^12 would err 2^20 times as much.
const SLACK = 4 * 12 * 2 ** 6 * 2 ** -24;

function search(device: Device): Promise<void[]> {
  return Promise.all([0, 4096, -1e6].map((center) => assertNearest(device, center, SLACK)));
}

Deno.test("nearestCodewords() equals brute force, wherever the origin is, on reference", async () => {
  using device = createReferenceDevice();
  await search(device);
});

Deno.test("nearestCodewords() equals brute force, wherever the origin is, on wasm", async () => {
  using device = await createWasmDevice({ threads: 3 });
  await search(device);
});

deviceTest(
  "nearestCodewords() equals brute force, wherever the origin is, on webgpu",
  async (device) => {
    await search(device);
  },
);

Deno.test("nearestCodewords() gives the same in every bit for any chunk and number of threads", async () => {
  const x = randomNormal([5000, 8], { seed: 1 });
  const codebook = randomNormal([300, 8], { seed: 2 });
  using one = await createWasmDevice({ threads: 1 });
  using three = await createWasmDevice({ threads: 3 });
  const whole = await nearestCodewords(x, codebook, { device: one });
  assertEquals(await nearestCodewords(x, codebook, { device: three }), whole);
  assertEquals(await nearestCodewords(x, codebook, { device: three, chunk: 77 }), whole);
});

Deno.test("nearestCodewords() takes f64, and makes a device where the one given has none", async () => {
  const x = tensor(Float64Array.of(1 + 1e-12, 1 - 1e-12), [2, 1], "f64");
  const codebook = tensor(Float64Array.of(1 - 2e-12, 1 + 2e-12), [2, 1], "f64");
  const { indices } = await nearestCodewords(x, codebook);
  assertEquals(indices.data, Uint32Array.of(1, 0));
});

Deno.test("nearestCodewords() gives a vector that is not finite the first codeword", async () => {
  const x = tensor(Float32Array.of(NaN, 1, Infinity, 1, 3, 3), [3, 2]);
  const codebook = tensor(Float32Array.of(9, 9, 3, 3), [2, 2]);
  const { indices, distances } = await nearestCodewords(x, codebook);
  assertEquals(indices.data, Uint32Array.of(0, 0, 1));
  assertEquals(distances.data, Float64Array.of(NaN, Infinity, 0));
});

Deno.test("nearestCodewords() compares vectors whose squares would leave the range", async () => {
  for (const size of [1e-30, 1e30]) {
    const x = tensor(Float32Array.of(3, 1, -4, -2).map((value) => value * size), [4, 1]);
    const codebook = tensor(Float32Array.of(-3, 2).map((value) => value * size), [2, 1]);
    const { indices } = await nearestCodewords(x, codebook);
    assertEquals(indices.data, Uint32Array.of(1, 1, 0, 0), `${size}`);
  }
});

Deno.test("nearestCodewords() leaves its inputs be", async () => {
  const x = around(100, [9, 2], 1);
  const codebook = around(100, [4, 2], 2);
  const [before, wordsBefore] = [x.data.slice(), codebook.data.slice()];
  await nearestCodewords(x, codebook);
  assertEquals([x.data, codebook.data], [before, wordsBefore]);
});

Deno.test("nearestCodewords() refuses what does not fit", async () => {
  const x = randomNormal([3, 2], { seed: 1 });
  const wide = randomNormal([3, 4], { seed: 1 });
  const double = tensor(new Float64Array(6), [3, 2], "f64");
  const broken = tensor(Float32Array.of(1, NaN), [1, 2]);
  await assertRejects(() => nearestCodewords(x, wide), RangeError, "must be [3, 4]");
  await assertRejects(() => nearestCodewords(x, broken), RangeError, "[0, 1] is NaN");
  await assertRejects(() => nearestCodewords(x, x, { chunk: 0 }), RangeError, "chunk");
  await assertRejects(
    () => nearestCodewords<"f32" | "f64">(x, double),
    TypeError,
    "dtypes must be equal",
  );
  const misspelt: object = { chunks: 1 };
  await assertRejects(() => nearestCodewords(x, x, misspelt), TypeError, '"chunks" is unknown');
});
