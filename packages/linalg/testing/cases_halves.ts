// Half precision: how it is held, converted and multiplied.

import { assertEquals, assertThrows } from "@std/assert";
import { castTo, decodeF16, tensor } from "@pare/tensor";
import {
  assertOnDevice,
  type DeviceCase,
  put,
  putHalves,
  randomHalves,
  randomValues,
} from "./device_case.ts";
import { batchedProduct, eachTransposed, product, transposed } from "./oracle.ts";

const TRANSPOSES = [[false, false], [true, false], [false, true], [true, true]] as const;

/** Rows, columns and inner dimension: odd ones, whose rows start within a word, and even ones. */
const SHAPES = [[1, 65, 67], [4, 64, 128], [33, 31, 35], [64, 72, 40]];

const HALVES = [[false, true], [true, false], [true, true]];

/** What a device does with half precision. */
export const HALF_CASES: readonly DeviceCase[] = [
  {
    name: "upload() as f16 keeps halves and rounds what is wider",
    async run({ device }) {
      // Between two neighbours, at a tie, beyond the largest, among the subnormal ones.
      const data = Float32Array.of(0.1, 1 + 2 ** -11, -70000, 3 * 2 ** -26, NaN, -0, 65519);
      const wide = tensor(data, [7]);
      const narrow = castTo(wide, "f16");
      for (const source of [wide, narrow, tensor(Float64Array.from(data), [7])]) {
        using array = device.upload(source, { dtype: "f16" });
        assertEquals(array.dtype, "f16");
        assertEquals(await device.download(array), narrow);
      }
      assertThrows(
        () => device.upload(tensor(Uint8Array.of(1), [1], "u8"), { dtype: "f16" }),
        TypeError,
        "Cannot upload as f16 as the dtype must be a float: current dtype is u8",
      );
      assertThrows(() => device.upload(wide, { dtype: "u8" as "f16" }), RangeError, "f16");
    },
  },
  {
    name: "cast() decodes every half and rounds back to it",
    async run({ device }) {
      // Subnormal ones may count as zero on the way to f32.
      const bits = Uint16Array.from({ length: 65536 }, (_, i) => i)
        .filter((half) => (half & 0x7c00) !== 0 || (half & 0x3ff) === 0);
      using halves = device.upload(tensor(bits, [bits.length], "f16"), { dtype: "f16" });
      using numbers = device.cast(halves, "f32");
      assertEquals(numbers.dtype, "f32");
      const decoded = Float64Array.from(bits, decodeF16);
      await assertOnDevice(device, numbers, { shape: [bits.length], data: decoded }, "decoded");
      using again = device.cast(numbers, "f16");
      const { data } = await device.download(again);
      for (const [i, half] of bits.entries()) {
        const isNan = Number.isNaN(decodeF16(half));
        assertEquals(isNan ? NaN : data[i], isNan ? decodeF16(Number(data[i])) : half);
      }
    },
  },
  {
    name: "cast() rounds f32 to f16, to nearest, ties to even",
    async run({ device }) {
      const numbers = randomValues([999], 3, "f32").data;
      const data = Float32Array.from(numbers, (x, i) => x * 2 ** (i % 45 - 27));
      // Ties, and both sides of them; both sides of where infinity begins.
      for (const [i, step] of [0.5, 1.5, 2.5, 0.5 + 2 ** -12, 1.5 - 2 ** -12].entries()) {
        data[i] = 1 + step * 2 ** -10;
        data[i + 5] = step * 2 ** -24;
      }
      data.set([65519.996, 65520, -65520, Infinity, -Infinity, NaN, -0], 10);
      const source = tensor(data, [3, 333]);
      using array = device.upload(source);
      using halves = device.cast(array, "f16");
      assertEquals(await device.download(halves), castTo(source, "f16"));
      using double = device.zeros([2], "f64");
      const wanted = "Cannot cast as it must be between f32 and f64 or f32 and f16: current";
      assertThrows(() => device.cast(double, "f16"), TypeError, wanted);
      assertThrows(() => device.cast(halves, "f64"), TypeError, wanted);
      using same = device.cast(halves, "f16");
      assertEquals(await device.download(same), castTo(source, "f16"));
    },
  },
  ...TRANSPOSES.map(([transposeA, transposeB], t): DeviceCase => ({
    name: `matmul() multiplies halves, transposed ${transposeA}, ${transposeB}`,
    async run({ device }) {
      for (const [i, [m, n, k]] of SHAPES.entries()) {
        const a = randomHalves([m, k], 1);
        const b = randomHalves([k, n], 2);
        const expected = product(a, b, -0.5, "f32");
        const [isHalfA, isHalfB] = HALVES[(i + t) % HALVES.length];
        const [left, right] = [transposeA ? transposed(a) : a, transposeB ? transposed(b) : b];
        using x = isHalfA ? putHalves(device, left) : put(device, left, "f32");
        using y = isHalfB ? putHalves(device, right) : put(device, right, "f32");
        using result = device.matmul(x, y, { transposeA, transposeB, alpha: -0.5 });
        assertEquals(result.dtype, "f32");
        const what = `[${a.shape}] by [${b.shape}], halves ${[isHalfA, isHalfB]}`;
        await assertOnDevice(device, result, expected, what);
      }
    },
  })),
  {
    name: "matmul() multiplies stacks of halves, whatever word their matrices start in",
    async run({ device }) {
      for (const [shapeA, shapeB] of [[[3, 5, 7], [3, 7, 9]], [[2, 8, 12], [2, 12, 16]]]) {
        const a = randomHalves(shapeA, 1);
        const b = randomHalves(shapeB, 2);
        const expected = batchedProduct(a, b, shapeA[0], "f32");
        for (const [transposeA, transposeB] of TRANSPOSES) {
          using x = putHalves(device, transposeA ? eachTransposed(a) : a);
          using y = putHalves(device, transposeB ? eachTransposed(b) : b);
          using result = device.matmul(x, y, { transposeA, transposeB });
          await assertOnDevice(device, result, expected, `[${shapeA}] by [${shapeB}]`);
        }
      }
    },
  },
  {
    name: "halves are multiplied with f32 alone, into f32, and nothing else computes with them",
    run({ device }) {
      using halves = device.zeros([4, 4], "f16");
      using singles = device.zeros([4, 4]);
      using doubles = device.zeros([4, 4], "f64");
      using bytes = device.zeros([4, 4], "u8");
      assertThrows(() => device.matmul(halves, doubles), TypeError);
      assertThrows(() => device.matmul(bytes, halves), TypeError);
      assertThrows(
        () => device.matmul(singles, halves, { into: halves }),
        TypeError,
        "into must be f32, as the product is: current dtype is f16",
      );
      assertThrows(() => device.transpose(halves), TypeError, "must be f32 or f64");
      assertThrows(() => device.add(halves, halves), TypeError, "must be f32 or f64");
      assertThrows(() => device.softmax(halves), TypeError, "must be f32 or f64");
      assertThrows(() => device.gram(halves, doubles), TypeError, "must add f32 to f64");
    },
  },
];
