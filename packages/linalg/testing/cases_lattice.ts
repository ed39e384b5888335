// Products with codes of the lattice E8.

import { assertEquals, assertThrows } from "@std/assert";
import { randomUniform, ShapeError, tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { LatticeArrays, LatticeFormat } from "../lattice_steps.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Expected,
  put,
  randomValues,
  UNIT,
  type Values,
} from "./device_case.ts";
import { entriesOf, type ErrorKind, FORMATS } from "./lattice_oracle.ts";

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

/** What a device multiplies by codes of lattices. */
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
];
