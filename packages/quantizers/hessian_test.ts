import { tensor } from "@pare/tensor";
import { assertEquals } from "@std/assert";
import { dampedHessian } from "./hessian.ts";

Deno.test("dampedHessian() is the same for inputs of any size", () => {
  const gram = tensor(Float64Array.of(4, 1, 1, 12), [2, 2]);
  const larger = tensor(gram.data.map((value) => 2 ** 20 * value), [2, 2]);
  assertEquals(dampedHessian(gram), dampedHessian(larger));
  assertEquals(dampedHessian(gram, 0.01).data, Float64Array.of(0.51, 0.125, 0.125, 1.51));
});

Deno.test("dampedHessian() is the identity, damped, where nothing was seen", () => {
  const gram = tensor(new Float64Array(9), [3, 3]);
  assertEquals(dampedHessian(gram, 0.25).data, Float64Array.of(1.25, 0, 0, 0, 1.25, 0, 0, 0, 1.25));
});
