import { assertEquals } from "@std/assert";
import { castTo, type Tensor, tensor } from "@pare/tensor";
import { affine, type AffineParts, bitsPerWeight, gatherRows, serialize, toDense } from "./mod.ts";
import { unpackCodes, unpackZeroPoints } from "./mod.ts";
import { randomAffine } from "./testing/operators.ts";
import { refusalsOf } from "./testing/refusals.ts";

const codes = (values: number[], shape: number[]): Tensor<"u8"> =>
  tensor(Uint8Array.from(values), shape, "u8");
const floats = (values: number[], shape: number[]): Tensor =>
  tensor(Float32Array.from(values), shape);

Deno.test("affine() packs each row by itself, lowest bit first", () => {
  const operator = affine({
    codes: codes([1, 2, 7, 0, 5, 3], [2, 3]),
    bits: 3,
    groupSize: 2,
    scales: floats([1, 2, 3, 4], [2, 2]),
    zeroPoints: codes([7, 1, 0, 2], [2, 2]),
  });
  assertEquals(operator.codes.shape, [2, 2]);
  assertEquals(operator.codes.data, Uint8Array.of(0b11_010_001, 0b1, 0b11_101_000, 0b0));
  assertEquals(operator.zeroPoints?.shape, [2, 1]);
  assertEquals(operator.zeroPoints?.data, Uint8Array.of(0b001_111, 0b010_000));
  assertEquals(toDense(operator).data, Float32Array.of(-6, -5, 12, 0, 15, 4));
});

Deno.test("affine() takes 2^(bits − 1) where there are no zero points", () => {
  for (const bits of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const operator = affine({
      codes: codes([0, 1, 2 ** bits - 1], [1, 3]),
      bits,
      groupSize: null,
      scales: floats([0.5], [1, 1]),
    });
    const half = 2 ** bits / 2;
    assertEquals(
      toDense(operator).data,
      Float32Array.of(-half / 2, (1 - half) / 2, (half - 1) / 2),
    );
    assertEquals(unpackZeroPoints(operator).data, Float32Array.of(half));
  }
});

Deno.test("affine() rounds a weight once, not its scale and its difference apart", () => {
  // 1/3 in f32 times 200 is not an f32; computed in f32, code − zero point would lose 2^-24 first.
  const third = Math.fround(1 / 3);
  const operator = affine({
    codes: codes([200], [1, 1]),
    bits: 8,
    groupSize: 1,
    scales: floats([third], [1, 1]),
    zeroPoints: floats([2 ** -20 + 2 ** -24], [1, 1]),
  });
  const exact = third * (200 - 2 ** -20 - 2 ** -24);
  assertEquals(toDense(operator).data[0], Math.fround(exact));
});

Deno.test("unpackCodes() and unpackZeroPoints() give back what affine() packed", () => {
  for (const groupSize of [null, 1, 3, 50]) {
    const scaleShape = groupSize === null ? [1, 1] : [2, Math.ceil(5 / groupSize)];
    const length = scaleShape[0] * scaleShape[1];
    const parts = {
      codes: codes([0, 1, 2, 3, 4, 5, 6, 7, 8, 31], [2, 5]),
      bits: 5,
      groupSize,
      scales: floats(Array(length).fill(1), scaleShape),
    };
    const zeroPoints = codes(Array.from({ length }, (_, i) => i), scaleShape);
    const packed = affine({ ...parts, zeroPoints });
    assertEquals(unpackCodes(packed), parts.codes);
    assertEquals(unpackZeroPoints(packed), floats([...zeroPoints.data], scaleShape));
    const fractions = castTo(floats(Array(length).fill(1.5), scaleShape), "f16");
    const kept = affine({ ...parts, zeroPoints: fractions });
    assertEquals(kept.zeroPoints, fractions);
    assertEquals(unpackZeroPoints(kept), floats(Array(length).fill(1.5), scaleShape));
  }
});

Deno.test("affine() is as small as it says", () => {
  const operator = randomAffine([64, 128], {
    bits: 4,
    groupSize: 64,
    scaleDtype: "f16",
    zeroPointDtype: "u8",
  });
  // 4 bits a code; for each group of 64, 16 bits of scale and 4 of zero point.
  assertEquals(bitsPerWeight(operator), 4 + 20 / 64);
  assertEquals([...serialize(operator).tensors.keys()], ["codes", "scales", "zeroPoints"]);
});

Deno.test("gatherRows() reads single rows of codes with their own scales", () => {
  const operator = randomAffine([300, 40], { bits: 3, groupSize: 16, zeroPointDtype: "u8" });
  const whole = toDense(operator);
  const row = gatherRows(operator, Uint32Array.of(299));
  assertEquals(row.data, whole.data.subarray(299 * 40));
});

Deno.test("affine() refuses parts that do not fit, by name", () => {
  const fit: AffineParts = {
    codes: codes([1, 2, 3, 0, 1, 2], [2, 3]),
    bits: 2,
    groupSize: 2,
    scales: floats([1, 1, 1, 1], [2, 2]),
  };
  const refused = refusalsOf(affine, fit);
  refused({ bits: 0 }, RangeError, "bits must be an integer from 1 to 8: current value is 0");
  refused({ bits: 9 }, RangeError, "bits");
  refused({ bits: 1 }, RangeError, "every code must be below 2");
  refused({ groupSize: 0 }, RangeError, "groupSize");
  refused({ groupSize: 1.5 }, RangeError, "groupSize");
  refused({ groupSize: 3 }, RangeError, "scales must have the shape [2, 1]");
  refused({ groupSize: null }, RangeError, "scales must have the shape [1, 1]");
  refused({ codes: codes([1], [1]) }, RangeError, "codes must be a matrix");
  refused({ codes: codes([], [0, 3]) }, RangeError, "codes must be a matrix");
  refused({ codes: floats([1, 2, 3, 0, 1, 2], [2, 3]) }, TypeError, "codes must be u8");
  refused({ scales: floats([1, NaN, 1, 1], [2, 2]) }, RangeError, "element 1 is NaN");
  refused({ scales: castTo(floats([1, 1, 1, 1e6], [2, 2]), "f16") }, RangeError, "Infinity");
  refused({ scales: castTo(fit.scales as Tensor, "bf16") }, TypeError, "f16 or f32");
  refused(
    { zeroPoints: codes([1, 1], [2, 1]) },
    RangeError,
    "zeroPoints must have the shape [2, 2]",
  );
  refused({ zeroPoints: codes([1, 1, 1, 4], [2, 2]) }, RangeError, "below 4");
  refused({ zeroPoints: floats([1, 1, 1, Infinity], [2, 2]) }, RangeError, "zeroPoints");
});
