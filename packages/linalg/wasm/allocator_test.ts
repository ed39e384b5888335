import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createAllocator } from "./allocator.ts";

const START = 1024;

function newMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: 65536 });
}

Deno.test("allocate() hands out aligned runs within the memory that never overlap", () => {
  const step = fc.record({ bytes: fc.integer({ min: 1, max: 300_000 }), freed: fc.nat() });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const memory = newMemory();
    const allocator = createAllocator(memory, START, 2 ** 32);
    const held: { address: number; bytes: number }[] = [];
    for (const { bytes, freed } of steps) {
      if (freed % 2 && held.length) {
        allocator.free(held.splice(freed % held.length, 1)[0].address);
      }
      const address = allocator.allocate(bytes);
      assertEquals(address % 64, 0);
      assert(address >= START);
      // A vector may be loaded from the last element on.
      assertLess(address + bytes + 15, memory.buffer.byteLength);
      for (const other of held) {
        assert(address + bytes <= other.address || other.address + other.bytes <= address);
      }
      held.push({ address, bytes });
    }
    const total = held.reduce((sum, { bytes }) => sum + Math.ceil(bytes / 64) * 64, 0);
    assertEquals(allocator.usedBytes, total);
  }));
});

Deno.test("free() joins neighbours, whatever the order", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }), (order) => {
      const memory = newMemory();
      const allocator = createAllocator(memory, START, 2 ** 32);
      const addresses = order.map(() => allocator.allocate(100_000));
      const size = memory.buffer.byteLength;
      for (const i of order) allocator.free(addresses[i]);
      assertEquals(allocator.usedBytes, 0);
      assertEquals(allocator.allocate(800_000), START);
      assertEquals(memory.buffer.byteLength, size);
    }),
  );
});

Deno.test("allocate() takes the smallest run that fits", () => {
  const allocator = createAllocator(newMemory(), START, 2 ** 32);
  const [large, , small] = [6400, 64, 640, 64].map((bytes) => allocator.allocate(bytes));
  allocator.free(large);
  allocator.free(small);
  assertEquals(allocator.allocate(600), small);
  assertEquals(allocator.allocate(641), large);
});

Deno.test("free() of what is not held changes nothing", () => {
  const allocator = createAllocator(newMemory(), START, 2 ** 32);
  const address = allocator.allocate(64);
  allocator.free(address + 64);
  allocator.free(address);
  allocator.free(address);
  assertEquals(allocator.usedBytes, 0);
  assertEquals(allocator.allocate(64), address);
  assertEquals(allocator.allocate(64), address + 64);
});

Deno.test("allocate() holds the peak of a thousand rounds of changing sizes", () => {
  const memory = newMemory();
  const allocator = createAllocator(memory, START, 2 ** 32);
  for (let round = 0; round < 1000; round++) {
    const held = [1, 2, 3].map((i) => allocator.allocate(40_000 * i + round % 7 * 640));
    for (const i of [1, 0, 2]) allocator.free(held[(i + round) % 3]);
  }
  // The largest round takes 251,520 bytes.
  assertLess(memory.buffer.byteLength, 6 * 65536);
});

Deno.test("allocate() names the bytes that do not fit, and goes on", () => {
  const memory = newMemory();
  const allocator = createAllocator(memory, START, 2 ** 20);
  const half = allocator.allocate(2 ** 19);
  assertThrows(
    () => allocator.allocate(600_000),
    RangeError,
    "Cannot allocate 600000 bytes as all arrays must fit in 1048576 bytes: " +
      "current arrays take 524288 bytes",
  );
  allocator.free(half);
  assertEquals(allocator.allocate(600_000), half);
  assertLess(memory.buffer.byteLength, 2 ** 20 + 1);
});

Deno.test("allocate() refuses what the engine cannot reserve", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  const allocator = createAllocator(memory, START, 2 ** 32);
  assertThrows(() => allocator.allocate(2 ** 20), RangeError, "Cannot allocate 1048576 bytes");
  assertEquals(allocator.allocate(64), START);
});
