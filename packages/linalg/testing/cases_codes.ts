// The Hadamard transform and products with integer codes.

import { assertEquals, assertThrows } from "@std/assert";
import { packIntegers, randomUniform, ShapeError, tensor } from "@pare/tensor";
import type { AffineArrays, Device } from "../device.ts";
import { hadamardMatrix } from "../hadamard/hadamard_matrix.ts";
import { hadamardOrder } from "../hadamard/hadamard_order.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Expected,
  type Float,
  floatsOf,
  put,
  randomValues,
  UNIT,
  type Values,
} from "./device_case.ts";

/** How often the sums of a Hadamard transform of this length round, and its scaling. */
function roundingsOf(block: number): number {
  const { factor, power } = hadamardOrder(block) ?? { factor: block, power: 1 };
  return Math.log2(power) + factor + 2;
}

/**
 * The product with the dense matrix, divided by √block.
 *
 * The fast transform sums log2(power) times, then as often as the dense factor has columns, and
 * scales once, each time rounding what is at most Σ |x|: |error| <= roundings · u Σ |x| / √block.
 */
function hadamard(x: Values, block: number, dtype: Float, inverse = false): Expected {
  const data = new Float64Array(x.data.length);
  const bound = new Float64Array(x.data.length);
  const norm = 1 / Math.sqrt(block);
  const matrix = hadamardMatrix(block).data;
  for (let start = 0; start < data.length; start += block) {
    for (let i = 0; i < block; i++) {
      let sum = 0;
      let magnitude = 0;
      for (let j = 0; j < block; j++) {
        const value = x.data[start + j];
        sum += value * (inverse ? matrix[j * block + i] : matrix[i * block + j]);
        magnitude += Math.abs(value);
      }
      data[start + i] = sum * norm;
      bound[start + i] = 2 * roundingsOf(block) * UNIT[dtype] * magnitude * norm;
    }
  }
  return { shape: x.shape, data, bound };
}

/** A linear layer's codes on the host, one byte each. */
interface Codes {
  readonly rows: number;
  readonly cols: number;
  readonly bits: number;
  readonly groupSize: number;
  /** Groups in a row; 0 for one scale in all. */
  readonly groups: number;
  readonly codes: Uint8Array;
  readonly scales: Values;
  readonly zeroPoints: Values | number;
  /** What codes stand for; for themselves where there are none. */
  readonly levels?: Values;
}

function randomCodes(
  [rows, cols]: readonly [number, number],
  bits: number,
  groupSize: number | null,
  zeroPoint: "array" | number,
): Codes {
  const codes = randomUniform([rows * cols], { seed: bits }).data;
  const groups = groupSize === null ? 0 : Math.ceil(cols / groupSize);
  const shape = groups ? [rows, groups] : [1, 1];
  const fractions = randomValues(shape, 8, "f32");
  return {
    rows,
    cols,
    bits,
    groupSize: groupSize ?? cols,
    groups,
    codes: Uint8Array.from(codes, (value) => Math.floor(value * 2 ** bits)),
    scales: { shape, data: fractions.data.map((value) => Math.fround(value + 1.5)) },
    // Fractional ones, as HQQ has them.
    zeroPoints: zeroPoint === "array"
      ? { shape, data: fractions.data.map((value) => Math.fround((value + 1) * 2 ** bits / 2)) }
      : zeroPoint,
  };
}

/** Codes for levels of both signs. */
function withLevels(codes: Codes): Codes {
  return { ...codes, levels: randomValues([2 ** codes.bits], 9, "f32") };
}

