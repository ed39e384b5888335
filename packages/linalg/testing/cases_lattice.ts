// Codes of the lattice E8: the search for them, and products with them.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { randomNormal, randomUniform, ShapeError, type Tensor, tensor } from "@pare/tensor";
import { e8pCodebook, e8pResidualCodebook } from "../codebook/e8p.ts";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { LatticeArrays, LatticeFormat, NearestLatticeOptions } from "../lattice_steps.ts";
import { createReferenceDevice } from "../reference/reference_device.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Expected,
  put,
  randomValues,
  UNIT,
  type Values,
} from "./device_case.ts";

/** What is thrown. */
type ErrorKind = typeof ShapeError | typeof RangeError | typeof TypeError;

/** Four times the entries of the codewords. */
const E8P = e8pCodebook();
const RESIDUALS = e8pResidualCodebook();

/** The formats, with the ratios that suit normal numbers. */
const FORMATS: readonly LatticeFormat[] = [
  { bits: 2, residualScale: null },
  { bits: 3, residualScale: 2.04 },
  { bits: 4, residualScale: 3.7 },
];

/** Entry `i` of the two codewords of a code: the second as it is before it is divided by ρ. */
function entriesOf({ bits }: LatticeFormat, code: number, i: number): [number, number] {
  const second = code >>> 16;
  const first = E8P[8 * (code & 0xffff) + i] / 4;
  if (bits === 2) return [first, 0];
  return [first, (bits === 3 ? RESIDUALS : E8P)[8 * second + i] / 4];
}

/** What a code means, before it is scaled. */
function meaningOf(format: LatticeFormat, code: number): number[] {
  return Array.from({ length: 8 }, (_, i) => {
    const [first, second] = entriesOf(format, code, i);
    return first + second / (format.residualScale ?? 1);
  });
}

/** What was found, on the host. */
interface Found {
  readonly codes: Uint32Array;
  readonly values: Float32Array;
}

/** Encodes x, with one scale or one for each row. */
async function encode(
  device: Device,
  x: Tensor,
  format: LatticeFormat,
  scales: readonly number[] = [1],
  options: NearestLatticeOptions = {},
): Promise<Found> {
  const [rows, cols] = x.shape;
  using scope = device.scope();
  const codes = scope.zeros([rows, Math.ceil(cols / 8)], "u32");
  const target = { ...format, codes, ...putScales(scope, scales) };
  const result = scope.nearestLattice(scope.upload(x), target, options);
  assertEquals([result.dtype, result.shape], ["f32", x.shape]);
  return {
    codes: (await scope.download(codes)).data as Uint32Array,
    values: (await scope.download(result)).data as Float32Array,
  };
}

function putScales(device: Device, scales: readonly number[]) {
  const inverses = scales.map((scale) => scale === 0 ? 0 : 1 / scale);
  return {
    scales: device.upload(tensor(Float32Array.from(scales), [scales.length, 1])),
    inverses: device.upload(tensor(Float32Array.from(inverses), [scales.length, 1])),
  };
}

/** Normal numbers that are multiples of 2^-14, of which sums of products with codewords are exact. */
function onGrid(shape: readonly number[], seed: number): Tensor {
  const { data } = randomNormal(shape, { seed });
  return tensor(data.map((value) => Math.round(value * 2 ** 14) / 2 ** 14), shape);
}

