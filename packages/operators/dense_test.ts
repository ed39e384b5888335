import { assert, assertEquals, assertThrows } from "@std/assert";
import { castTo, type Tensor, tensor, toF32 } from "@pare/tensor";
import { dense, toDense } from "./mod.ts";

Deno.test("toDense() decodes f16 and bf16 exactly, and passes on what is not finite", () => {
  const weight = tensor(Float32Array.of(1.5, -0, 65504, Infinity, NaN, 2 ** -24), [2, 3]);
  for (const dtype of ["f32", "f16", "bf16"] as const) {
    const narrow = castTo(weight, dtype);
    const operator = dense(narrow as Tensor<"f32">);
    assertEquals(toDense(operator).data, toF32(narrow).data);
  }
});

Deno.test("toDense() makes an array of its own", () => {
  const weight = tensor(Float32Array.of(1, 2), [1, 2]);
  const operator = dense(weight);
  assert(operator.weight === weight);
  assert(toDense(operator).data.buffer !== weight.data.buffer);
});

Deno.test("dense() refuses what is not a matrix of floats", () => {
  for (const shape of [[], [6], [2, 3, 1], [0, 6], [6, 0]]) {
    const size = shape.reduce((product, length) => product * length, 1);
    const weight = tensor(new Float32Array(size), shape);
    assertThrows(() => dense(weight), RangeError, "weight must be a matrix");
  }
  const codes = tensor(new Uint8Array(6), [2, 3], "u8") as unknown as Tensor;
  assertThrows(() => dense(codes), TypeError, "f32 or f16 or bf16: current dtype is u8");
  const torn: Tensor = { dtype: "f32", shape: [2, 3], data: new Float32Array(5) };
  assertThrows(() => dense(torn), RangeError, "6 elements: current count is 5");
  const mislabelled = { dtype: "f32", shape: [2, 3], data: new Uint16Array(6) };
  assertThrows(() => dense(mislabelled as unknown as Tensor), TypeError, "Float32Array");
});

Deno.test("toDense() does matrices that are too large to be in f64 at once", () => {
  // 3 rows of 2^23: two fit, so that the last comes by itself.
  const cols = 2 ** 23;
  const data = new Uint16Array(3 * cols);
  for (let row = 0; row < 3; row++) data[(row + 1) * cols - 1] = 0x3f80 + row * 0x80;
  const dense3 = toDense(dense(tensor(data, [3, cols], "bf16"))).data;
  for (let row = 0; row < 3; row++) assertEquals(dense3[(row + 1) * cols - 1], 2 ** row);
  assertEquals(dense3.reduce((sum, value) => sum + value, 0), 7);
});
