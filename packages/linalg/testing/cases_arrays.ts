// Arrays as such: copies in, copies out, zeros, shapes, casts, rectangles, transposes, gathers.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type AnyTensor,
  castTo,
  randomPermutation,
  ShapeError,
  sizeOf,
  tensor,
  toF32,
} from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray, DeviceDtype } from "../device_array.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Expected,
  floatsOf,
  put,
  putIndices,
  randomValues,
  type Values,
} from "./device_case.ts";
import { overwritten, rectangle, transposed } from "./oracle.ts";

/** Integers 0, 1, 2, … as far as the dtype holds them, so that every element tells its place. */
function counted(shape: readonly number[], dtype: DeviceDtype): AnyTensor {
  const numbers = Array.from({ length: sizeOf(shape) }, (_, i) => i);
  switch (dtype) {
    case "f32":
      return tensor(Float32Array.from(numbers), shape);
    case "f64":
      return tensor(Float64Array.from(numbers), shape);
    case "f16":
      // The first 2,048 of them are exact.
      return castTo(tensor(Float32Array.from(numbers, (n) => n % 2048), shape), "f16");
    case "u32":
      return tensor(Uint32Array.from(numbers, (n) => 0xffffffff - n), shape, "u32");
    case "u8":
      return tensor(Uint8Array.from(numbers), shape, "u8");
  }
}

function valuesOf(source: AnyTensor): Values {
  const { shape, data } = source.dtype === "f16" ? toF32(source) : source;
  return { shape, data: Float64Array.from(data as Iterable<number>, Number) };
}

/** The dtypes that arrays have on every device: where f64 cannot be multiplied, gram() adds to it. */
const DTYPES: readonly DeviceDtype[] = ["f32", "f64", "f16", "u32", "u8"];

/** Uploads a tensor so that it keeps its dtype. */
function putAs(device: Device, source: AnyTensor): DeviceArray {
  return device.upload(source, source.dtype === "f16" ? { dtype: "f16" } : {});
}

/** Copies a rectangle out, writes another one in, and compares both with the oracle. */
async function checkRectangle(
  device: Device,
  source: AnyTensor,
  [row, col, rows, cols]: readonly number[],
): Promise<void> {
  using array = putAs(device, source);
  using block = device.slice(array, { row, col, rows, cols });
  const values = valuesOf(source);
  const wanted = rectangle(values, row, col, rows, cols);
  const what = `${source.dtype} [${source.shape}] at [${row}, ${col}]`;
  assertEquals(block.dtype, source.dtype);
  await assertOnDevice(device, block, wanted, `${what}, slice`);
  using target = device.zeros(source.shape, source.dtype as DeviceDtype);
  device.write(target, block, row, col);
  const zeros = { shape: source.shape, data: new Float64Array(values.data.length) };
  await assertOnDevice(device, target, overwritten(zeros, wanted, row, col), `${what}, write`);
}

async function checkGather(
  device: Device,
  source: AnyTensor,
  indices: readonly number[],
): Promise<void> {
  using array = putAs(device, source);
  using picks = putIndices(device, indices);
  const values = valuesOf(source);
  const cols = source.shape.at(-1) ?? 1;
  const what = `${source.dtype} [${source.shape}]`;
  const across: Expected = {
    shape: [...source.shape.slice(0, -1), indices.length],
    data: Float64Array.from(
      { length: values.data.length / cols * indices.length },
      (_, i) => values.data[Math.floor(i / indices.length) * cols + indices[i % indices.length]],
    ),
  };
  using columns = device.gatherCols(array, picks);
  await assertOnDevice(device, columns, across, `${what}, columns`);
  if (source.shape.length !== 2) return;
  using rows = device.gatherRows(array, picks);
  const down = indices.flatMap((row) => [...values.data.slice(row * cols, (row + 1) * cols)]);
  const expected = { shape: [indices.length, cols], data: Float64Array.from(down) };
  await assertOnDevice(device, rows, expected, `${what}, rows`);
}

