// The search for nearest codewords.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ShapeError, tensor } from "@pare/tensor";
import { type DeviceCase, type Float, floatsOf, put, randomValues } from "./device_case.ts";
import { UNIT, type Values } from "./device_case.ts";

/** Rows of x, their length, and codewords: beside, at and beyond what the kernels take at once. */
const SIZES = [
  [1, 1, 1],
  [3, 1, 17],
  [5, 2, 9],
  [130, 4, 63],
  [67, 8, 257],
  [9, 16, 1025],
  [33, 33, 130],
  [2, 300, 40],
] as const;

/** The squared distance of row i of x and codeword j. */
function distance(x: Values, i: number, codebook: Values, j: number): number {
  const cols = codebook.shape[1];
  let squares = 0;
  for (let k = 0; k < cols; k++) {
    squares += (x.data[i * cols + k] - codebook.data[j * cols + k]) ** 2;
  }
  return squares;
}

/**
 * How much farther the codeword found may be than the nearest one.
 *
 * A score is x · c − ‖c‖² / 2, a sum of cols + 1 terms, or of twice as many, each rounded once or twice:
 * it errs by (2 cols + 4) u Σ (|x c| + c²). A distance is twice its score, and two of them are compared.
 */
function slack(x: Values, i: number, codebook: Values, dtype: Float): number {
  const cols = codebook.shape[1];
  let largest = 0;
  for (let j = 0; j < codebook.shape[0]; j++) {
    let magnitude = 0;
    for (let k = 0; k < cols; k++) {
      const c = codebook.data[j * cols + k];
      magnitude += Math.abs(x.data[i * cols + k] * c) + c * c;
    }
    largest = Math.max(largest, magnitude);
  }
  return 4 * (2 * cols + 4) * UNIT[dtype] * largest;
}

/** Small integers, whose scores are exact in f32. */
function integers(shape: readonly number[], seed: number): Values {
  const { data } = randomValues(shape, seed, "f32");
  return { shape, data: data.map((value) => Math.floor(3 * value)) };
}

/** What a device does to search codebooks. */
export const NEAREST_CASES: readonly DeviceCase[] = [
  {
    name: "nearest() finds a codeword as near as any",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "nearest")) {
        for (const [rows, cols, count] of SIZES) {
          const x = randomValues([rows, cols], 1, dtype);
          const codebook = randomValues([count, cols], 2, dtype);
          using array = put(device, x, dtype);
          using codewords = put(device, codebook, dtype);
          using result = device.nearest(array, codewords);
          const { dtype: type, data } = await device.download(result);
          assertEquals([type, data.length], ["u32", rows]);
          for (let i = 0; i < rows; i++) {
            let smallest = Infinity;
            for (let j = 0; j < count; j++) {
              smallest = Math.min(smallest, distance(x, i, codebook, j));
            }
            const found = distance(x, i, codebook, Number(data[i]));
            const isNear = found <= smallest + slack(x, i, codebook, dtype);
            assert(isNear, `${dtype} [${rows}, ${cols}] in ${count}: row ${i} at ${data[i]}`);
          }
        }
      }
    },
  },
  {
    name: "nearest() takes the first of several at the same distance",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "nearest")) {
        for (const [rows, cols, count] of SIZES) {
          const x = integers([rows, cols], 1);
          const codebook = integers([count, cols], 2);
          using array = put(device, x, dtype);
          using codewords = put(device, codebook, dtype);
          using result = device.nearest(array, codewords);
          const expected = Uint32Array.from({ length: rows }, (_, i) => {
            let first = 0;
            for (let j = 1; j < count; j++) {
              if (distance(x, i, codebook, j) < distance(x, i, codebook, first)) first = j;
            }
            return first;
          });
          const { data } = await device.download(result);
          assertEquals(data, expected, `${dtype} [${rows}, ${cols}] in ${count}`);
        }
      }
    },
  },
  {
    name: "nearest() keeps leading dimensions",
    async run({ device }) {
      using x = device.upload(tensor(Float32Array.of(0, 9, 1, 8, 2, 7), [3, 2, 1]));
      using codebook = device.upload(tensor(Float32Array.of(8, 0.5), [2, 1]));
      using result = device.nearest(x, codebook);
      assertEquals(result.shape, [3, 2]);
      assertEquals((await device.download(result)).data, Uint32Array.of(1, 0, 1, 0, 1, 0));
      using vector = device.reshape(x, [6]);
      using other = device.zeros([3, 6]);
      using single = device.nearest(vector, other);
      assertEquals(single.shape, []);
    },
  },
  {
    name: "nearest() gives 0 for what is not finite, and never finds a codeword that is not",
    async run({ device }) {
      const rows = [[NaN, 1], [1, -Infinity], [Infinity, 0], [5, 5]];
      using x = device.upload(tensor(Float32Array.from(rows.flat()), [4, 2]));
      const words = [[100, 100], [NaN, 5], [5, Infinity], [6, 6], [-Infinity, NaN]];
      using codebook = device.upload(tensor(Float32Array.from(words.flat()), [5, 2]));
      using result = device.nearest(x, codebook);
      assertEquals((await device.download(result)).data, Uint32Array.of(0, 0, 0, 3));
    },
  },
  {
    name: "nearest() refuses codebooks that do not fit",
    run({ device }) {
      using x = device.zeros([3, 4]);
      using narrow = device.zeros([3, 3]);
      using stack = device.zeros([2, 3, 4]);
      using numbers = device.zeros([3, 4], "u32");
      assertThrows(() => device.nearest(x, narrow), ShapeError);
      assertThrows(() => device.nearest(x, stack), RangeError, "2 dimensions");
      assertThrows(() => device.nearest(x, numbers), TypeError, "dtypes must be equal");
      assertThrows(() => device.nearest(numbers, numbers), TypeError, "f32 or f64");
    },
  },
];
