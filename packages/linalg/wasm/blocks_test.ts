// The suite of all devices has no shapes as large as the blocks that the kernels cut products into.

import { assertEquals } from "@std/assert";
import { packIntegers, randomUniform, tensor } from "@pare/tensor";
import { assertOnDevice, put, randomValues, type Values } from "../testing/device_case.ts";
import { product, transposed } from "../testing/oracle.ts";
import { createWasmDevice } from "./wasm_device.ts";

const device = await createWasmDevice({ threads: 2 });
Deno.test.afterAll(() => device[Symbol.dispose]());

/** Rows, columns and inner dimension, one step beyond the blocks of each path. */
const SHAPES = [
  [241, 257, 257],
  [9, 513, 300],
  [1, 1025, 70],
  [3, 1030, 130],
  [8, 130, 1000],
  [500, 1, 300],
  [16, 1030, 300],
  // A matrix that is multiplied by one row in parts, and a rest.
  [1, 2100, 1003],
] as const;

for (const dtype of ["f32", "f64"] as const) {
  for (const [m, n, k] of SHAPES) {
    Deno.test(`matmul() across blocks, ${dtype} [${m}, ${k}] by [${k}, ${n}]`, async () => {
      const a = randomValues([m, k], 1, dtype);
      const b = randomValues([k, n], 2, dtype);
      const expected = product(a, b, 0.7, dtype);
      for (const transposeA of [false, true]) {
        for (const transposeB of [false, true]) {
          using left = put(device, transposeA ? transposed(a) : a, dtype);
          using right = put(device, transposeB ? transposed(b) : b, dtype);
          using result = device.matmul(left, right, { transposeA, transposeB, alpha: 0.7 });
          await assertOnDevice(device, result, expected, `transposed ${transposeA}, ${transposeB}`);
        }
      }
    });
  }
}

Deno.test("gram() across blocks is symmetric to the last bit", async () => {
  const x = randomValues([300, 245], 1, "f32");
  const before = randomValues([245, 245], 2, "f64");
  const expected = product(transposed(x), x, 1, "f64");
  // One more rounding, of the sum with what was there.
  const bound = expected.bound as Float64Array;
  for (const [i, value] of before.data.entries()) {
    expected.data[i] += value;
    bound[i] += 2 ** -52 * Math.abs(expected.data[i]);
  }
  using array = put(device, x, "f32");
  using into = put(device, before, "f64");
  device.gram(array, into);
  await assertOnDevice(device, into, expected, "gram");
  using zeros = device.zeros([245, 245], "f64");
  device.gram(array, zeros);
  using mirrored = device.transpose(zeros);
  assertEquals(await device.download(mirrored), await device.download(zeros));
});

/** Tokens, rows, columns, group size: each path of the dequantizing product, beyond its blocks. */
const CODES = [
  [241, 257, 300, 20],
  [9, 300, 513, 64],
  [3, 13, 4100, 24],
  [1, 13, 4100, 24],
  [1, 13, 4100, 27],
  [1, 70, 1001, 2000],
] as const;

for (const [tokens, rows, cols, groupSize] of CODES) {
  Deno.test(`affineMatmul() across blocks, [${tokens}, ${cols}] by [${rows}, ${cols}]`, async () => {
    for (const bits of [3, 4, 7]) {
      const rowBytes = 4 * Math.ceil(cols * bits / 32);
      const groups = Math.ceil(cols / groupSize);
      const codes = Uint8Array.from(
        randomUniform([rows * cols], { seed: bits }).data,
        (value) => value * 2 ** bits,
      );
      const scales = randomValues([rows, groups], 4, "f32");
      const zeroPoints = randomValues([rows, groups], 5, "f32");
      const packed = new Uint8Array(rows * rowBytes);
      for (let row = 0; row < rows; row++) {
        packed.set(
          packIntegers(codes.subarray(row * cols, (row + 1) * cols), bits),
          row * rowBytes,
        );
      }
      const weights: Values = {
        shape: [rows, cols],
        data: Float64Array.from(codes, (code, i) => {
          const group = Math.floor(i / cols) * groups + Math.floor(i % cols / groupSize);
          return scales.data[group] * (code - zeroPoints.data[group]);
        }),
      };
      const x = randomValues([tokens, cols], 6, "f32");
      // Its bound has room for twice the roundings, two more for each weight among them.
      const expected = product(x, transposed(weights), 1, "f32");
      using input = put(device, x, "f32");
      using codeArray = device.upload(tensor(packed, [rows, rowBytes], "u8"));
      using scaleArray = put(device, scales, "f32");
      using zeroArray = put(device, zeroPoints, "f32");
      using result = device.affineMatmul(input, {
        ...{ codes: codeArray, scales: scaleArray, zeroPoints: zeroArray },
        ...{ bits, groupSize, rows, cols },
      });
      await assertOnDevice(device, result, expected, `${bits} bits, groups of ${groupSize}`);
    }
  });
}
