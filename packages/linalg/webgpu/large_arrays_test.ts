// Arrays that really take more than one binding, which is 128 MiB where nothing else is asked for.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { tensor } from "@pare/tensor";
import { downloadF32 } from "../device.ts";
import { deviceTest, gpuTest } from "./testing/gpu_test_device.ts";

const [K, N] = [4096, 8448];

gpuTest("the array of the next test takes more than one binding", (_, { limits }) => {
  assert(4 * K * N > limits.maxStorageBufferBindingSize, `${limits.maxStorageBufferBindingSize}`);
  return Promise.resolve();
});

deviceTest(
  "matmul() multiplies by a matrix of 132 MiB, as it lies and transposed",
  async (device) => {
    // Integers that tell the rows and columns apart, whose sums are exact in f32.
    const data = new Float32Array(K * N);
    for (let i = 0; i < data.length; i++) data[i] = (i * 7 + (i >> 11)) % 5 - 2;
    using b = device.upload(tensor(data, [K, N]));
    using turned = device.reshape(b, [N, K]);
    const x = Float32Array.from({ length: K }, (_, i) => i % 7 - 3);
    using a = device.upload(tensor(x, [1, K]));
    using product = device.matmul(a, b);
    using transposed = device.matmul(a, turned, { transposeB: true });
    const across = new Float32Array(N);
    const along = new Float32Array(N);
    for (let l = 0; l < K; l++) {
      for (let j = 0; j < N; j++) across[j] += x[l] * data[l * N + j];
    }
    for (let j = 0; j < N; j++) {
      for (let l = 0; l < K; l++) along[j] += x[l] * data[j * K + l];
    }
    assertEquals((await downloadF32(device, product)).data, across);
    assertEquals((await downloadF32(device, transposed)).data, along);
  },
);

deviceTest("an array larger than a buffer may be is refused before anything is made", (device) => {
  assertThrows(
    () => device.zeros([2 ** 16, 2 ** 16]),
    RangeError,
    "Cannot make an array on webgpu as it must take at most",
  );
  using array = device.zeros([3]);
  assertEquals(array.shape, [3]);
  return Promise.resolve();
});