/** Packs and uploads; rows are filled up to whole words of 4 bytes. */
function upload(device: Device, codes: Codes): AffineArrays & Disposable {
  const { rows, cols, bits, groupSize, zeroPoints, levels } = codes;
  const rowBytes = 4 * Math.ceil(cols * bits / 32);
  const bytes = new Uint8Array(rows * rowBytes);
  for (let row = 0; row < rows; row++) {
    bytes.set(
      packIntegers(codes.codes.subarray(row * cols, (row + 1) * cols), bits),
      row * rowBytes,
    );
  }
  const arrays = {
    codes: device.upload(tensor(bytes, [rows, rowBytes], "u8")),
    scales: put(device, codes.scales, "f32"),
    zeroPoints: typeof zeroPoints === "number" ? zeroPoints : put(device, zeroPoints, "f32"),
  };
  const levelArray = levels && put(device, levels, "f32");
  return {
    ...arrays,
    ...(levelArray ? { levels: levelArray } : {}),
    bits,
    groupSize,
    rows,
    cols,
    [Symbol.dispose]() {
      arrays.codes[Symbol.dispose]();
      arrays.scales[Symbol.dispose]();
      levelArray?.[Symbol.dispose]();
      if (typeof arrays.zeroPoints !== "number") arrays.zeroPoints[Symbol.dispose]();
    },
  };
}

/**
 * x · Wᵀ with W written out.
 *
 * A device may factor the scale and the zero point out of the sums over a group, so that codes and
 * zero points round by themselves: |error| <= (cols + 6) u Σ |x| scale (|code| + |zero point|), where a
 * code may stand for its level.
 */
function affineProduct(x: Values, w: Codes): Expected {
  const tokens = x.data.length / w.cols;
  const data = new Float64Array(tokens * w.rows);
  const bound = new Float64Array(data.length);
  for (let token = 0; token < tokens; token++) {
    for (let row = 0; row < w.rows; row++) {
      const at = token * w.rows + row;
      for (let col = 0; col < w.cols; col++) {
        const group = w.groups && row * w.groups + Math.floor(col / w.groupSize);
        const zero = typeof w.zeroPoints === "number" ? w.zeroPoints : w.zeroPoints.data[group];
        const integer = w.codes[row * w.cols + col];
        const code = w.levels ? w.levels.data[integer] : integer;
        const scaled = x.data[token * w.cols + col] * w.scales.data[group];
        data[at] += scaled * (code - zero);
        bound[at] += Math.abs(scaled) * (Math.abs(code) + Math.abs(zero));
      }
      bound[at] *= 2 * (w.cols + 6) * UNIT.f32;
    }
  }
  return { shape: [...x.shape.slice(0, -1), w.rows], data, bound };
}

const AFFINE_SETTINGS: readonly [
  rows: number,
  cols: number,
  groupSize: number | null,
  zeroPoint: "array" | number,
  tokens: readonly number[],
][] = [
  [1, 1, 1, "array", [1]],
  [3, 17, 5, "array", [3]],
  [17, 65, 32, 3, [1]],
  [5, 130, 128, "array", [2, 3]],
  [9, 96, 32, "array", [33]],
  [33, 64, null, 1.5, [1]],
  [7, 200, 64, "array", [1]],
  [6, 90, 16, "array", [1]],
  [5, 259, null, 2.5, [1]],
  [4, 100, 48, 1, [1]],
  [3, 40, 8, "array", [1]],
  [2, 320, 64, "array", [1]],
  [4, 259, 64, "array", [17]],
  [65, 128, 128, "array", [65]],
];

/** Groups of whole steps, of whole bytes and neither, by one token, a few and many. */
const LEVEL_SETTINGS: typeof AFFINE_SETTINGS = [
  [3, 17, 5, "array", [3]],
  [5, 259, 64, 0, [1]],
  [4, 100, 16, "array", [1]],
  [3, 33, 12, 0, [1]],
  [33, 64, null, 1.5, [1]],
  [9, 96, 32, 0, [33]],
  [7, 144, 16, 0, [1]],
  [5, 160, 64, 0, [1]],
  [3, 48, null, 0, [1]],
];

