import { assertEquals } from "@std/assert";
import { loadMatmul } from "./onnxruntime.ts";

Deno.test({
  name: "loadMatmul() multiplies",
  // The runtime is loaded once, and keeps a message port of its own.
  sanitizeResources: false,
  fn: async () => {
    const multiply = await loadMatmul(1, 2, 3, 1);
    const product = await multiply(Float32Array.of(1, 2, 3), Float32Array.of(1, 4, 2, 5, 3, 6));
    assertEquals(product, Float32Array.of(14, 32));
  },
});
