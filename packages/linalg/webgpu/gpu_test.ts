import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { forEachElement, groupsFor } from "./elementwise.ts";
import { createGpu, type Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import type { Kernel } from "./kernel.ts";
import { gpuTest } from "./testing/gpu_test_device.ts";

const DOUBLE: Kernel<"x", "out", "length"> = {
  name: "double",
  reads: { x: "f32" },
  writes: { out: "f32" },
  params: { length: "u32" },
  code: () => forEachElement("2 * x[p.x_at + i]"),
};

const BROKEN: Kernel<"x", "out", "length"> = {
  ...DOUBLE,
  name: "broken",
  code: () => forEachElement("nothing by that name"),
};

function put(gpu: Gpu, numbers: readonly number[]): GpuStorage {
  const storage = gpu.allocate(4 * numbers.length);
  gpu.write(storage, 0, new Uint8Array(Float32Array.from(numbers).buffer));
  return storage;
}

async function get(gpu: Gpu, storage: GpuStorage, length: number): Promise<number[]> {
  return [...new Float32Array(await gpu.read(storage, 4 * length))];
}

function double(gpu: Gpu, x: GpuStorage, out: GpuStorage, first: number, length: number): void {
  const arrays = { x: view(x, first, length), out: view(out, first, length) };
  gpu.dispatch(DOUBLE, arrays, { length }, groupsFor(length));
}

gpuTest(
  "dispatch() binds runs that start anywhere, and writes nothing beside them",
  async (gpu) => {
    const numbers = Array.from({ length: 400 }, (_, i) => i);
    const x = put(gpu, numbers);
    for (const first of [0, 1, 63, 64, 65, 130, 399]) {
      const out = put(gpu, numbers.map(() => -1));
      const length = Math.min(7, 400 - first);
      double(gpu, x, out, first, length);
      const isInside = (i: number) => i >= first && i < first + length;
      assertEquals(await get(gpu, out, 400), numbers.map((n) => isInside(n) ? 2 * n : -1));
      gpu.free(out);
    }
  },
);

gpuTest("dispatch() reads an array that it also writes from a copy", async (gpu) => {
  const x = put(gpu, Array.from({ length: 100 }, (_, i) => i));
  const arrays = { x: view(x, 0, 50), out: view(x, 1, 50) };
  gpu.dispatch(DOUBLE, arrays, { length: 50 }, groupsFor(50));
  assertEquals((await get(gpu, x, 53)).slice(48), [94, 96, 98, 51, 52]);
});

gpuTest("dispatch() counts workgroups beyond one dimension of the dispatch", async (gpu) => {
  // One word a workgroup: the kernel is told so by its own, smaller stride.
  const count = 65535 + 77;
  const kernel: Kernel<never, "out", "count"> = {
    name: "number groups",
    reads: {},
    writes: { out: "u32" },
    params: { count: "u32" },
    code: () => `
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let group = group_index(id, groups);
  if (group < p.count) { out[p.out_at + group] += group; }
}`,
  };
  const out = gpu.allocate(4 * count);
  gpu.clear(out, 4 * count);
  gpu.dispatch(kernel, { out: view(out, 0, count) }, { count }, count);
  const numbers = new Uint32Array(await gpu.read(out, 4 * count));
  assert(numbers.every((number, i) => number === i));
});

gpuTest("write() comes after commands that still wait", async (gpu) => {
  const x = put(gpu, [1, 2, 3]);
  const out = gpu.allocate(12);
  double(gpu, x, out, 0, 3);
  gpu.write(x, 0, new Uint8Array(Float32Array.of(7, 8, 9).buffer));
  assertEquals(await get(gpu, out, 3), [2, 4, 6]);
  assertEquals(await get(gpu, x, 3), [7, 8, 9]);
});

gpuTest("free() lets commands that wait finish, and the buffer serve again", async (gpu) => {
  const x = put(gpu, [1, 2, 3]);
  const y = gpu.allocate(12);
  double(gpu, x, y, 0, 3);
  gpu.free(x);
  const z = gpu.allocate(12);
  assertEquals(z, x);
  double(gpu, y, z, 0, 3);
  assertEquals(await get(gpu, z, 3), [4, 8, 12]);
});

gpuTest("free() of more than may be idle destroys nothing that commands wait for", async (gpu) => {
  const x = put(gpu, [1, 2, 3]);
  const y = gpu.allocate(12);
  double(gpu, x, y, 0, 3);
  gpu.free(x);
  assertEquals(await get(gpu, y, 3), [2, 4, 6]);
}, { maxIdleBytes: 0 });

gpuTest("a loop of a thousand steps makes no buffers after its first", async (_, device) => {
  let made = 0;
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    made++;
    return create(descriptor);
  };
  const gpu = createGpu(device);
  const step = async (i: number) => {
    const x = put(gpu, [i, i + 1]);
    const out = gpu.allocate(8);
    double(gpu, x, out, 0, 2);
    gpu.free(x);
    if (i % 100 === 0) assertEquals(await get(gpu, out, 2), [2 * i, 2 * i + 2]);
    gpu.free(out);
  };
  await step(0);
  const madeFirst = made;
  for (let i = 1; i <= 1000; i++) await step(i);
  assertEquals(made, madeFirst);
  gpu.dispose();
});

