import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { type Dtype, DTYPES } from "./dtype.ts";
import { ShapeError } from "./errors.ts";
import { sizeOf, tensor } from "./tensor.ts";

Deno.test("sizeOf() multiplies the lengths", () => {
  assertEquals(sizeOf([]), 1);
  assertEquals(sizeOf([7]), 7);
  assertEquals(sizeOf([2, 3, 4]), 24);
  assertEquals(sizeOf([2, 0, 4]), 0);
});

Deno.test("tensor() shares its data and tells the dtype of floats", () => {
  const single = new Float32Array(6);
  const double = new Float64Array(6);
  assertStrictEquals(tensor(single, [2, 3]).data, single);
  assertEquals(tensor(single, [2, 3]), { dtype: "f32", shape: [2, 3], data: single });
  assertEquals(tensor(double, [6, 1]), { dtype: "f64", shape: [6, 1], data: double });
  assertEquals(tensor(Float32Array.of(5), []).shape, []);
  assertEquals(tensor(new Float32Array(0), [0, 3]).shape, [0, 3]);
});

Deno.test("tensor() takes data of every dtype, and no other array", () => {
  for (const [dtype, { array }] of Object.entries(DTYPES) as [Dtype, typeof DTYPES[Dtype]][]) {
    const data = new array(4);
    assertEquals(tensor<Dtype>(data, [2, 2], dtype), { dtype, shape: [2, 2], data });
    const other = data instanceof Float64Array ? new Float32Array(4) : new Float64Array(4);
    assertThrows(
      () => tensor<Dtype>(other, [2, 2], dtype),
      TypeError,
      `as ${dtype} must be held in a ${array.name}: current data is a ${other.constructor.name}`,
    );
  }
});

Deno.test("tensor() refuses shapes that the data does not fill", () => {
  const data = new Float32Array(6);
  const error = assertThrows(
    () => tensor(data, [2, 4]),
    ShapeError,
    "Cannot wrap data as a tensor as the shape must be [2, 4]: current shape is [6]",
  );
  assertEquals(error.expected, [2, 4]);
  assertEquals(error.actual, [6]);
  assert(error instanceof RangeError);
  for (const shape of [[], [7], [-2, -3], [1.5, 4], [NaN], [Infinity, 0]]) {
    assertThrows(() => tensor(data, shape), ShapeError);
  }
});
