import { assertEquals } from "@std/assert";
import { loadMatmul } from "./onnxruntime.ts";

Deno.test("loadMatmul() multiplies", async () => {
  const multiply = await loadMatmul(1, 2, 3, 1);
  const product = await multiply(Float32Array.of(1, 2, 3), Float32Array.of(1, 4, 2, 5, 3, 6));
  assertEquals(product, Float32Array.of(14, 32));
});