/** Rows of eight that are seldom: zeros, ties, outliers, and what is no number. */
const RARE = tensor(
  Float32Array.of(
    ...[0, 0, 0, 0, 0, 0, 0, 0],
    ...[1, -1, 1, -1, 1, -1, 1, -1],
    ...[0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
    ...[1.25, 1.25, 1.25, 1.25, 1.25, 0.25, 0.25, 0.25],
    ...[-2, -2, -2, -2, -2, -2, -2, -2],
    ...[100, 0.25, -0.5, 1, -1, 0.75, 0, 2],
    ...[-3, 1500, 0.5, -1800, 1, 0.25, 0, 700],
    ...[0, 0, 0, 0, 0, 0, 0, -4],
    ...[0, 0, 0, 3.5, 0, 0, 0, -4],
  ),
  [9, 8],
);

/** The smallest squared distance of u from a codebook, whose entries are given four times too large. */
function nearestDistance(u: readonly number[], codebook: Int8Array): number {
  let best = Infinity;
  for (let at = 0; at < codebook.length; at += 8) {
    let squares = 0;
    for (let i = 0; i < 8; i++) squares += (u[i] - codebook[at + i] / 4) ** 2;
    best = Math.min(best, squares);
  }
  return best;
}

/** (u − c) M (u − c)ᵀ. */
function distanceBy(metric: Float64Array, u: readonly number[], c: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < 8; i++) {
    for (let j = 0; j < 8; j++) sum += (u[i] - c[i]) * metric[8 * i + j] * (u[j] - c[j]);
  }
  return sum;
}

/** A metric in which the axes of an ellipsoid are up to √(condition) apart. */
function randomMetric(seed: number): Values {
  const { data } = randomValues([8, 8], seed, "f32");
  const metric = new Float64Array(64);
  for (let i = 0; i < 8; i++) {
    for (let j = 0; j < 8; j++) {
      for (let k = 0; k < 8; k++) metric[8 * i + j] += data[8 * i + k] * data[8 * j + k];
    }
    metric[9 * i] += 0.25;
  }
  return { shape: [8, 8], data: metric.map(Math.fround) };
}

const blockOf = (x: Tensor, row: number) => Array.from(x.data.subarray(8 * row, 8 * row + 8));

/** x · Wᵀ by random codes. */
interface Product {
  readonly arrays: LatticeArrays & Disposable;
  readonly expected: (x: Values) => Expected;
}

/** Uploads random codes, packed, and tells what they multiply to. */
function randomProduct(
  device: Device,
  format: LatticeFormat,
  [rows, cols]: readonly [number, number],
  hasRowScales: boolean,
): Product {
  const { bits, residualScale } = format;
  const blocks = Math.ceil(cols / 8);
  const rowBytes = 4 * Math.ceil(blocks * bits / 4);
  const { data } = randomUniform([rows * rowBytes], { seed: bits });
  const bytes = Uint8Array.from(data, (value) => Math.floor(value * 256));
  const scales = randomValues([hasRowScales ? rows : 1, 1], 8, "f32");
  const codeAt = (row: number, block: number) => {
    const at = row * rowBytes;
    const wordAt = (from: number) => bytes[from] | bytes[from + 1] << 8;
    const second = bits === 2
      ? 0
      : bits === 3
      ? bytes[at + 2 * blocks + block]
      : wordAt(at + 2 * (blocks + block));
    return (wordAt(at + 2 * block) | second << 16) >>> 0;
  };
  const codes = device.upload(tensor(bytes, [rows, rowBytes], "u8"));
  const factors = put(device, scales, "f32");
  const arrays = {
    ...{ ...format, codes, scales: factors, rows, cols },
    [Symbol.dispose]() {
      codes[Symbol.dispose]();
      factors[Symbol.dispose]();
    },
  };
  /**
   * A device may add ± 1/4 of each codeword apart from its |v|, and the two codewords of a block apart:
   * cols + 8 roundings of what is at most Σ |x| (|c| + 1/2 + (|r| + 1/2) / ρ), twice.
   */
  const expected = (x: Values): Expected => {
    const tokens = x.data.length / cols;
    const product = new Float64Array(tokens * rows);
    const bound = new Float64Array(tokens * rows);
    for (let row = 0; row < rows; row++) {
      const scale = scales.data[hasRowScales ? row : 0];
      for (let col = 0; col < cols; col++) {
        const [c, r] = entriesOf(format, codeAt(row, Math.floor(col / 8)), col % 8);
        const factor = bits === 2 ? 0 : 1 / (residualScale ?? 1);
        for (let token = 0; token < tokens; token++) {
          const scaled = x.data[token * cols + col] * scale;
          const magnitude = Math.abs(c) + 0.5 + (Math.abs(r) + 0.5) * factor;
          product[token * rows + row] += scaled * (c + r * factor);
          bound[token * rows + row] += 2 * (cols + 8) * UNIT.f32 * Math.abs(scaled) * magnitude;
        }
      }
    }
    return { shape: [...x.shape.slice(0, -1), rows], data: product, bound };
  };
  return { arrays, expected };
}