gpuTest("read() is answered in any order, and as the array was when asked", async (gpu) => {
  const x = put(gpu, [1]);
  const y = put(gpu, [5]);
  const before = get(gpu, x, 1);
  double(gpu, y, x, 0, 1);
  const after = get(gpu, x, 1);
  gpu.free(x);
  assertEquals(await Promise.all([after, before]), [[10], [1]]);
});

gpuTest("a command that the device refuses is thrown by what comes next", async (gpu) => {
  const x = put(gpu, [1, 2, 3]);
  const out = gpu.allocate(12);
  const arrays = { x: view(x, 0, 3), out: view(out, 0, 3) };
  gpu.dispatch(BROKEN, arrays, { length: 3 }, 1);
  const error = await assertRejects(() => gpu.read(out, 12), Error);
  assertMatch(error.message, /^Cannot compute on webgpu as every command must be valid: current/);
  assertThrows(() => double(gpu, x, out, 0, 3), Error, "every command must be valid");
  assertThrows(() => gpu.allocate(4), Error, "every command must be valid");
});

gpuTest("a lost device is thrown by what comes next", async (gpu, device) => {
  const x = put(gpu, [1, 2, 3]);
  const waiting = gpu.read(x, 12);
  waiting.catch(() => {});
  device.destroy();
  await device.lost;
  const message =
    "Cannot compute on webgpu as the device must not be lost: current reason is destroyed";
  // What was under way may have been done before.
  const [outcome] = await Promise.allSettled([waiting]);
  if (outcome.status === "rejected") assertMatch(outcome.reason.message, new RegExp(`^${message}`));
  const bytes = new Uint8Array(12);
  for (
    const operate of [
      () => double(gpu, x, x, 0, 3),
      () => gpu.allocate(12),
      () => gpu.copy(x, 0, x, 8, 4),
      () => gpu.clear(x, 12),
      () => gpu.write(x, 0, bytes),
    ]
  ) assertThrows(operate, Error, message);
  await assertRejects(() => gpu.read(x, 12), Error, message);
});

gpuTest("dispose() ends all commands, and may be called twice", async (gpu) => {
  const x = put(gpu, [1, 2, 3]);
  gpu.dispose();
  gpu.dispose();
  assertThrows(() => gpu.allocate(4), Error, "the device must still be held");
  await assertRejects(() => gpu.read(x, 12), Error, "the device must still be held");
});

gpuTest("arrays and runs beyond the limits are refused by name", async (gpu, device) => {
  const { maxBufferSize } = device.limits;
  assertThrows(
    () => gpu.allocate(maxBufferSize + 4),
    RangeError,
    `Cannot make an array on webgpu as it must take at most ${Math.floor(maxBufferSize / 4) * 4} ` +
      `bytes: current length is ${maxBufferSize + 4}`,
  );
  const x = put(gpu, Array.from({ length: 1000 }, () => 1));
  const out = gpu.allocate(4000);
  assertThrows(
    () => double(gpu, x, out, 0, 1000),
    RangeError,
    "Cannot compute double on webgpu as one run of it must take at most 2048 bytes of an array: " +
      "current length is 4000",
  );
  // The stream goes on.
  double(gpu, x, out, 500, 400);
  assertEquals((await get(gpu, out, 600)).slice(595), [2, 2, 2, 2, 2]);
}, { maxBindingBytes: 2048 });