/** What a device does with blocks and codes. */
export const CODE_CASES: readonly DeviceCase[] = [
  {
    name: "hadamard() transforms consecutive blocks",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "hadamard")) {
        for (
          const [shape, block] of [
            [[3, 5], 1],
            [[17, 6], 2],
            [[3, 12], 4],
            [[1, 8], 8],
            [[2, 3, 192], 64],
            [[65, 256], 128],
            [[3, 1024], 1024],
            [[2, 4096], 2048],
            [[5, 12], 12],
            [[3, 48], 24],
            [[7, 80], 80],
            [[17, 224], 224],
            [[2, 3, 576], 576],
            [[3, 1280], 640],
            [[1, 2752], 1376],
            [[2, 3584], 3584],
          ] as const
        ) {
          const x = randomValues(shape, 1, dtype);
          using array = put(device, x, dtype);
          for (const inverse of [false, true]) {
            using result = device.hadamard(array, block, { inverse });
            const what = `${dtype} [${shape}] in blocks of ${block}, inverse ${inverse}`;
            await assertOnDevice(device, result, hadamard(x, block, dtype, inverse), what);
          }
        }
      }
    },
  },
  {
    name: "hadamard() keeps norms, and its inverse undoes it",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "hadamard")) {
        for (
          const [shape, block] of [
            [[17, 24], 8],
            [[5, 768], 768],
            [[3, 8192], 8192],
            [[2, 11008], 11008],
            [[1, 65536], 65536],
          ] as const
        ) {
          const x = randomValues(shape, 1, dtype);
          using array = put(device, x, dtype);
          using once = device.hadamard(array, block);
          using twice = device.hadamard(once, block, { inverse: true });
          // Both transforms round so often, relatively to the norm of a block.
          const roundings = 4 * roundingsOf(block) * UNIT[dtype];
          const normOf = (data: ArrayLike<number>, start: number) => {
            let squares = 0;
            for (let i = start; i < start + block; i++) squares += data[i] ** 2;
            return Math.sqrt(squares);
          };
          const bound = new Float64Array(x.data.length);
          for (let start = 0; start < bound.length; start += block) {
            bound.fill(roundings * normOf(x.data, start), start, start + block);
          }
          await assertOnDevice(device, twice, { ...x, bound }, `${dtype} there and back`);
          const { data } = await device.download(once);
          for (let start = 0; start < x.data.length; start += block) {
            const norm = normOf(x.data, start);
            const kept = Math.abs(normOf(data as Float32Array, start) - norm) <= roundings * norm;
            assertEquals(kept, true, `${dtype} norm of the block at ${start}`);
          }
        }
      }
    },
  },
  {
    name: "hadamard() hands on NaN within a block, and refuses blocks that do not fit",
    async run({ device }) {
      using array = device.upload(tensor(Float32Array.of(1, NaN, 3, 1), [1, 4]));
      using result = device.hadamard(array, 2);
      const half = Math.fround(Math.SQRT1_2);
      const data = Float64Array.of(NaN, NaN, 4 * half, 2 * half);
      await assertOnDevice(device, result, { shape: [1, 4], data, bound: 1e-6 }, "blocks");
      assertThrows(
        () => device.hadamard(array, 3),
        RangeError,
        "that divides 4: current value is 3",
      );
      assertThrows(() => device.hadamard(array, 8), RangeError);
      assertThrows(() => device.hadamard(array, 12), RangeError);
      assertThrows(() => device.hadamard(array, 0), RangeError);
    },
  },
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((bits): DeviceCase => ({
    name: `affineMatmul() multiplies by codes of ${bits} bits`,
    async run({ device }) {
      for (const [rows, cols, groupSize, zeroPoint, tokens] of AFFINE_SETTINGS) {
        const weight = randomCodes([rows, cols], bits, groupSize, zeroPoint);
        const x = randomValues([...tokens, cols], 3, "f32");
        using array = put(device, x, "f32");
        using arrays = upload(device, weight);
        using result = device.affineMatmul(array, arrays);
        const what = `[${x.shape}] by [${rows}, ${cols}] in groups of ${groupSize}`;
        await assertOnDevice(device, result, affineProduct(x, weight), what);
      }
    },
  })),
  ...[1, 2, 3, 4].map((bits): DeviceCase => ({
    name: `affineMatmul() multiplies by the levels of codes of ${bits} bits`,
    async run({ device }) {
      for (const [rows, cols, groupSize, zeroPoint, tokens] of LEVEL_SETTINGS) {
        const weight = withLevels(randomCodes([rows, cols], bits, groupSize, zeroPoint));
        const x = randomValues([...tokens, cols], 3, "f32");
        using array = put(device, x, "f32");
        using arrays = upload(device, weight);
        using result = device.affineMatmul(array, arrays);
        const what = `[${x.shape}] by [${rows}, ${cols}] in groups of ${groupSize}`;
        await assertOnDevice(device, result, affineProduct(x, weight), what);
      }
    },
  })),
  {
    name: "affineMatmul() takes rows filled up with more bytes than they need",
    async run({ device }) {
      const codes = new Uint8Array(2 * 12).fill(0xff);
      codes.set([0b0010_0001, 0x03]);
      codes.set([0b0101_0100, 0x06], 12);
      using packed = device.upload(tensor(codes, [2, 12], "u8"));
      using scales = device.upload(tensor(Float32Array.of(0.5), [1, 1]));
      using x = device.upload(tensor(Float32Array.of(1, 10, 100), [1, 3]));
      const weight = { codes: packed, scales, zeroPoints: 0, bits: 4, groupSize: 3 };
      using result = device.affineMatmul(x, { ...weight, rows: 2, cols: 3 });
      const data = Float64Array.of(160.5, 327);
      await assertOnDevice(device, result, { shape: [1, 2], data }, "small integers are exact");
    },
  },
  {
    name: "affineMatmul() refuses parts that do not fit",
    run({ device }) {
      using x = device.zeros([2, 16]);
      using codes = device.zeros([3, 8], "u8");
      using odd = device.zeros([3, 10], "u8");
      using scales = device.zeros([3, 2]);
      using few = device.zeros([3, 1]);
      const fit = { codes, scales, zeroPoints: 0, bits: 4, groupSize: 8, rows: 3, cols: 16 };
      using result = device.affineMatmul(x, fit);
      assertEquals(result.shape, [2, 3]);
      const refused = (change: Partial<AffineArrays>, kind: typeof ShapeError | typeof TypeError) =>
        assertThrows(() => device.affineMatmul(x, { ...fit, ...change }), kind);
      refused({ cols: 15 }, ShapeError);
      refused({ rows: 4 }, ShapeError);
      refused({ bits: 5 }, ShapeError);
      refused({ codes: odd }, ShapeError);
      refused({ scales: few }, ShapeError);
      refused({ zeroPoints: few }, ShapeError);
      using levels = device.zeros([16]);
      refused({ levels: few }, ShapeError);
      refused({ levels: codes }, ShapeError);
      using wide = device.zeros([32]);
      using more = device.zeros([3, 12], "u8");
      const five = { levels: wide, bits: 5, codes: more };
      assertThrows(() => device.affineMatmul(x, { ...fit, ...five }), RangeError, "from 1 to 4");
      device.affineMatmul(x, { ...fit, levels })[Symbol.dispose]();
      refused({ codes: scales }, ShapeError);
      refused({ scales: codes }, ShapeError);
      assertThrows(() => device.affineMatmul(x, { ...fit, bits: 9 }), RangeError, "bits");
      assertThrows(() => device.affineMatmul(x, { ...fit, groupSize: 0 }), RangeError, "groupSize");
      using bytes = device.zeros([2, 16], "u8");
      assertThrows(() => device.affineMatmul(bytes, fit), TypeError);
    },
  },
];
