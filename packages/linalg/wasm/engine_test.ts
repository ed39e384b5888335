import { assert, assertEquals, assertLess } from "@std/assert";
import process from "node:process";
import { randomNormal } from "@pare/tensor";
import { createDevice } from "../create_device.ts";
import { createEngine } from "./engine.ts";
import { createWasmKernels } from "./wasm_kernels.ts";
import { workerKinds } from "./workers.ts";

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

Deno.test("workerKinds() finds both kinds in Deno", () => {
  assertEquals(workerKinds(), ["node", "web"]);
});

for (const workers of workerKinds()) {
  Deno.test(`createEngine() lets every thread take part, ${workers} workers`, async () => {
    const engine = await createEngine({ threads: 3, workers });
    assertEquals(engine.threads, 3);
    assert(engine.memory.buffer instanceof SharedArrayBuffer);
    // So far there is nothing but the memory of the threads, all zero.
    const scratchBytes = engine.allocator.usedBytes / 3;
    using device = createDevice(createWasmKernels(engine));
    using x = device.upload(randomNormal([500, 500], { seed: 1 }));
    const scratchOf = (thread: number) =>
      new Uint32Array(engine.memory.buffer, 1024 + thread * scratchBytes, scratchBytes / 4);
    const isUsed = (thread: number) => scratchOf(thread).some((word) => word !== 0);
    assert(![0, 1, 2].some(isUsed));
    // A busy machine may give a thread no time during one product.
    for (let round = 0; round < 500 && ![0, 1, 2].every(isUsed); round++) {
      using product = device.matmul(x, x);
      assertEquals(product.shape, [500, 500]);
    }
    assert([0, 1, 2].every(isUsed));
  });
}

Deno.test("createEngine() does with one thread where no worker will start", async () => {
  const { Worker } = globalThis;
  globalThis.Worker = function refuse() {
    throw new DOMException("No workers here", "SecurityError");
  } as unknown as typeof Worker;
  try {
    const engine = await createEngine({ threads: 3, workers: "web" });
    assertEquals(engine.threads, 1);
    using device = createDevice(createWasmKernels(engine));
    using x = device.upload(randomNormal([300, 300], { seed: 1 }));
    using product = device.matmul(x, x);
    assertEquals((await device.download(product)).data.length, 90_000);
  } finally {
    globalThis.Worker = Worker;
  }
});

Deno.test("createEngine() leaves threads asleep that have nothing to do", async () => {
  using device = createDevice(createWasmKernels(await createEngine({ threads: 3 })));
  using x = device.upload(randomNormal([300, 300], { seed: 1 }));
  using product = device.matmul(x, x);
  assertEquals(product.shape, [300, 300]);
  // Let the compiler finish what it does in the background.
  await sleep(200);
  const before = process.cpuUsage();
  await sleep(300);
  const { user, system } = process.cpuUsage(before);
  // Two threads that look again and again would take 600 ms, or 300 ms where they share one core.
  assertLess((user + system) / 1000, 150);
});

Deno.test("a device that was forgotten lets the process end", async () => {
  const program = new URL("./testing/forgotten_device.ts", import.meta.url);
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", program.href],
    signal: AbortSignal.timeout(20_000),
  }).output();
  assertEquals(code, 0);
  assertEquals(new TextDecoder().decode(stdout), "300 by 300\n");
});
