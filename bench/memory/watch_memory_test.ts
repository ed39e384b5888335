import { assertEquals, assertRejects } from "@std/assert";
import { watchMemory } from "./watch_memory.ts";

Deno.test("watchMemory() tells how large the memories have become that were made meanwhile", async () => {
  const before = new WebAssembly.Memory({ initial: 1 });
  const { made, bytes } = await watchMemory(() => {
    const make = () => new WebAssembly.Memory({ initial: 2, maximum: 8 });
    return Promise.resolve([make(), make()]);
  });
  const after = new WebAssembly.Memory({ initial: 1 });
  assertEquals(bytes(), 4 * 65536);
  made[1].grow(3);
  for (const memory of [before, after]) memory.grow(1);
  assertEquals(bytes(), 7 * 65536);
});

Deno.test("watchMemory() puts WebAssembly back where making fails", async () => {
  const { Memory } = WebAssembly;
  await assertRejects(() => watchMemory(() => Promise.reject(new Error("no"))), Error, "no");
  assertEquals(WebAssembly.Memory, Memory);
});
