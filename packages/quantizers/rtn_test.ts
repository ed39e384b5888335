import { bitsPerWeight, byteLengthOf, nodeOf, toDense, unpackCodes } from "@pare/operators";
import { decodeF16, encodeF16, randomNormal, roundHalfEven, tensor, toF32 } from "@pare/tensor";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { planRtn, rtn } from "./rtn.ts";
import type { RtnOptions } from "./rtn_options.ts";
import { squaredError } from "./testing/losses.ts";

/** Unit roundoff of a scale's dtype, to nearest, and half its least positive number. */
const ROUNDOFF = { f16: 2 ** -11, f32: 2 ** -24 };
const UNDERFLOW = { f16: 2 ** -25, f32: 2 ** -150 };

/** Any options that fit `cols` columns. */
function anyOptions(cols: number): fc.Arbitrary<RtnOptions> {
  return fc.record({
    bits: fc.integer({ min: 1, max: 8 }),
    granularity: fc.constantFrom("group", "row", "tensor"),
    groupSize: fc.integer({ min: 1, max: cols + 3 }),
    symmetric: fc.boolean(),
    scaleDtype: fc.constantFrom("f16", "f32"),
  }).map((options): RtnOptions => ({
    ...options,
    partialGroups: true,
    bits: options.symmetric ? Math.max(2, options.bits) : options.bits,
  }));
}

const anyCase = fc.tuple(
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 0, max: 1000 }),
).chain(([rows, cols, seed]) => fc.tuple(fc.constant({ rows, cols, seed }), anyOptions(cols)));

