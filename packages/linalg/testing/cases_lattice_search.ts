// The search for codes of the lattice E8.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { randomNormal, ShapeError } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import type { NearestLatticeOptions } from "../lattice_steps.ts";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { type DeviceCase, UNIT } from "./device_case.ts";
import {
  blockOf,
  E8P,
  encode,
  entriesOf,
  type ErrorKind,
  FORMATS,
  meaningOf,
  nearestDistance,
  onGrid,
  putScales,
  RARE,
  RESIDUALS,
} from "./lattice_oracle.ts";

/** How a device finds codes of lattices. */
export const LATTICE_SEARCH_CASES: readonly DeviceCase[] = [
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
