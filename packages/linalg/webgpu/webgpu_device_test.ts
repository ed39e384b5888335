import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { tensor } from "@pare/tensor";
import { downloadF32 } from "../device.ts";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { IS_SKIPPED } from "#adapter";
import { deviceTest, requestGpuDevice } from "./testing/gpu_test_device.ts";
import { createWebgpuDevice } from "./webgpu_device.ts";

Deno.test({
  name: "createWebgpuDevice() makes a device of the machine's adapter",
  ignore: IS_SKIPPED,
  fn: async () => {
    using device = await createWebgpuDevice({ powerPreference: "low-power" });
    assertEquals(device.name, "webgpu");
    assertMatch(device.description, /^webgpu f32, ./);
    using x = device.upload(tensor(Float32Array.of(1, 2), [1, 2]));
    using product = device.matmul(x, x, { transposeB: true });
    assertEquals((await downloadF32(device, product)).data, Float32Array.of(5));
  },
});

Deno.test({
  name: "createWebgpuDevice() leaves a device of the caller's own as it was",
  ignore: IS_SKIPPED,
  fn: async () => {
    const own = await requestGpuDevice();
    for (let i = 0; i < 2; i++) {
      using device = await createWebgpuDevice({ device: own });
      using x = device.zeros([3]);
      assertEquals((await downloadF32(device, x)).data, new Float32Array(3));
    }
    own.destroy();
  },
});

Deno.test({
  name: "a device of the caller's own that is lost is reported by name",
  ignore: IS_SKIPPED,
  fn: async () => {
    const own = await requestGpuDevice();
    using device = await createWebgpuDevice({ device: own });
    using x = device.zeros([3]);
    await device.download(x);
    own.destroy();
    await own.lost;
    const begins = /^Cannot compute on webgpu as the device must not be lost: current reason is/;
    const ends = /; make another device, and upload the arrays there$/;
    for (
      const operate of [
        () => device.upload(tensor(Float32Array.of(1), [1])),
        () => device.zeros([3]),
        () => device.add(x, x),
        () => device.softmax(x),
        () => device.download(x),
      ]
    ) {
      // Operations throw, and downloads are rejected.
      const error = await assertRejects(async () => await operate(), Error);
      assertMatch(error.message, begins);
      assertMatch(error.message, ends);
    }
  },
});

Deno.test("createWebgpuDevice() says what to install where no adapter answers", async () => {
  // What a machine without a GPU answers.
  Object.assign(navigator.gpu, { requestAdapter: () => Promise.resolve(null) });
  try {
    await assertRejects(
      () => createWebgpuDevice(),
      Error,
      "Cannot make a webgpu device as a GPU adapter must be there: current one is missing; in " +
        "Deno on Linux install a Vulkan driver (on Debian mesa-vulkan-drivers and libvulkan1)",
    );
  } finally {
    Reflect.deleteProperty(navigator.gpu, "requestAdapter");
  }
});

Deno.test("createWebgpuDevice() refuses options that it does not know", async () => {
  await assertRejects(
    () => createWebgpuDevice({ power: 1 } as never),
    TypeError,
    `option "power" is unknown: known options are "device", "adapter", "powerPreference"`,
  );
  await assertRejects(
    () => createWebgpuDevice({ device: 7 } as never),
    RangeError,
    "Cannot make a webgpu device as device must be a GPUDevice: current value is 7",
  );
  await assertRejects(
    () => createWebgpuDevice({ powerPreference: "none" } as never),
    RangeError,
    `must be one of "low-power", "high-performance"`,
  );
});

// The largest errors relative to max(|f(x)|, 1) from -12 to 12. All exponents stay below 2 · 12, so
// the exponential is within (3 + 2 · 24) · 2^-24 = 3.1e-6 by WGSL; the error function adds 4e-7.
for (const activation of ["silu", "gelu", "geluTanh"] as const) {
  deviceTest(`activate() keeps ${activation} to 4e-6 from end to end`, async (device) => {
    const x = Float32Array.from({ length: 24001 }, (_, i) => (i - 12000) / 1000);
    using reference = createReferenceDevice();
    using exactX = reference.upload(tensor(Float64Array.from(x), [x.length]));
    using exactResult = reference.activate(exactX, activation);
    const exact = (await reference.download(exactResult)).data;
    using array = device.upload(tensor(x, [x.length]));
    using result = device.activate(array, activation);
    const { data } = await downloadF32(device, result);
    for (let i = 0; i < x.length; i++) {
      const value = Number(exact[i]);
      const error = Math.abs(data[i] - value) / Math.max(Math.abs(value), 1);
      assert(error <= 4e-6, `${activation}(${x[i]}) is off by ${error}`);
    }
  });
}

deviceTest("activate() keeps gelu relative to its own size below zero", async (device) => {
  // Where gelu(x) is down to 6e-5, its error must not be that of 1.
  const x = Float32Array.from({ length: 400 }, (_, i) => -i / 100);
  using reference = createReferenceDevice();
  using exactX = reference.upload(tensor(Float64Array.from(x), [400]));
  using exactResult = reference.activate(exactX, "gelu");
  const exact = (await reference.download(exactResult)).data;
  using array = device.upload(tensor(x, [400]));
  using result = device.activate(array, "gelu");
  const { data } = await downloadF32(device, result);
  for (let i = 0; i < 400; i++) {
    const bound = 4e-6 * Math.abs(Number(exact[i]));
    assert(Math.abs(data[i] - Number(exact[i])) <= bound, `gelu(${x[i]})`);
  }
});
