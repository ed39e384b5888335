import { assertEquals } from "@std/assert";
import { createCountingDevice } from "./count_arrays.ts";

Deno.test("createCountingDevice() tells what was held when that was the most, and by whom", () => {
  const counting = createCountingDevice();
  const { device } = counting;
  counting.begin("first");
  const a = device.zeros([4, 8]);
  counting.begin("second");
  {
    using scope = device.scope();
    scope.matmul(a, a, { transposeB: true });
    // A view holds nothing of its own.
    scope.reshape(a, [32]);
    scope.add(a, a)[Symbol.dispose]();
    scope.zeros([4], "f64");
  }
  device.zeros([8]);
  const { bytes, byOrigin } = counting.peak();
  // What a held, the product and the sum; the sum went before what came next.
  assertEquals(bytes, 128 + 64 + 128);
  assertEquals(Object.fromEntries(byOrigin), {
    "first: zeros": 128,
    "second: matmul": 64,
    "second: add": 128,
  });
});
