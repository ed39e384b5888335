import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { type AnyTensor, randomNormal, tensor } from "@pare/tensor";
import { createDevice } from "../create_device.ts";
import type { Device } from "../device.ts";
import { DEVICE_CASES } from "../testing/device_conformance.ts";
import { createEngine, type EngineOptions } from "./engine.ts";
import { operationResults } from "./testing/operation_results.ts";
import { createWasmDevice } from "./wasm_device.ts";
import { createWasmKernels } from "./wasm_kernels.ts";

async function withOptions(options: EngineOptions): Promise<Device> {
  return createDevice(createWasmKernels(await createEngine(options)));
}

async function resultsWith(options: EngineOptions): Promise<Map<string, AnyTensor>> {
  using device = await withOptions(options);
  return await operationResults(device);
}

/** The bits of a tensor: NaN equals itself there, and -0 does not equal 0. */
function bits({ data }: AnyTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function assertSameBits(actual: Map<string, AnyTensor>, expected: Map<string, AnyTensor>): void {
  assertEquals([...actual.keys()], [...expected.keys()]);
  for (const [name, wanted] of expected) {
    const result = actual.get(name) ?? tensor(new Float32Array(0), [0]);
    assertEquals(result.shape, wanted.shape, name);
    const [a, b] = [bits(result), bits(wanted)];
    assertEquals(a.findIndex((byte, i) => byte !== b[i]), -1, `${name}: first byte that differs`);
  }
}

for (const relaxed of [true, false]) {
  const build = relaxed ? "fused" : "plain";
  Deno.test(`createWasmDevice() gives the same bits on 1, 2 and 3 threads, ${build}`, async () => {
    const expected = await resultsWith({ threads: 1, relaxed });
    for (const threads of [2, 3]) {
      assertSameBits(await resultsWith({ threads, relaxed }), expected);
    }
  });
}

Deno.test("createWasmDevice() gives the same bits with the workers of the web", async () => {
  const expected = await resultsWith({ threads: 1 });
  assertSameBits(await resultsWith({ threads: 3, workers: "web" }), expected);
});

Deno.test("createWasmDevice() has other bits without fused multiplications, where there are any", async () => {
  using device = await createWasmDevice({ threads: 1 });
  using plain = await withOptions({ threads: 1, relaxed: false });
  assertEquals(plain.description, "wasm simd128");
  assertMatch(device.description, /^wasm simd128( relaxed-madd (fused|unfused))?$/);
  const products: Uint8Array[] = [];
  for (const d of [device, plain]) {
    using a = d.upload(randomNormal([31, 33], { seed: 1 }));
    using product = d.matmul(a, a, { transposeB: true });
    products.push(bits(await d.download(product)));
  }
  const isSame = products[0].every((byte, i) => byte === products[1][i]);
  assertEquals(isSame, !device.description.endsWith(" fused"));
});

// The suite of all devices runs on the build that this machine prefers; here on the other one.
const kernels = createWasmKernels(await createEngine({ threads: 2, relaxed: false }));
const plain = createDevice(kernels);
Deno.test.afterAll(() => plain[Symbol.dispose]());
for (const { name, run } of DEVICE_CASES) {
  Deno.test(`wasm without relaxed instructions: ${name}`, () =>
    run({
      device: plain,
      create: () => withOptions({ threads: 1, relaxed: false }),
      doubles: kernels.doubles,
    }));
}

Deno.test("createWasmDevice() falls back to one thread and memory of its own", async () => {
  const engine = await createEngine({ threads: 3, shared: false });
  assertEquals(engine.threads, 1);
  assert(engine.memory.buffer instanceof ArrayBuffer);
  using device = createDevice(createWasmKernels(engine));
  // Views of memory that is not shared are gone when it grows.
  for (const size of [300, 1200, 2400]) {
    using x = device.upload(tensor(new Float32Array(size * size).fill(0.5), [size, size]));
    using sums = device.reduceRows(x, "sum");
    assertEquals((await device.download(sums)).data, new Float32Array(size).fill(size / 2));
  }
});

Deno.test("createWasmDevice() refuses numbers of threads that make no sense", async () => {
  await assertRejects(
    () => createWasmDevice({ threads: 0 }),
    RangeError,
    "Cannot make a wasm device as threads must be an integer from 1 to 256: current value is 0",
  );
  const misspelt: object = { thread: 2 };
  await assertRejects(() => createWasmDevice(misspelt), TypeError, 'option "thread" is unknown');
});

Deno.test("createWasmDevice() computes alike everywhere in four gigabytes", async () => {
  const engine = await createEngine({ threads: 2 });
  const kernels = createWasmKernels(engine);
  using device = createDevice(kernels);
  const results = [];
  for (let round = 0; round < 4; round++) {
    // What was made stays, so that the next round finds room only behind it.
    const a = device.upload(randomNormal([257, 263], { seed: 1 }));
    const products = [
      device.matmul(a, a, { transposeB: true }),
      device.softmax(a),
      device.transpose(a),
      device.reduceCols(a, "sum"),
      device.hadamard(device.slice(a, { cols: 256 }), 64),
    ];
    results.push(await Promise.all(products.map((product) => device.download(product))));
    // Nobody touches this, so that it takes no memory of the machine.
    if (round < 3) kernels.allocate("u8", 2 ** 30);
  }
  assert(engine.memory.buffer.byteLength > 3 * 2 ** 30);
  for (const result of results) assertEquals(result.map(bits), results[0].map(bits));
});

Deno.test("createWasmDevice() names the bytes that do not fit, and goes on", async () => {
  using device = await createWasmDevice({ threads: 1 });
  assertThrows(
    () => device.zeros([40_000, 40_000]),
    RangeError,
    "Cannot allocate 6400000000 bytes as all arrays must fit in 4294967296 bytes",
  );
  using x = device.upload(tensor(Float32Array.of(1, 2), [2]));
  using twice = device.scale(x, 2);
  assertEquals((await device.download(twice)).data, Float32Array.of(2, 4));
});

Deno.test("createWasmDevice() holds its peak over a thousand multiplications", async () => {
  const engine = await createEngine({ threads: 2 });
  using device = createDevice(createWasmKernels(engine));
  using a = device.upload(randomNormal([65, 129], { seed: 1 }));
  using b = device.upload(randomNormal([129, 64], { seed: 2 }));
  const { usedBytes } = engine.allocator;
  let peak = 0;
  for (let step = 0; step < 1000; step++) {
    using product = device.matmul(a, b);
    using other = device.slice(product, { rows: 1 + step % 65 });
    using sums = device.reduceRows(other, "sum");
    assertEquals(sums.shape, other.shape.slice(0, 1));
    if (step === 65) peak = engine.memory.buffer.byteLength;
  }
  assertEquals(engine.memory.buffer.byteLength, peak);
  assertEquals(engine.allocator.usedBytes, usedBytes);
});
