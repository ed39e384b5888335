// Trellis-coded weights: what codes are found, and the product by them.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { randomNormal, randomUniform, ShapeError, tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { createReferenceDevice } from "../reference/reference_device.ts";
import type { TrellisArrays } from "../trellis_steps.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Expected,
  put,
  randomValues,
  UNIT,
  type Values,
} from "./device_case.ts";
import { levelOf, lineBytesOf, statesOf, type TrellisCodes, weightsOf } from "./trellis_oracle.ts";

/** How a matrix is cut and encoded. */
type Layout = Pick<
  TrellisCodes,
  "rows" | "cols" | "bits" | "stateBits" | "tileHeight" | "tileWidth"
>;

function layout(
  [rows, cols]: readonly [number, number],
  [bits, stateBits]: readonly [number, number],
  [tileHeight, tileWidth]: readonly [number, number],
): Layout {
  return { rows, cols, bits, stateBits, tileHeight, tileWidth };
}

function randomCodes(parts: Layout, hasRowScales: boolean): TrellisCodes {
  const scales = randomValues([hasRowScales ? parts.rows : 1], 4, "f32").data;
  const codes = { ...parts, scales: [...scales], codes: new Uint8Array() };
  const length = Math.ceil(parts.rows / parts.tileHeight) * lineBytesOf(codes);
  const bytes = randomUniform([length], { seed: parts.bits }).data;
  return { ...codes, codes: Uint8Array.from(bytes, (value) => 256 * value) };
}

function upload(device: Device, weight: TrellisCodes): TrellisArrays & Disposable {
  const lineBytes = lineBytesOf(weight);
  const lines = weight.codes.length / lineBytes;
  const codes = device.upload(tensor(weight.codes, [lines, lineBytes], "u8"));
  const numbers = Float32Array.from(weight.scales);
  const scales = device.upload(tensor(numbers, [numbers.length, 1]));
  return {
    ...weight,
    codes,
    scales,
    [Symbol.dispose]() {
      codes[Symbol.dispose]();
      scales[Symbol.dispose]();
    },
  };
}

/**
 * x · Wᵀ with W written out.
 *
 * A device may sum up numbers that are 1532 too large, at most 2040, and take off what is too much before:
 * |error| <= 2 (cols + 6) u Σ |x| |scale| (2040 + 1532).
 */
function trellisProduct(x: Values, codes: TrellisCodes): Expected {
  const { rows, cols, scales } = codes;
  const { data: weights } = weightsOf(codes);
  const tokens = x.data.length / cols;
  const data = new Float64Array(tokens * rows);
  const bound = new Float64Array(data.length);
  for (let at = 0; at < data.length; at++) {
    const [token, row] = [Math.floor(at / rows), at % rows];
    for (let col = 0; col < cols; col++) {
      data[at] += x.data[token * cols + col] * weights[row * cols + col];
      bound[at] += Math.abs(x.data[token * cols + col] * (scales[row] ?? scales[0])) * 3572;
    }
    bound[at] *= 2 * (cols + 6) * UNIT.f32;
  }
  return { shape: [...x.shape.slice(0, -1), rows], data, bound };
}

/** What encoding made of `x`, with levels as long as a unit over `unit`. */
async function encode(
  device: Device,
  parts: Layout,
  x: Values,
  unit: number,
): Promise<{ codes: Uint8Array<ArrayBuffer>; restored: Float64Array }> {
  const empty = { ...parts, scales: [1 / unit], codes: new Uint8Array() };
  const lines = Math.ceil(parts.rows / parts.tileHeight);
  using weight = upload(device, { ...empty, codes: new Uint8Array(lines * lineBytesOf(empty)) });
  using array = put(device, x, "f32");
  using inverses = device.upload(tensor(Float32Array.of(unit), [1, 1]));
  using result = device.encodeTrellis(array, weight, { inverses });
  const { data } = await device.download(result);
  const codes = await bytesOn(device, weight.codes);
  return { codes, restored: Float64Array.from(data as Float32Array) };
}

async function bytesOn(device: Device, array: DeviceArray): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from((await device.download(array)).data as Uint8Array);
}

/** What walks are compared by, in integers: half the distance from each target, squared, less the same for all. */
function distance(
  states: readonly number[],
  targets: readonly number[],
  [bits, stateBits]: readonly [number, number],
): number {
  const levels = states.map((state) => levelOf(state, bits, stateBits));
  return levels.reduce((sum, level, i) => sum + level * (level - targets[i]), 0);
}