/** What a device does with arrays, whatever they hold. */
export const ARRAY_CASES: readonly DeviceCase[] = [
  {
    name: "upload() and download() give back the same numbers in every dtype",
    async run({ device }) {
      for (const dtype of DTYPES) {
        for (const shape of [[], [1], [3], [17, 5], [2, 3, 65], [1, 1000]]) {
          const source = counted(shape, dtype);
          using array = putAs(device, source);
          assertEquals(array.dtype, dtype);
          assertEquals(array.shape, shape);
          assertEquals(await device.download(array), source);
        }
      }
    },
  },
  {
    name: "upload() keeps infinities, NaN, the sign of zero and the extremes",
    async run({ device }) {
      const numbers = Float32Array.of(NaN, Infinity, -Infinity, -0, 0, 3.4028234663852886e38, 1);
      using array = device.upload(tensor(numbers, [7]));
      assertEquals((await device.download(array)).data, numbers);
    },
  },
  {
    name: "upload() widens narrow floats to f32",
    async run({ device }) {
      for (const dtype of ["f16", "bf16", "f8e4m3", "f8e5m2"] as const) {
        const wide = tensor(Float32Array.of(1, -2.5, 0.1, 300, 0), [5]);
        const narrow = castTo(wide, dtype) as AnyTensor;
        using array = device.upload(narrow);
        assertEquals(await device.download(array), toF32(narrow));
      }
    },
  },
  {
    name: "upload() copies, and download() copies again",
    async run({ device }) {
      const source = tensor(Float32Array.of(1, 2, 3), [3]);
      using array = device.upload(source);
      source.data.fill(9);
      const first = await device.download(array);
      (first.data as Float32Array).fill(7);
      assertEquals((await device.download(array)).data, Float32Array.of(1, 2, 3));
    },
  },
  {
    name: "upload() refuses dtypes that devices do not have, and data that does not fill the shape",
    run({ device }) {
      assertThrows(
        () => device.upload(tensor(Int32Array.of(1), [1], "i32")),
        TypeError,
        "Cannot upload as the dtype must be a float, u32 or u8: current dtype is i32",
      );
      assertThrows(() => device.upload(tensor(Uint8Array.of(1), [1], "bool")), TypeError);
      assertThrows(() => device.upload(tensor(new Float32Array(0), [0, 3])), RangeError);
      const short = { dtype: "f32", shape: [2, 2], data: new Float32Array(3) } as const;
      assertThrows(() => device.upload(short), ShapeError);
    },
  },
  {
    name: "zeros() are zero, in memory that was used before too",
    async run({ device }) {
      for (const dtype of DTYPES) {
        for (const shape of [[1], [3, 17], [257, 129]]) {
          const used = device.upload(counted(shape, dtype));
          used[Symbol.dispose]();
          using zeros = device.zeros(shape, dtype);
          assertEquals(zeros.dtype, dtype);
          const data = new Float64Array(sizeOf(shape));
          await assertOnDevice(device, zeros, { shape, data }, `${dtype} [${shape}]`);
        }
      }
      using plain = device.zeros([2]);
      assertEquals(plain.dtype, "f32");
      assertThrows(() => device.zeros([2, 0]), RangeError, "1 or more");
      assertThrows(() => device.zeros([1.5]), RangeError, "1 or more");
    },
  },
  {
    name: "reshape() shares its elements with an array that may be freed first",
    async run({ device }) {
      const source = counted([4, 6], "f32");
      const array = device.upload(source);
      using flat = device.reshape(array, [2, 12]);
      array[Symbol.dispose]();
      // New arrays must not land on elements that are still looked at.
      using other = device.zeros([4, 6]);
      assertEquals(await device.download(flat), { ...source, shape: [2, 12] });
      assertEquals(other.shape, [4, 6]);
      assertThrows(() => device.reshape(flat, [5, 5]), ShapeError);
      assertThrows(() => device.reshape(flat, [-2, -12]), RangeError);
    },
  },
  {
    name: "cast() rounds f64 to f32 and widens back",
    async run({ device }) {
      const { data } = randomValues([5, 13], 3, "f64");
      using single = device.upload(tensor(Float32Array.from(data), [5, 13]));
      using same = device.cast(single, "f32");
      await assertOnDevice(
        device,
        same,
        { shape: [5, 13], data: data.map(Math.fround) },
        "f32 to f32",
      );
      using double = device.upload(tensor(data, [5, 13]));
      using rounded = device.cast(double, "f32");
      assertEquals(rounded.dtype, "f32");
      assertEquals((await device.download(rounded)).data, Float32Array.from(data));
      using widened = device.cast(rounded, "f64");
      assertEquals((await device.download(widened)).data, data.map(Math.fround));
      assertThrows(() => device.cast(double, "u32"), TypeError);
    },
  },
  {
    name: "slice() and write() move rectangles in every dtype",
    async run({ device }) {
      for (const dtype of DTYPES) {
        for (
          const [shape, at] of [
            [[1, 1], [0, 0, 1, 1]],
            [[3, 17], [1, 5, 2, 7]],
            [[17, 3], [16, 0, 1, 3]],
            [[65, 13], [0, 12, 65, 1]],
            [[130, 70], [3, 1, 127, 66]],
          ]
        ) await checkRectangle(device, counted(shape, dtype), at);
      }
    },
  },
  {
    name: "slice() goes to the last row and column by default, and refuses what lies outside",
    async run({ device }) {
      using array = device.upload(counted([5, 7], "f32"));
      using rest = device.slice(array, { row: 2, col: 3 });
      const wanted = rectangle(valuesOf(counted([5, 7], "f32")), 2, 3, 3, 4);
      await assertOnDevice(device, rest, wanted, "rest");
      assertThrows(() => device.slice(array, { row: 2, rows: 4 }), RangeError, "within [5, 7]");
      assertThrows(() => device.slice(array, { col: -1, cols: 2 }), RangeError);
      assertThrows(() => device.slice(array, { row: 5 }), RangeError);
      assertThrows(() => device.write(array, rest, 3, 0), RangeError, "within [5, 7]");
      using vector = device.zeros([7]);
      assertThrows(() => device.slice(vector, {}), RangeError, "2 dimensions");
      using bytes = device.zeros([2, 2], "u8");
      assertThrows(() => device.write(array, bytes, 0, 0), TypeError, "dtypes must be equal");
    },
  },
  {
    name: "transpose() swaps rows and columns",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "transpose")) {
        for (const shape of [[1, 1], [1, 65], [17, 3], [130, 65], [33, 257]]) {
          const values = randomValues(shape, 1, dtype);
          using array = put(device, values, dtype);
          using swapped = device.transpose(array);
          await assertOnDevice(device, swapped, transposed(values), `${dtype} [${shape}]`);
        }
      }
      using stack = device.zeros([2, 3, 4]);
      assertThrows(() => device.transpose(stack), RangeError, "2 dimensions");
    },
  },
  {
    name: "gatherRows() and gatherCols() pick in any order and repeat",
    async run(target) {
      for (const dtype of DTYPES) {
        if (dtype === "f64" && !target.doubles.has("gather")) continue;
        for (const shape of [[1, 1], [17, 17], [3, 65], [130, 5]]) {
          const most = Math.min(...shape);
          const order = [...randomPermutation(most, { seed: 5 }).data, 0, most - 1, 0];
          await checkGather(target.device, counted(shape, dtype), order);
        }
        await checkGather(target.device, counted([2, 3, 7], dtype), [6, 0, 0, 3]);
      }
    },
  },
  {
    name: "gatherRows() refuses indices that are not u32",
    run({ device }) {
      using matrix = device.zeros([3, 3]);
      using numbers = device.zeros([2]);
      assertThrows(() => device.gatherRows(matrix, numbers), TypeError, "must be u32");
      assertThrows(() => device.gatherCols(matrix, numbers), TypeError, "must be u32");
    },
  },
  {
    name: "supports() tells which dtypes can be multiplied",
    run({ device, doubles }) {
      for (const dtype of ["f32", "f16", "u32", "u8"] as const) {
        assert(device.supports(dtype), dtype);
      }
      assertEquals(device.supports("f64"), doubles.has("matmul"));
    },
  },
  {
    name: "every operation that the device cannot do in f64 refuses it",
    async run({ device, doubles }) {
      using x = device.zeros([4, 4], "f64");
      using order = putIndices(device, [0, 1, 2, 3]);
      using gain = device.zeros([4], "f64");
      using angles = device.zeros([4, 2], "f64");
      const operations = {
        matmul: () => device.matmul(x, x),
        transpose: () => device.transpose(x),
        reduce: () => device.reduceRows(x, "sum"),
        binary: () => device.add(x, x),
        scale: () => device.scale(x, 2),
        activate: () => device.activate(x, "silu"),
        softmax: () => device.softmax(x),
        rmsNorm: () => device.rmsNorm(x, gain, 1),
        rotary: () => device.rotary(x, angles, angles, order),
        attention: () => device.attention(x, x, x, { heads: 1 }),
        gather: () => device.gatherRows(x, order),
        hadamard: () => device.hadamard(x, 2),
        nearest: () => device.nearest(x, x),
      };
      for (const [name, operate] of Object.entries(operations)) {
        if (doubles.has(name as keyof typeof operations)) {
          using result = operate();
          assertEquals(result.dtype, name === "nearest" ? "u32" : "f64", name);
        } else assertThrows(operate, TypeError, "f64", name);
      }
      await assertRejects(() => device.download({} as DeviceArray), TypeError, "made by a device");
    },
  },
];
