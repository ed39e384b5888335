import { createReferenceDevice, downloadF32 } from "@pare/linalg";
import { tensor } from "@pare/tensor";
import { assert, assertEquals } from "@std/assert";
import { watchOperation } from "./watch_operation.ts";

Deno.test("watchOperation() sees an operation of a device and of its scopes, and nothing else", async () => {
  using device = createReferenceDevice();
  const watched = watchOperation(device, "matmul");
  using scope = watched.device.scope();
  const a = scope.upload(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]));
  scope.add(a, a);
  assertEquals(watched.spentMs(), 0);
  const product = scope.matmul(a, a);
  const inScope = watched.spentMs();
  assert(inScope > 0);
  watched.device.matmul(product, a, { alpha: 2 })[Symbol.dispose]();
  assert(watched.spentMs() > inScope);
  assertEquals((await downloadF32(scope, product)).data, Float32Array.of(7, 10, 15, 22));
});
