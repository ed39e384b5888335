import { createReferenceDevice, downloadF32 } from "@pare/linalg";
import { tensor } from "@pare/tensor";
import { assert, assertEquals } from "@std/assert";
import { timeOperations } from "./time_operations.ts";

Deno.test("timeOperations() sees the operations of a device and of its scopes, each by itself", async () => {
  using device = createReferenceDevice();
  const timed = timeOperations(device);
  using scope = timed.device.scope();
  const a = scope.upload(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]));
  scope.add(a, a);
  assertEquals([...timed.spentMs.keys()], ["upload", "add"]);
  const product = scope.matmul(a, a);
  const inScope = timed.spentMs.get("matmul") ?? 0;
  const sums = timed.spentMs.get("add");
  assert(inScope > 0);
  timed.device.matmul(product, a, { alpha: 2 })[Symbol.dispose]();
  assert((timed.spentMs.get("matmul") ?? 0) > inScope);
  assertEquals(timed.spentMs.get("add"), sums);
  assertEquals(Object.fromEntries(timed.calls), { upload: 1, add: 1, matmul: 2 });
  assertEquals((await downloadF32(scope, product)).data, Float32Array.of(7, 10, 15, 22));
});