/** All strings of so many bits. */
function* strings(bits: number): Generator<Uint8Array> {
  for (let string = 0; string < 2 ** bits; string++) {
    yield Uint8Array.of(string & 255, string >> 8 & 255, string >> 16);
  }
}

/**
 * The state that precedes the last weight of the nearest walk, free at its ends, through a sequence
 * turned by half, found by trying all walks: those through `size` states begin with any.
 */
function bestOverlap(targets: readonly number[], bits: number, stateBits: number): number {
  const size = targets.length;
  const overlapBits = stateBits - bits;
  // In the order of the walk: from the middle down, then from the end to the middle.
  const turned = Array.from(
    { length: size },
    (_, i) => targets[(2 * size - 1 + size / 2 - i) % size],
  );
  const levels = Array.from(
    { length: 2 ** stateBits },
    (_, state) => levelOf(state, bits, stateBits),
  );
  let best = { distance: Infinity, overlap: 0 };
  for (let walk = 0; walk < 2 ** (overlapBits + size * bits); walk++) {
    let sum = 0;
    let overlap = 0;
    turned.forEach((target, i) => {
      const state = Math.floor(walk / 2 ** ((size - 1 - i) * bits)) % 2 ** stateBits;
      sum += levels[state] * (levels[state] - target);
      if (i === size / 2 - 1) overlap = state % 2 ** overlapBits;
    });
    if (sum < best.distance) best = { distance: sum, overlap };
  }
  return best.overlap;
}

const SHORT: readonly (readonly [bits: number, stateBits: number])[] = [
  [1, 1],
  [1, 3],
  [1, 5],
  [2, 3],
  [2, 4],
];

const LONG: readonly Layout[] = [
  layout([40, 3], [2, 12], [40, 1]),
  layout([16, 20], [1, 10], [8, 16]),
  layout([20, 9], [3, 9], [24, 4]),
  layout([37, 3], [4, 8], [40, 2]),
  layout([70, 2], [3, 6], [40, 1]),
  layout([16, 5], [2, 5], [8, 2]),
  layout([24, 1], [1, 12], [24, 1]),
  layout([9, 1], [4, 16], [16, 1]),
];

const PRODUCTS: readonly (readonly [
  parts: Omit<Layout, "bits" | "stateBits">,
  stateBits: number,
  hasRowScales: boolean,
  tokens: readonly number[],
])[] = [
  [{ rows: 1, cols: 1, tileHeight: 16, tileWidth: 1 }, 5, false, [1]],
  [{ rows: 40, cols: 17, tileHeight: 40, tileWidth: 1 }, 12, true, [1]],
  [{ rows: 37, cols: 19, tileHeight: 40, tileWidth: 2 }, 16, true, [2]],
  [{ rows: 33, cols: 130, tileHeight: 8, tileWidth: 16 }, 8, false, [1]],
  [{ rows: 300, cols: 140, tileHeight: 152, tileWidth: 1 }, 12, true, [1]],
  [{ rows: 300, cols: 140, tileHeight: 152, tileWidth: 1 }, 16, false, [1]],
  [{ rows: 300, cols: 70, tileHeight: 104, tileWidth: 2 }, 9, false, [2, 3]],
  [{ rows: 29, cols: 261, tileHeight: 16, tileWidth: 4 }, 4, true, [33]],
  [{ rows: 256, cols: 64, tileHeight: 256, tileWidth: 1 }, 12, false, [9]],
];