Deno.test("rtn() stays within half a scale of every weight", () => {
  fc.assert(
    fc.property(
      anyCase,
      fc.constantFrom(1, 1e-4, 1e-6, 1e-8),
      ([{ rows, cols, seed }, options], size) => {
        const normal = randomNormal([rows, cols], { seed });
        const weight = tensor(normal.data.map((value) => size * value), [rows, cols]);
        const operator = rtn(weight, options);
        const restored = toDense(operator).data;
        const scales = toF32(operator.scales).data;
        const { bits = 4, scaleDtype = "f16" } = options;
        const groups = operator.groupSize === null ? 0 : Math.ceil(cols / operator.groupSize);
        for (const [i, value] of weight.data.entries()) {
          const [row, col] = [Math.floor(i / cols), i % cols];
          const group = groups ? row * groups + Math.floor(col / (operator.groupSize ?? 1)) : 0;
          // Half a scale; a range that is 2^bits - 1 scales long, each scale rounded once; and one
          // rounding to f32 of the restored weight.
          const rounding = Math.max(scales[group] * ROUNDOFF[scaleDtype], UNDERFLOW[scaleDtype]);
          const bound = (scales[group] / 2 + (2 ** bits - 1) * rounding) * (1 + 2 ** -20);
          assert(
            Math.abs(value - restored[i]) <= bound,
            `weight ${i}: ${value} and ${restored[i]}`,
          );
        }
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("rtn() returns what planRtn() says", () => {
  fc.assert(
    fc.property(anyCase, ([{ rows, cols, seed }, options]) => {
      const operator = rtn(randomNormal([rows, cols], { seed }), options);
      assertEquals(nodeOf(operator), planRtn([rows, cols], options));
    }),
    { seed: 2, numRuns: 100 },
  );
});

Deno.test("rtn() restores a matrix on its grid exactly", () => {
  // Levels -3 … 4 times 1/4: lo = -3/4, hi = 1, scale 1/4 in 3 bits.
  const weight = tensor(Float32Array.from({ length: 8 }, (_, i) => (i - 3) / 4), [1, 8]);
  assertEquals(toDense(rtn(weight, { bits: 3, groupSize: 8 })).data, weight.data);
});

Deno.test("rtn() rounds to even in the specification's example", () => {
  const operator = rtn(tensor(Float32Array.of(-1, 0, 0.5, 2), [1, 4]), { bits: 2, groupSize: 4 });
  assertEquals(toF32(operator.scales).data, Float32Array.of(1));
  assertEquals(unpackCodes(operator).data, Uint8Array.of(0, 1, 1, 3));
});

Deno.test("rtn() scales with its input by powers of two", () => {
  const weight = randomNormal([4, 32], { seed: 3 });
  const doubled = tensor(weight.data.map((value) => 4 * value), [4, 32]);
  const restored = toDense(rtn(weight, { groupSize: 16 })).data;
  assertEquals(toDense(rtn(doubled, { groupSize: 16 })).data, restored.map((value) => 4 * value));
});

Deno.test("rtn() takes exactly the bytes of its codes, scales and zero points", () => {
  const weight = randomNormal([8, 128], { seed: 4 });
  assertEquals(byteLengthOf(rtn(weight, { bits: 3, groupSize: 32 })), 8 * (48 + 4 * 2 + 2));
  assertEquals(bitsPerWeight(rtn(weight, { bits: 4, groupSize: 64, symmetric: true })), 4.25);
});

Deno.test("rtn() restores zeros as zeros, alone and among others", () => {
  assertEquals(
    toDense(rtn(tensor(new Float32Array(8), [2, 4]), { groupSize: 2 })).data,
    new Float32Array(8),
  );
  const mixed = tensor(Float32Array.of(0, 0, 0, -1, 0, 7, 0, 0), [1, 8]);
  for (const symmetric of [false, true]) {
    const restored = toDense(rtn(mixed, { groupSize: 8, symmetric })).data;
    for (const [i, value] of mixed.data.entries()) if (value === 0) assertEquals(restored[i], 0);
  }
});

Deno.test("rtn() handles one weight and one column", () => {
  assertEquals(
    toDense(rtn(tensor(Float32Array.of(3), [1, 1]), { groupSize: 1, scaleDtype: "f32" })).data,
    Float32Array.of(3),
  );
  assertEquals(rtn(randomNormal([5, 1]), { granularity: "row" }).scales.shape, [5, 1]);
});

Deno.test("rtn() refuses what it cannot quantize", () => {
  const weight = randomNormal([2, 10], { seed: 6 });
  assertThrows(
    () => rtn(weight, { groupSize: 4 }),
    RangeError,
    "groupSize must divide the 10 columns",
  );
  assertThrows(
    () => rtn(weight, { bits: 1, symmetric: true, groupSize: 5 }),
    RangeError,
    "from 2 to 8",
  );
  assertThrows(
    () => rtn(weight, { bits: 9 }),
    RangeError,
    "bits must be an integer from 1 to 8: current value is 9",
  );
  assertThrows(
    () => rtn(weight, { group: 5 } as RtnOptions),
    TypeError,
    `option "group" is unknown`,
  );
  assertThrows(
    () => rtn(tensor(Float32Array.of(1, NaN), [1, 2]), { groupSize: 2 }),
    RangeError,
    "finite: current value is NaN",
  );
  assertThrows(
    () => rtn(tensor(Float32Array.of(1e9, 0), [1, 2]), { groupSize: 2, bits: 2 }),
    RangeError,
    "scaleDtype is f16",
  );
  assertThrows(() => rtn(tensor(Float32Array.of(1), [1])), RangeError, "shape");
});

Deno.test("rtn() repeats itself and leaves its input be", () => {
  const weight = randomNormal([3, 64], { seed: 7 });
  const copy = weight.data.slice();
  assertEquals(rtn(weight), rtn(weight));
  assertEquals(weight.data, copy);
});

Deno.test("rtn() with clip takes the share of each range that leaves the least error", () => {
  const normal = randomNormal([6, 96], { seed: 8 });
  // Some outliers, a group of zeros, and one of a single sign.
  const weight = tensor(
    normal.data.map((value, i) =>
      i < 32 ? 0 : i < 64 ? Math.abs(value) : i % 19 ? value : 6 * value
    ),
    [6, 96],
  );
  for (const bits of [2, 4]) {
    for (const symmetric of [false, true]) {
      const options: RtnOptions = { bits, groupSize: 32, symmetric };
      const clipped = rtn(weight, { ...options, clip: true });
      assertEquals(nodeOf(clipped), planRtn([6, 96], options));
      const [restored, plain] = [clipped, rtn(weight, options)].map((x) => toDense(x).data);
      const scales = toF32(clipped.scales).data;
      let clippedGroups = 0;
      for (let g = 0; g < 18; g++) {
        const values = [...weight.data.subarray(32 * g, 32 * (g + 1))];
        const errorOf = (data: Float32Array) =>
          values.reduce((sum, value, i) => sum + Math.abs(value - data[32 * g + i]) ** 2.4, 0);
        const least = leastError(values, bits, symmetric);
        // Powers are taken to 1e-3 of their value when they are compared.
        assert(
          errorOf(restored) <= 1.003 * least + 1e-12,
          `group ${g}: ${errorOf(restored)}, ${least}`,
        );
        assert(errorOf(restored) <= 1.003 * errorOf(plain) + 1e-12, `group ${g}`);
        if (scales[g] < 0.95 * toF32(rtn(weight, options).scales).data[g]) clippedGroups++;
      }
      // Two bits have most to gain.
      if (bits === 2 && !symmetric) assert(clippedGroups > 5, `${clippedGroups}`);
    }
  }
});

/** The least Σ |w − ŵ|^2.4 of all shares of a range, scales in f16. */
function leastError(values: readonly number[], bits: number, symmetric: boolean): number {
  const [lo, hi] = [Math.min(0, ...values), Math.max(0, ...values)];
  const levels = 2 ** bits - 1;
  const errors = Array.from({ length: 80 }, (_, i) => {
    const share = 1 - i / 100;
    const range = share * (symmetric ? 2 * Math.max(-lo, hi) : hi - lo);
    const step = decodeF16(encodeF16(range / levels));
    if (step === 0) return Infinity;
    const zero = symmetric ? 2 ** (bits - 1) : roundHalfEven(-share * lo / step);
    return values.reduce((sum, value) => {
      const code = Math.min(Math.max(roundHalfEven(value / step) + zero, 0), levels);
      return sum + Math.abs(value - step * (code - zero)) ** 2.4;
    }, 0);
  });
  const least = Math.min(...errors);
  return Number.isFinite(least) ? least : 0;
}

Deno.test("rtn() with clip has the error that is known for normal numbers", () => {
  // Measured elsewhere on unit normals; 2^18 samples in groups of 128.
  const weight = randomNormal([512, 512], { seed: 9 });
  for (const [bits, mse] of [[2, 0.1368], [3, 0.035], [4, 0.00903]]) {
    const restored = toDense(rtn(weight, { bits, groupSize: 128, clip: true }));
    const sum = squaredError(weight, restored);
    assert(Math.abs(sum / weight.data.length / mse - 1) < 0.015, `${bits} bits: ${sum}`);
  }
});
