import { assert, assertEquals } from "@std/assert";
import { assert as assertProperty, double, float64Array, property } from "fast-check";
import { deviceTest } from "./testing/gpu_test_device.ts";
import { byteLengthOf, joinPairs, splitPairs } from "./transfer.ts";

Deno.test("splitPairs() keeps 48 bits and the sign of zero, joinPairs() adds them up", () => {
  const range = double({ min: -1e38, max: 1e38, noNaN: true });
  assertProperty(property(float64Array({ minLength: 1 }), range, (data, one) => {
    data[0] = one;
    const restored = joinPairs(splitPairs(data));
    assertEquals(restored.length, data.length);
    // Two roundings to nearest of 24 bits each; what the second falls short of in the range of
    // f32, whose smallest number is 2^-149.
    const bound = Math.abs(one) * 2 ** -48 + 2 ** -150;
    assert(Math.abs(restored[0] - one) <= bound, `${one} became ${restored[0]}`);
  }));
  assert(Object.is(joinPairs(splitPairs(Float64Array.of(-0)))[0], -0));
});

Deno.test("splitPairs() makes numbers beyond f32 infinite, and keeps what is not finite", () => {
  const pairs = splitPairs(Float64Array.of(1e39, -Infinity, NaN));
  assertEquals(pairs, Float32Array.of(Infinity, 0, -Infinity, 0, NaN, 0));
  assertEquals(joinPairs(pairs), Float64Array.of(Infinity, -Infinity, NaN));
});

Deno.test("byteLengthOf() fills bytes up to words", () => {
  assertEquals([1, 4, 5].map((length) => byteLengthOf("u8", length)), [4, 4, 8]);
  assertEquals(byteLengthOf("f32", 3), 12);
  assertEquals(byteLengthOf("f64", 3), 24);
});

deviceTest("upload() of f64 in many chunks comes back", async (device) => {
  const data = Float64Array.from({ length: 2 ** 20 + 3 }, (_, i) => i + 2 ** -20);
  using array = device.upload({ dtype: "f64", shape: [data.length], data });
  assertEquals((await device.download(array)).data, data);
});

deviceTest("upload() reads views at their own offset", async (device) => {
  const bytes = Uint8Array.from({ length: 20 }, (_, i) => i).subarray(3, 12);
  using array = device.upload({ dtype: "u8", shape: [9], data: bytes });
  const { data } = await device.download(array);
  assertEquals(data, bytes.slice());
  assertEquals(data.buffer.byteLength, 9);
});
