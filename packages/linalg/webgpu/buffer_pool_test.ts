import { assert, assertEquals } from "@std/assert";
import { assert as assertProperty, integer, property } from "fast-check";
import { createBufferPool, sizeClass } from "./buffer_pool.ts";
import type { GpuStorage } from "./storage.ts";

/** A pool that makes storages without buffers, and what it made and destroyed. */
function recordedPool(maxIdleBytes: number, maxBufferBytes = 2 ** 40) {
  const made: GpuStorage[] = [];
  const destroyed: GpuStorage[] = [];
  const pool = createBufferPool(
    (byteLength) => {
      const storage = { id: 0, buffer: {} as GPUBuffer, byteLength, batch: 0 };
      made.push(storage);
      return storage;
    },
    (storage) => destroyed.push(storage),
    { maxIdleBytes, maxBufferBytes },
  );
  return { pool, made, destroyed };
}

Deno.test("sizeClass() is a multiple of 4 that wastes at most a fifth beyond 256 bytes", () => {
  assertProperty(property(integer({ min: 1, max: 2 ** 31 }), (byteLength) => {
    const size = sizeClass(byteLength);
    assert(size >= byteLength && size % 4 === 0);
    assert(size === 256 || size - byteLength <= size / 5, `${byteLength} became ${size}`);
    assertEquals(sizeClass(size), size);
  }));
});

Deno.test("createBufferPool() serves what was given back, and only within its class", () => {
  const { pool, made } = recordedPool(10_000);
  const first = pool.take(1000);
  assert(first.byteLength >= 1000);
  pool.give(first);
  assertEquals(pool.take(1001), first);
  const second = pool.take(1000);
  assert(second !== first);
  pool.give(second);
  assert(pool.take(2000) !== second);
  assertEquals(made.length, 3);
});

Deno.test("createBufferPool() destroys what was idle longest once too much is", () => {
  const { pool, destroyed } = recordedPool(2048);
  const storages = [1024, 512, 1024].map((size) => pool.take(size));
  for (const storage of storages) pool.give(storage);
  assertEquals(destroyed, [storages[0]]);
  assertEquals(pool.take(512), storages[1]);
  const large = pool.take(4096);
  pool.give(large);
  assertEquals(destroyed, [storages[0], storages[2], large]);
});

Deno.test("createBufferPool() makes no buffer beyond the limit, and clears all that is idle", () => {
  const { pool, made, destroyed } = recordedPool(10_000, 1100);
  const storage = pool.take(1090);
  assertEquals(storage.byteLength, 1100);
  pool.give(storage);
  assertEquals(pool.take(1030), storage);
  pool.give(storage);
  pool.clear();
  assertEquals(destroyed, made);
  assert(pool.take(1090) !== storage);
});
