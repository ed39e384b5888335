import { assertEquals, assertThrows } from "@std/assert";
import { castTo, FormatError, type Tensor, tensor } from "@pare/tensor";
import { bitsPerWeight, levels, type LevelsParts, parse, serialize } from "./mod.ts";
import { toDense, unpackCodes } from "./mod.ts";
import { randomLevels } from "./testing/operators.ts";
import { nodeRefusalsOf, refusalsOf } from "./testing/refusals.ts";

const bytes = (values: number[], shape: number[]): Tensor<"u8"> =>
  tensor(Uint8Array.from(values), shape, "u8");
const floats = (values: number[], shape: number[]): Tensor =>
  tensor(Float32Array.from(values), shape);

Deno.test("levels() packs each row by itself, and multiplies by both scales", () => {
  const codes = bytes([0, 7, 15, 15, 7, 0], [2, 3]);
  const operator = levels({
    kind: "normal",
    codes,
    bits: 4,
    groupSize: 2,
    scales: castTo(floats([1, 2, 0.5, 3], [2, 2]), "f8e4m3"),
    matrixScale: floats([10], [1]),
  });
  assertEquals(operator.codes, bytes([0x70, 0x0f, 0x7f, 0x00], [2, 2]));
  assertEquals(toDense(operator).data, Float32Array.of(-10, 0, 20, 5, 0, -30));
  assertEquals(unpackCodes(operator), codes);
});

Deno.test("levels() reads powers of two from bytes, down to the least", () => {
  const operator = levels({
    kind: "e2m1",
    codes: bytes([2, 15, 1, 8], [1, 4]),
    bits: 4,
    groupSize: 1,
    scales: bytes([0, 130, 254, 127], [1, 4]),
  });
  assertEquals(toDense(operator).data, Float32Array.of(2 ** -127, -48, 2 ** 126, 0));
});

Deno.test("levels() is as small as it says: its levels take no bytes", () => {
  const sizes = [
    [randomLevels([8, 256], { groupSize: 64 }), 4.25],
    [randomLevels([8, 256], { bits: 3, groupSize: 32, scaleDtype: "f32" }), 4],
    [randomLevels([8, 256], { kind: "e2m1", groupSize: 32, scaleDtype: "f8e8m0" }), 4.25],
    [randomLevels([8, 256], { kind: "e2m1", groupSize: 16, scaleDtype: "f8e4m3" }), 4.5 + 1 / 64],
  ] as const;
  for (const [operator, bits] of sizes) assertEquals(bitsPerWeight(operator), bits);
});

Deno.test("levels() refuses parts that do not fit, by name", () => {
  const fit: LevelsParts = {
    kind: "normal",
    codes: bytes([1, 2, 3, 0, 1, 2], [2, 3]),
    bits: 2,
    groupSize: 2,
    scales: floats([1, 1, 1, 1], [2, 2]),
  };
  const refused = refusalsOf(levels, fit);
  refused({ kind: "even" }, RangeError, `kind must be "normal" or "e2m1": current value is "even"`);
  refused({ bits: 5 }, RangeError, `bits must be an integer from 2 to 4 for the levels "normal"`);
  refused({ kind: "e2m1" }, RangeError, `bits must be 4 for the levels "e2m1": current value is 2`);
  refused({ groupSize: 0 }, RangeError, "groupSize must be an integer of 1 or more");
  refused({ groupSize: 3 }, RangeError, "scales must have the shape [2, 1]");
  refused({ codes: bytes([1], [1]) }, RangeError, "codes must be a matrix");
  refused({ codes: bytes([1, 2, 3, 4, 1, 2], [2, 3]) }, RangeError, "every code must be below 4");
  refused({ codes: floats([1, 2, 3, 0, 1, 2], [2, 3]) }, TypeError, "codes must be u8");
  refused({ scales: floats([1, NaN, 1, 1], [2, 2]) }, RangeError, "element 1 is NaN");
  refused({ scales: bytes([1, 1, 1, 255], [2, 2]) }, RangeError, "element 3 is NaN");
  refused(
    { scales: castTo(floats([1, 1, 1, 1], [2, 2]), "bf16") },
    TypeError,
    "scales must be f16",
  );
  refused({ matrixScale: floats([1, 1], [2]) }, RangeError, "matrixScale must have the shape [1]");
  refused({ matrixScale: floats([Infinity], [1]) }, RangeError, "matrixScale must be finite");
  refused(
    { matrixScale: floats([1e38], [1]), scales: floats([1, 1, 100, 1], [2, 2]) },
    RangeError,
    "scales times matrixScale must be finite: current value of element 2 is Infinity",
  );
});

Deno.test("parseNode() refuses levels that do not exist, and bits that they do not have", () => {
  const { node, tensors } = serialize(randomLevels([2, 8], { groupSize: 8 }));
  const refused = nodeRefusalsOf(node, "up");
  refused({ kind: "uniform" }, `up.kind must be one of "normal", "e2m1"`);
  refused({ bits: 1 }, "up.bits must be an integer from 2 to 4");
  refused({ kind: "e2m1", bits: 3 }, "up.bits must be 4");
  refused({ scaleDtype: "u8" }, "up.scaleDtype must be one of");
  refused({ matrixScale: 1 }, "up.matrixScale must be true or false");
  refused({ groupSize: null }, "up.groupSize must be an integer of 1 or more");
  assertThrows(() => parse({ ...node, matrixScale: true }, tensors, "up"), FormatError, "up");
  assertThrows(() => parse({ ...node, scaleDtype: "f8e8m0" }, tensors, "up"), FormatError, "up");
});