/** What a device does with trellis-coded weights. */
export const TRELLIS_CASES: readonly DeviceCase[] = [
  ...SHORT.map(([bits, stateBits]): DeviceCase => ({
    name: `encodeTrellis() finds the best walk of ${stateBits} state bits, ${bits} at a time`,
    async run({ device }) {
      const parts = layout([8, 6], [bits, stateBits], [8, 1]);
      const x = randomValues([8, 6], stateBits, "f32");
      const { codes, restored } = await encode(device, parts, x, 300);
      const weights = weightsOf({ ...parts, scales: [Math.fround(1 / 300)], codes });
      assertEquals(restored, weights.data.map(Math.fround));
      for (let col = 0; col < 6; col++) {
        const targets = Array.from(
          { length: 8 },
          (_, row) => Math.round(600 * x.data[row * 6 + col]),
        );
        const tile = codes.subarray(col * bits, (col + 1) * bits);
        const found = statesOf(tile, bits, stateBits);
        const overlapOf = (states: readonly number[]) => states[7] >> bits;
        assertEquals(overlapOf(found), bestOverlap(targets, bits, stateBits), "where it ends");
        let least = Infinity;
        for (const string of strings(8 * bits)) {
          const states = statesOf(string.subarray(0, bits), bits, stateBits);
          if (overlapOf(states) !== overlapOf(found)) continue;
          least = Math.min(least, distance(states, targets, [bits, stateBits]));
        }
        assertEquals(distance(found, targets, [bits, stateBits]), least, "distance");
      }
    },
  })),
  ...[1, 2, 3, 4].map((bits): DeviceCase => ({
    name: `encodeTrellis() of ${bits} state bits, all new, takes the nearest level of each weight`,
    async run({ device }) {
      const x = randomValues([16, 3], bits, "f32");
      const { restored } = await encode(device, layout([16, 3], [bits, bits], [16, 1]), x, 300);
      const levels = Array.from({ length: 2 ** bits }, (_, state) => levelOf(state, bits, bits));
      x.data.forEach((value, i) => {
        const least = Math.min(...levels.map((level) => Math.abs(level - 300 * value)));
        const error = Math.abs(300 * (restored[i] - value));
        // A target is rounded to half a level.
        assert(error <= least + 0.5, `weight ${i} is off by ${error} where ${least} can be had`);
      });
    },
  })),
  ...LONG.map((parts): DeviceCase => ({
    name: `encodeTrellis() [${parts.rows}, ${parts.cols}] in tiles [${parts.tileHeight}, ` +
      `${parts.tileWidth}], ${parts.bits} of ${parts.stateBits} bits, finds the same codes everywhere`,
    async run({ device }) {
      const { rows, cols } = parts;
      const normal = randomNormal([rows, cols], { seed: 5 });
      // One outlier beyond all levels, and one beyond what targets may be.
      normal.data.set([5, -1e9].slice(0, normal.data.length));
      const x = { shape: [rows, cols], data: Float64Array.from(normal.data) };
      const { codes, restored } = await encode(device, parts, x, 150);
      const weights = weightsOf({ ...parts, scales: [Math.fround(1 / 150)], codes });
      assertEquals(restored, weights.data.map(Math.fround));
      using reference = createReferenceDevice();
      assertEquals(codes, (await encode(reference, parts, x, 150)).codes);
    },
  })),
  {
    name: "encodeTrellis() writes the tiles of some columns and leaves all others",
    async run({ device }) {
      const parts = layout([20, 7], [3, 6], [24, 2]);
      const before = randomCodes(parts, true);
      using weight = upload(device, before);
      using inverses = device.upload(
        tensor(Float32Array.from(before.scales, (s) => 1 / s), [20, 1]),
      );
      using x = put(device, randomValues([20, 3], 1, "f32"), "f32");
      using result = device.encodeTrellis(x, weight, { inverses, col: 4 });
      assertEquals(result.shape, [20, 3]);
      const codes = await bytesOn(device, weight.codes);
      const tileBytes = 18;
      assertEquals(codes.subarray(0, 2 * tileBytes), before.codes.subarray(0, 2 * tileBytes));
      const { data } = weightsOf({ ...before, codes });
      const { data: restored } = await device.download(result);
      Array.from(restored as Float32Array).forEach((value, i) => {
        assertEquals(value, Math.fround(data[Math.floor(i / 3) * 7 + 4 + i % 3]));
      });
    },
  },
  ...[false, true].map((hasMetric): DeviceCase => ({
    name: `encodeTrellis() keeps an incumbent unless it is farther${
      hasMetric ? " by a metric" : ""
    }`,
    async run({ device }) {
      const parts = layout([40, 4], [2, 8], [8, 4]);
      const target = randomValues([40, 4], 1, "f32");
      const other = randomValues([40, 4], 2, "f32");
      // Closer than codes get in every other tile, and far in the others.
      const mixed = target.data.map((value, i) =>
        i % 64 < 32 ? value + 0.01 * other.data[i] : other.data[i]
      );
      const scales = [Math.fround(1 / 300)];
      const lines = 5;
      const zeros = new Uint8Array(
        lines * lineBytesOf({ ...parts, scales, codes: new Uint8Array() }),
      );
      using weight = upload(device, { ...parts, scales, codes: zeros });
      using inverses = device.upload(tensor(Float32Array.of(300), [1, 1]));
      using incumbent = put(device, { shape: [40, 4], data: mixed.map(Math.fround) }, "f32");
      using x = put(device, target, "f32");
      const factors = [2, 1, 0, 0, 1, 2, 1, 0, 0, 1, 2, 1, 0, 0, 1, 2];
      using metric = device.upload(tensor(Float32Array.from(factors), [4, 4]));
      using chosen = device.encodeTrellis(x, weight, {
        inverses,
        incumbent,
        ...(hasMetric ? { metric } : {}),
      });
      const written = await bytesOn(device, weight.codes);
      using fresh = device.encodeTrellis(x, weight, { inverses });
      const all = await bytesOn(device, weight.codes);
      const [kept, anew] = await Promise.all(
        [chosen, fresh].map(async (array) => (await device.download(array)).data as Float32Array),
      );
      const identity = factors.map((_, i) => i % 5 === 0 ? 1 : 0);
      let count = 0;
      for (let line = 0; line < lines; line++) {
        const far = (weights: ArrayLike<number>) =>
          distanceBy(hasMetric ? factors : identity, target.data, weights, 32 * line);
        const isKept = far(mixed) <= far(anew);
        count += Number(isKept);
        const wanted = isKept ? mixed.map(Math.fround) : anew;
        const range = [32 * line, 32 * line + 32] as const;
        assertEquals([...kept.slice(...range)], [...wanted.slice(...range)], `line ${line}`);
        const bytes = [8 * line, 8 * line + 8] as const;
        const codes = isKept ? zeros : all;
        assertEquals(written.slice(...bytes), codes.slice(...bytes), `codes of line ${line}`);
      }
      assert(count > 0 && count < lines, "some must be kept and some not");
    },
  })),
  ...[1, 2, 3, 4].map((bits): DeviceCase => ({
    name: `trellisMatmul() multiplies by codes of ${bits} bits`,
    async run({ device }) {
      for (const [parts, stateBits, hasRowScales, tokens] of PRODUCTS) {
        const codes = randomCodes({ ...parts, bits, stateBits }, hasRowScales);
        const x = randomValues([...tokens, parts.cols], 3, "f32");
        using array = put(device, x, "f32");
        using weight = upload(device, codes);
        using result = device.trellisMatmul(array, weight);
        const what = `[${x.shape}] by [${parts.rows}, ${parts.cols}]`;
        await assertOnDevice(device, result, trellisProduct(x, codes), what);
      }
    },
  })),
  {
    name: "trellisMatmul() and encodeTrellis() refuse parts that do not fit",
    run({ device }) {
      const parts = layout([20, 6], [2, 8], [24, 4]);
      using fit = upload(device, randomCodes(parts, true));
      using x = device.zeros([2, 6]);
      using columns = device.zeros([20, 4]);
      using inverses = device.zeros([20, 1]);
      using few = device.zeros([19, 1]);
      device.trellisMatmul(x, fit)[Symbol.dispose]();
      device.encodeTrellis(columns, fit, { inverses })[Symbol.dispose]();
      const refused = (change: Partial<TrellisArrays>, message: string) => {
        const weight = { ...fit, ...change };
        assertThrows(() => device.trellisMatmul(x, weight), RangeError, message);
        assertThrows(
          () => device.encodeTrellis(columns, weight, { inverses }),
          RangeError,
          message,
        );
      };
      refused({ bits: 5 }, "bits");
      refused({ bits: 1 }, "shape");
      refused({ stateBits: 1 }, "stateBits");
      refused({ stateBits: 17 }, "stateBits");
      refused({ tileHeight: 20 }, "tileHeight");
      refused({ tileWidth: 11 }, "tileWidth");
      refused({ tileWidth: 2 }, "shape");
      refused({ scales: few }, "shape");
      refused({ rows: 30 }, "shape");
      assertThrows(() => device.trellisMatmul(columns, fit), ShapeError);
      assertThrows(() => device.trellisMatmul(x, { ...fit, codes: x }), TypeError);
      const encoded = (array: DeviceArray, options: object) => () =>
        device.encodeTrellis(array, fit, { inverses, ...options });
      assertThrows(encoded(columns, { col: 2 }), RangeError, "whole tiles");
      assertThrows(encoded(columns, { col: 4 }), RangeError, "col");
      assertThrows(encoded(columns, { inverses: few }), ShapeError);
      assertThrows(encoded(columns, { incumbent: x }), ShapeError);
      assertThrows(encoded(columns, { incumbent: columns, metric: x }), ShapeError);
      using three = device.zeros([20, 3]);
      assertThrows(encoded(three, {}), RangeError, "whole tiles");
    },
  },
];

/** Σ over eight rows of four of (x − w) M (x − w)ᵀ. */
function distanceBy(
  metric: readonly number[],
  x: ArrayLike<number>,
  weights: ArrayLike<number>,
  start: number,
): number {
  let sum = 0;
  for (let row = start; row < start + 32; row += 4) {
    for (let i = 0; i < 16; i++) {
      const [a, b] = [row + (i >> 2), row + (i & 3)];
      sum += (x[a] - weights[a]) * metric[i] * (x[b] - weights[b]);
    }
  }
  return sum;
}