const PRODUCTS: readonly [rows: number, cols: number, hasRowScales: boolean, tokens: number[]][] = [
  [1, 1, false, [1]],
  [3, 8, true, [3]],
  [17, 65, true, [1]],
  [5, 130, false, [2, 3]],
  [9, 96, true, [33]],
  [7, 264, false, [1]],
  [33, 300, true, [7]],
  [65, 128, true, [65]],
];

/** What a device does with codes of lattices. */
export const LATTICE_CASES: readonly DeviceCase[] = [
  ...FORMATS.map((format): DeviceCase => ({
    name: `latticeMatmul() multiplies by codes of ${format.bits} bits`,
    async run({ device }) {
      for (const [rows, cols, hasRowScales, tokens] of PRODUCTS) {
        const { arrays, expected } = randomProduct(device, format, [rows, cols], hasRowScales);
        using weight = arrays;
        const x = randomValues([...tokens, cols], 3, "f32");
        using array = put(device, x, "f32");
        using result = device.latticeMatmul(array, weight);
        const what = `[${x.shape}] by [${rows}, ${cols}], ${hasRowScales}`;
        await assertOnDevice(device, result, expected(x), what);
      }
    },
  })),
  {
    name: "latticeMatmul() hands on what is not finite, and numbers of any size",
    async run({ device }) {
      const { arrays, expected } = randomProduct(device, FORMATS[0], [9, 40], true);
      using weight = arrays;
      using broken = device.upload(tensor(Float32Array.of(1, NaN, ...Array(38).fill(1)), [1, 40]));
      using none = device.latticeMatmul(broken, weight);
      const data = new Float64Array(9).fill(NaN);
      await assertOnDevice(device, none, { shape: [1, 9], data }, "NaN");
      for (const size of [1e-30, 1e30, 0]) {
        const { shape, data } = randomValues([1, 40], 4, "f32");
        // One of them a million times the others.
        const x = data.map((value, i) => Math.fround(i === 5 ? size : value * size * 1e-6));
        using array = put(device, { shape, data: x }, "f32");
        using result = device.latticeMatmul(array, weight);
        await assertOnDevice(device, result, expected({ shape, data: x }), `of size ${size}`);
      }
    },
  },
  {
    name: "latticeMatmul() refuses parts that do not fit",
    run({ device }) {
      using x = device.zeros([2, 20]);
      using codes = device.zeros([3, 12], "u8");
      using narrow = device.zeros([3, 8], "u8");
      using odd = device.zeros([3, 14], "u8");
      using scales = device.zeros([3, 1]);
      using wide = device.zeros([3, 2]);
      const fit = { codes, scales, bits: 3, residualScale: 2, rows: 3, cols: 20 } as const;
      using result = device.latticeMatmul(x, fit);
      assertEquals(result.shape, [2, 3]);
      const refused = (
        change: Partial<Record<keyof LatticeArrays, unknown>>,
        kind: ErrorKind,
        message?: string,
      ) =>
        assertThrows(
          () => device.latticeMatmul(x, { ...fit, ...change } as LatticeArrays),
          kind,
          message,
        );
      refused({ cols: 21 }, ShapeError);
      refused({ rows: 4 }, ShapeError);
      refused({ codes: narrow }, ShapeError);
      refused({ codes: odd }, ShapeError);
      refused({ scales: wide }, ShapeError);
      refused({ codes: scales }, ShapeError);
      refused({ scales: codes }, TypeError);
      refused({ bits: 5 }, RangeError, "bits must be an integer from 2 to 4");
      refused({ bits: 2 }, RangeError, "residualScale must be null for 2 bits");
      refused({ residualScale: null }, RangeError, "a number above 0 for 3 bits");
      refused({ residualScale: 0 }, RangeError, "above 0");
    },
  },
  {
    name: "nearestLattice() finds a codeword as near as any",
    async run({ device }) {
      for (const x of [onGrid([40, 8], 1), RARE]) {
        const { codes, values } = await encode(device, x, FORMATS[0]);
        for (const [row, code] of codes.entries()) {
          const u = blockOf(x, row);
          const c = meaningOf(FORMATS[0], code);
          assertEquals(Array.from(values.subarray(8 * row, 8 * row + 8)), c, `row ${row}`);
          const found = u.reduce((sum, value, i) => sum + (value - c[i]) ** 2, 0);
          // Of numbers on the grid, all of it is exact in f64.
          assertEquals(found, nearestDistance(u, E8P), `row ${row}: ${u}`);
        }
      }
    },
  },
  {
    name: "nearestLattice() finds what is nearest to what the first codeword leaves",
    async run({ device }) {
      for (const format of FORMATS.slice(1)) {
        const ratio = Math.fround(format.residualScale ?? 1);
        const residuals = format.bits === 3 ? RESIDUALS : E8P;
        let others = 0;
        for (const x of [onGrid([24, 8], 2), RARE]) {
          const { codes } = await encode(device, x, format);
          const { codes: firsts } = await encode(device, x, FORMATS[0]);
          for (const [row, code] of codes.entries()) {
            const u = blockOf(x, row);
            /** What a codeword leaves, as it is searched for, and how near the nearest residual is. */
            const leave = (first: number) => {
              const left = u.map((value, i) => {
                const scaled = Math.fround(Math.fround(value - E8P[8 * first + i] / 4) * ratio);
                return Math.max(-2048, Math.min(2048, Math.round(scaled * 2 ** 14) / 2 ** 14));
              });
              // Math.round goes up where the device goes to even: a grid step, of at most 8 numbers.
              const slack = 2 ** -13 * left.reduce((sum, value) => sum + Math.abs(value) + 3, 0);
              return { left, slack, nearest: nearestDistance(left, residuals) };
            };
            const { left, slack, nearest } = leave(code & 0xffff);
            const found = left.reduce(
              (sum, v, i) => sum + (v - entriesOf(format, code, i)[1]) ** 2,
              0,
            );
            assert(found <= nearest + slack, `row ${row}: ${found}, not ${nearest}`);
            if ((code & 0xffff) === firsts[row]) continue;
            // Another codeword than the nearest only where less is left of it.
            others++;
            const plain = leave(firsts[row]);
            assert(found <= plain.nearest + plain.slack, `row ${row}: ${found}, not less`);
          }
        }
        assert(format.bits === 3 || others > 0, "sometimes another one is better");
      }
    },
  },
  {
    name: "nearestLattice() finds the same codes on all devices, which mean what it returns",
    async run({ device }) {
      using reference = createReferenceDevice();
      for (const format of FORMATS) {
        // Powers of two, by which all devices divide exactly.
        const scales = Array.from({ length: 37 }, (_, i) => i === 5 ? 0 : 2 ** (i % 5 - 2));
        for (const [cols, perRow] of [[8, true], [20, true], [27, false]] as const) {
          const x = randomNormal([37, cols], { seed: cols });
          x.data.set([NaN, Infinity, -1e30, -Infinity], 2 * cols);
          const factors = perRow ? scales : [0.5];
          const { codes, values } = await encode(device, x, format, factors);
          const wanted = await encode(reference, x, format, factors);
          assertEquals(codes, wanted.codes, `${format.bits} bits, ${cols} columns`);
          const blocks = Math.ceil(cols / 8);
          for (const [i, value] of values.entries()) {
            const [row, col] = [Math.floor(i / cols), i % cols];
            const code = codes[row * blocks + Math.floor(col / 8)];
            const entry = meaningOf(format, code)[col % 8] * factors[perRow ? row : 0];
            const error = Math.abs(value - entry);
            // 1 / ρ, its product, the sum: of entries of at most 3.
            assert(error <= 12 * UNIT.f32 * Math.max(...factors), `element ${i}: ${value}`);
          }
        }
      }
    },
  },
  {
    name: "nearestLattice() writes the blocks it is given, and no others",
    async run({ device }) {
      using scope = device.scope();
      const x = onGrid([5, 40], 3);
      const whole = await encode(device, x, FORMATS[2]);
      const codes = scope.zeros([5, 5], "u32");
      const target = { ...FORMATS[2], codes, ...putScales(scope, [1]) };
      const array = scope.upload(x);
      for (const [first, cols] of [[3, 16], [1, 8]]) {
        const part = scope.slice(array, { col: 8 * first, cols });
        scope.nearestLattice(part, { ...target, first });
      }
      const { data } = await scope.download(codes);
      const wanted = whole.codes.map((code, i) => [0, 2].includes(i % 5) ? 0 : code);
      assertEquals(data, wanted);
    },
  },
  {
    name: "nearestLattice() by a metric is no farther than the nearest, and near to the best",
    async run({ device }) {
      for (const format of FORMATS) {
        let [found, plain, best] = [0, 0, 0];
        for (const seed of [1, 2]) {
          const x = onGrid([16, 8], seed);
          const metric = randomMetric(seed);
          using array = put(device, metric, "f32");
          const by = await encode(device, x, format, [1], { metric: array });
          const without = await encode(device, x, format);
          for (const [row, code] of by.codes.entries()) {
            const u = blockOf(x, row);
            const of = (c: number) => distanceBy(metric.data, u, meaningOf(format, c));
            const [near, far] = [of(code), of(without.codes[row])];
            // Distances in f32: 80 roundings of what is at most the sum of all products.
            const bound = 80 * UNIT.f32 * 8 * metric.data.reduce((a, b) => a + Math.abs(b), 0);
            assert(near <= far + bound, `row ${row}: ${near}, not ${far}`);
            found += near;
            plain += far;
            if (format.bits > 2) continue;
            let least = Infinity;
            for (let other = 0; other < 2 ** 16; other++) least = Math.min(least, of(other));
            best += least;
          }
        }
        // Metrics of this kind leave a third of the error or more to be saved.
        assert(found < 0.75 * plain, `${format.bits} bits: ${found}, not below ${plain}`);
        if (format.bits === 2) assert(found < 1.04 * best, `${found}, not ${best}`);
      }
    },
  },
  {
    name: "nearestLattice() by a metric of a short block looks at what is there alone",
    async run({ device }) {
      const x = onGrid([30, 3], 4);
      const metric = tensor(Float32Array.of(4, 1, 0, 1, 2, -1, 0, -1, 3), [3, 3]);
      using array = device.upload(metric);
      const { codes, values } = await encode(device, x, FORMATS[0], [1], { metric: array });
      const without = await encode(device, x, FORMATS[0]);
      const wide = new Float64Array(64);
      for (let i = 0; i < 3; i++) wide.set(metric.data.subarray(3 * i, 3 * i + 3), 8 * i);
      let [found, plain] = [0, 0];
      for (const [row, code] of codes.entries()) {
        const u = Array.from({ length: 8 }, (_, i) => i < 3 ? x.data[3 * row + i] : 0);
        const c = meaningOf(FORMATS[0], code);
        assertEquals(Array.from(values.subarray(3 * row, 3 * row + 3)), c.slice(0, 3));
        found += distanceBy(wide, u, c);
        plain += distanceBy(wide, u, meaningOf(FORMATS[0], without.codes[row]));
      }
      assert(found < 0.75 * plain, `${found}, not below ${plain}`);
    },
  },
  {
    name: "nearestLattice() keeps an incumbent unless a codeword is nearer",
    async run({ device }) {
      for (const format of FORMATS) {
        for (const hasMetric of [false, true]) {
          using scope = device.scope();
          const metric = randomMetric(7);
          const rows = 40;
          const scales = putScales(scope, [0.5]);
          const codes = scope.zeros([rows, 1], "u32");
          const target = { ...format, codes, ...scales };
          const options = hasMetric ? { metric: put(scope, metric, "f32") } : {};
          // What was near to something else; and for every other row to the same.
          const x = onGrid([rows, 8], 8);
          const other = onGrid([rows, 8], 9);
          const mixed = x.data.map((v, i) => v + (i % 16 < 8 ? 0.05 : 1) * other.data[i]);
          const before = scope.nearestLattice(scope.upload(tensor(mixed, [rows, 8])), target);
          const held = await scope.download(before);
          const heldCodes = (await scope.download(codes)).data;
          const after = scope.nearestLattice(scope.upload(x), target, {
            ...options,
            incumbent: before,
          });
          const values = (await scope.download(after)).data as Float32Array;
          const newCodes = (await scope.download(codes)).data as Uint32Array;
          const m = hasMetric ? metric.data : new Float64Array(64).map((_, i) => +(i % 9 === 0));
          let kept = 0;
          for (let row = 0; row < rows; row++) {
            const u = blockOf(x, row);
            const [now, then] = [values, held.data as Float32Array].map((data) =>
              Array.from(data.subarray(8 * row, 8 * row + 8))
            );
            const isKept = now.every((value, i) => value === then[i]);
            if (isKept) kept++;
            else assert(distanceBy(m, u, now) < distanceBy(m, u, then), `row ${row} is nearer`);
            if (isKept) assertEquals(newCodes[row], heldCodes[row], `row ${row} keeps its code`);
            meaningOf(format, newCodes[row]).forEach((entry, i) => {
              assert(Math.abs(entry / 2 - now[i]) <= 12 * UNIT.f32, `row ${row}: its code`);
            });
          }
          assert(kept > 0 && kept < rows, `${kept} of ${rows} are kept`);
        }
      }
    },
  },
  {
    name: "nearestLattice() refuses parts that do not fit",
    run({ device }) {
      using scope = device.scope();
      const x = scope.zeros([3, 16]);
      const codes = scope.zeros([3, 4], "u32");
      const metric = scope.zeros([8, 8]);
      const fit = { ...FORMATS[0], codes, first: 2, ...putScales(scope, [1]) };
      const refused = (
        array: DeviceArray,
        change: object,
        options: NearestLatticeOptions,
        kind: ErrorKind,
        message?: string,
      ) =>
        assertThrows(
          () => scope.nearestLattice(array, { ...fit, ...change }, options),
          kind,
          message,
        );
      scope.nearestLattice(x, fit);
      refused(x, { first: 3 }, {}, RangeError, "within [3, 4]");
      refused(x, { codes: scope.zeros([2, 4], "u32") }, {}, ShapeError);
      refused(x, { codes: scope.zeros([3, 4]) }, {}, TypeError);
      refused(x, { inverses: scope.zeros([3, 1]) }, {}, ShapeError);
      refused(x, { bits: 4 }, {}, RangeError, "residualScale");
      refused(x, {}, { metric }, RangeError, "one block of 8 columns or fewer");
      refused(x, {}, { incumbent: scope.zeros([3, 8]) }, ShapeError);
      refused(scope.zeros([3, 5]), {}, { metric }, ShapeError, "[5, 5]");
      refused(scope.zeros([3, 16], "u8"), {}, {}, TypeError);
    },
  },
];
