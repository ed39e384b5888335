// Products, sums, scales, orders and identities: what the conformance suite leaves open.

import { assertEquals, assertThrows } from "@std/assert";
import { castTo, type Tensor, tensor } from "@pare/tensor";
import { type Operator, permuted, product, scaled, serialize, sum, toDense } from "./mod.ts";
import { dense, identityColumns, interpolative } from "./mod.ts";
import { randomDense } from "./testing/operators.ts";

const matrix = (values: number[], shape: number[]): Operator =>
  dense(tensor(Float32Array.from(values), shape));
const vector = (...values: number[]): Tensor => tensor(Float32Array.from(values), [values.length]);
const order = (...values: number[]): Tensor<"u32"> =>
  tensor(Uint32Array.from(values), [values.length], "u32");

Deno.test("product() and sum() round once, at the very end", () => {
  // 2^24 + 1 is not an f32: rounded on the way, 1 would be lost.
  const big = product(matrix([2 ** 12, 1], [1, 2]), matrix([2 ** 12, 1], [2, 1]));
  const operator = sum(big, matrix([-(2 ** 24)], [1, 1]));
  assertEquals(toDense(operator).data, Float32Array.of(1));
});

Deno.test("scaled() scales the row by rowScales and the column by colScales", () => {
  const operator = scaled(matrix([1, 1, 1, 1, 1, 1], [2, 3]), {
    rowScales: vector(1, 10),
    colScales: castTo(vector(1, 2, 3), "f16"),
  });
  assertEquals(toDense(operator).data, Float32Array.of(1, 2, 3, 10, 20, 30));
});

Deno.test("permuted() reads inner[rowOrder[i], colOrder[j]]", () => {
  const inner = matrix([0, 1, 2, 10, 11, 12, 20, 21, 22], [3, 3]);
  const operator = permuted(inner, { rowOrder: order(1, 2, 0), colOrder: order(2, 0, 1) });
  assertEquals(toDense(operator).data, Float32Array.of(12, 10, 11, 22, 20, 21, 2, 0, 1));
});

Deno.test("interpolative() puts the columns of the identity where they are told", () => {
  const rest = matrix([1, 2, 3, 4, 5, 6], [2, 3]);
  const operator = interpolative(rest, order(1, 3));
  assertEquals(toDense(operator).data, Float32Array.of(1, 1, 2, 0, 3, 4, 0, 5, 1, 6));
  assertEquals(operator.mask.data, Uint8Array.of(0b01010));
  assertEquals(identityColumns(operator), order(1, 3));
  // Bit 8 is the lowest of the second byte.
  const wide = interpolative(matrix([1, 2, 3, 4, 5, 6, 7, 8], [1, 8]), order(8));
  assertEquals(wide.mask.data, Uint8Array.of(0, 1));
  const whole = interpolative(null, order(0, 1, 2));
  assertEquals(toDense(whole).data, Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1));
});

Deno.test("serialize() names what stands in what, own tensors first", () => {
  const term = product(randomDense([2, 1]), randomDense([1, 2]));
  const operator = scaled(
    permuted(sum(term, randomDense([2, 2])), { rowOrder: order(1, 0), colOrder: order(0, 1) }),
    { rowScales: vector(1, 1), colScales: vector(2, 2) },
  );
  assertEquals([...serialize(operator).tensors.keys()], [
    "rowScales",
    "colScales",
    "inner.rowOrder",
    "inner.colOrder",
    "inner.inner.terms.0.left.weight",
    "inner.inner.terms.0.right.weight",
    "inner.inner.terms.1.weight",
  ]);
});

Deno.test("product() and sum() refuse shapes that do not fit", () => {
  assertThrows(
    () => product(randomDense([2, 3]), randomDense([4, 2])),
    RangeError,
    "Cannot make a product as right must have as many rows as left has columns, 3: current count is 4",
  );
  assertThrows(() => sum(), RangeError, "two or more: current count is 0");
  assertThrows(() => sum(randomDense([2, 3])), RangeError, "two or more: current count is 1");
  assertThrows(
    () => sum(randomDense([2, 3]), randomDense([2, 3]), randomDense([3, 2])),
    RangeError,
    "terms.2 must have the shape of the first, [2, 3]: current shape is [3, 2]",
  );
});

Deno.test("scaled() refuses factors that do not fit", () => {
  const inner = randomDense([2, 3]);
  assertThrows(() => scaled(inner, { rowScales: vector(1, 2, 3) }), RangeError, "rowScales");
  assertThrows(() => scaled(inner, { colScales: vector(1, 2) }), RangeError, "colScales");
  assertThrows(() => scaled(inner, { rowScales: vector(1, NaN) }), RangeError, "finite");
  const bytes = tensor(new Uint8Array(2), [2], "u8") as unknown as Tensor;
  assertThrows(() => scaled(inner, { rowScales: bytes }), TypeError, "f16 or f32");
});

Deno.test("permuted() refuses what is no permutation", () => {
  const inner = randomDense([2, 3]);
  assertThrows(() => permuted(inner, { rowOrder: order(0, 0) }), RangeError, "element 1 is 0");
  assertThrows(() => permuted(inner, { rowOrder: order(0, 2) }), RangeError, "element 1 is 2");
  assertThrows(() => permuted(inner, { colOrder: order(0, 1) }), RangeError, "shape [3]");
  const floats = vector(0, 1) as unknown as Tensor<"u32">;
  assertThrows(() => permuted(inner, { rowOrder: floats }), TypeError, "u32");
});

Deno.test("interpolative() refuses columns and operators that do not fit", () => {
  const rest = randomDense([2, 3]);
  assertThrows(
    () => interpolative(rest, order(1, 1)),
    RangeError,
    "columns must be ascending and below 5: current value of element 1 is 1",
  );
  assertThrows(() => interpolative(rest, order(2, 1)), RangeError, "element 1 is 1");
  assertThrows(() => interpolative(rest, order(0, 5)), RangeError, "element 1 is 5");
  assertThrows(() => interpolative(null, order()), RangeError, "one or more: current count is 0");
  assertThrows(
    () => interpolative(rest, order(0, 1, 2)),
    RangeError,
    "rest must be of the shape [3, 3]: current operator is of the shape [2, 3]",
  );
  const floats = vector(0, 1) as unknown as Tensor<"u32">;
  assertThrows(() => interpolative(rest, floats), TypeError, "u32");
});
