// What holds for every quantizer that rounds to levels.

import { byteLengthOf, levelsOf, nodeOf, toDense, unpackCodes } from "@pare/operators";
import { randomNormal, type Tensor, tensor, toF32 } from "@pare/tensor";
import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { mxfp4, type Mxfp4Options, planMxfp4 } from "./mxfp4.ts";
import { nf4, type Nf4Options, planNf4 } from "./nf4.ts";
import { nvfp4, type Nvfp4Options, planNvfp4 } from "./nvfp4.ts";
import { shareLost } from "./testing/losses.ts";

type Options = Nf4Options & Mxfp4Options & Nvfp4Options;

const SETTINGS: readonly (readonly [
  name: string,
  quantize: (weight: Tensor, options?: Options) => ReturnType<typeof nf4>,
  plan: typeof planNf4,
  options: Options,
  bitsPerWeight: number,
])[] = [
  ["nf4", nf4, planNf4, {}, 4.25],
  ["nf4 3-bit", nf4, planNf4, { bits: 3, groupSize: 32, scaleDtype: "f32" }, 4],
  ["nf4 2-bit", nf4, planNf4, { bits: 2, groupSize: 16, scaleDtype: "f8e4m3" }, 2.5],
  ["mxfp4", mxfp4, planMxfp4, {}, 4.25],
  ["mxfp4 by the plain rule", mxfp4, planMxfp4, { searchScale: false }, 4.25],
  ["nvfp4", nvfp4, planNvfp4, {}, 4.5],
];

/** The largest distance of two levels that are neighbours. */
function widestGap(kind: "normal" | "e2m1", bits: number): number {
  const levels = [...levelsOf(kind, bits).data].sort((a, b) => a - b);
  return Math.max(...levels.slice(1).map((level, i) => level - levels[i]));
}

for (const [name, quantize, plan, options, bitsPerWeight] of SETTINGS) {
  Deno.test(`${name}: returns what is planned, in so many bytes`, () => {
    const operator = quantize(randomNormal([3, 128], { seed: 1 }), options);
    assertEquals(nodeOf(operator), plan([3, 128], options));
    const extra = operator.matrixScale ? 4 : 0;
    assertEquals(byteLengthOf(operator), 3 * 128 * bitsPerWeight / 8 + extra);
    const partial = { ...options, partialGroups: true };
    const tail = quantize(randomNormal([3, 70], { seed: 1 }), partial);
    assertEquals(nodeOf(tail), plan([3, 70], partial));
  });

  Deno.test(`${name}: takes the nearest level by the scale that is stored`, () => {
    const weight = randomNormal([4, 128], { seed: 2 });
    const { kind, bits } = quantize(weight, options);
    const levels = levelsOf(kind, bits).data;
    const operator = quantize(weight, options);
    const codes = unpackCodes(operator).data;
    const restored = toDense(operator).data;
    weight.data.forEach((value, i) => {
      const error = Math.abs(value - restored[i]);
      // The scale of a weight that is not restored as zero.
      if (levels[codes[i]] === 0) return;
      const step = restored[i] / levels[codes[i]];
      for (const level of levels) {
        assertLessOrEqual(error, Math.abs(value - step * level) + 2 ** -20 * Math.abs(value));
      }
    });
  });

  Deno.test(`${name}: quantizes what it restored to the same again`, () => {
    const weight = randomNormal([4, 128], { seed: 3 });
    const restored = toDense(quantize(weight, options));
    const again = toDense(quantize(restored, options));
    if (name.startsWith("nvfp4") || options.scaleDtype === "f8e4m3") {
      // The scale of the matrix may differ in its last place, and with it all weights.
      again.data.forEach((value, i) =>
        assertLessOrEqual(Math.abs(value - restored.data[i]), 2 ** -22 * Math.abs(value))
      );
    } else assertEquals(again, restored);
  });

  Deno.test(`${name}: follows its weights by powers of two`, () => {
    const weight = randomNormal([4, 128], { seed: 4 });
    const larger = tensor(weight.data.map((value) => 2 ** 9 * value), [4, 128]);
    const restored = toDense(quantize(weight, options)).data;
    assertEquals(toDense(quantize(larger, options)).data, restored.map((value) => 2 ** 9 * value));
  });

  Deno.test(`${name}: restores zeros, alone and among others`, () => {
    const zeros = tensor(new Float32Array(128), [2, 64]);
    assertEquals(toDense(quantize(zeros, options)), zeros);
    const mixed = randomNormal([2, 64], { seed: 5 });
    for (let i = 0; i < 128; i += 3) mixed.data[i] = 0;
    const restored = toDense(quantize(mixed, options)).data;
    for (let i = 0; i < 128; i += 3) assertEquals(restored[i], 0);
    // A row of zeros beside one of others.
    mixed.data.fill(0, 64);
    assertEquals(toDense(quantize(mixed, options)).data.slice(64), new Float32Array(64));
  });

  Deno.test(`${name}: takes constant rows, outliers, the smallest and the largest numbers`, () => {
    const rows = tensor(
      Float32Array.from({ length: 128 }, (_, i) => i < 64 ? 0.3 : -700),
      [2, 64],
    );
    // A power of two, or a number of eight bits, may be off by so much; the level below it by its gap.
    assertLessOrEqual(shareLost(rows, toDense(quantize(rows, options))), 1 / 16);
    const outlier = randomNormal([1, 64], { seed: 6 });
    outlier.data[40] = 6e4;
    const restored = toDense(quantize(outlier, options)).data;
    assertLessOrEqual(Math.abs(restored[40] / 6e4 - 1), 1 / 4);
    assert(restored.every(Number.isFinite));
    for (const size of [2 ** -149, 2 ** -130, 1e-30, 3e38]) {
      const weight = tensor(new Float32Array(64).fill(size), [1, 64]);
      if (size > 1e38 && name === "nf4") continue;
      const { data } = toDense(quantize(weight, options));
      assert(data.every((value) => value >= 0 && value <= 1.5 * size), `${size}: ${data[0]}`);
    }
  });

  Deno.test(`${name}: takes one weight and one column, and refuses what it cannot quantize`, () => {
    const partial = { ...options, partialGroups: true };
    const one = toDense(quantize(tensor(Float32Array.of(4), [1, 1]), partial)).data;
    assertEquals(one, Float32Array.of(4));
    assertEquals(quantize(randomNormal([5, 1]), partial).scales.shape, [5, 1]);
    const weight = randomNormal([2, 60], { seed: 6 });
    assertThrows(
      () => quantize(weight, options),
      RangeError,
      "groupSize must divide the 60 columns",
    );
    const unknown = { ...options, block: 5 } as Options;
    assertThrows(() => quantize(weight, unknown), TypeError, `option "block" is unknown`);
    weight.data[3] = Infinity;
    assertThrows(() => quantize(weight, partial), RangeError, "finite: current value is Infinity");
    assertThrows(() => quantize(tensor(Float32Array.of(1), [1]), options), RangeError, "shape");
  });

  Deno.test(`${name}: repeats itself and leaves its input be`, () => {
    const weight = randomNormal([3, 64], { seed: 7 });
    const copy = weight.data.slice();
    assertEquals(quantize(weight, options), quantize(weight, options));
    assertEquals(weight.data, copy);
  });
}

Deno.test("nf4() stays within half a gap of its levels, and the roundings of its scale", () => {
  const weight = randomNormal([8, 64], { seed: 8 });
  const roundoff = { f16: 2 ** -11, f32: 2 ** -24, f8e4m3: 2 ** -4 };
  for (const bits of [2, 3, 4]) {
    for (const scaleDtype of ["f16", "f32", "f8e4m3"] as const) {
      const operator = nf4(weight, { bits, scaleDtype });
      const factor = operator.matrixScale?.data[0] ?? 1;
      const scales = toF32(operator.scales).data;
      const restored = toDense(operator).data;
      weight.data.forEach((value, i) => {
        const scale = factor * scales[Math.floor(i / 64)];
        // The scale may be rounded down, and what is beyond it is cut off.
        const bound = scale * widestGap("normal", bits) / 2 + 1.1 * roundoff[scaleDtype] * scale;
        assertLessOrEqual(Math.abs(value - restored[i]), bound * (1 + 2 ** -20));
      });
    }
  }
});

Deno.test("nf4() refuses scales that are too large for their dtype", () => {
  const weight = tensor(new Float32Array(64).fill(1e9), [1, 64]);
  assertThrows(() => nf4(weight), RangeError, "current scaleDtype is f16");
  assertEquals(toDense(nf4(weight, { scaleDtype: "f32" })), weight);
});

Deno.test("mxfp4() has the specification's scale and levels in its example", () => {
  const weight = tensor(Float32Array.of(7.3, 2.9, -0.7, 0.1), [1, 4]);
  const operator = mxfp4(weight, { searchScale: false, partialGroups: true });
  assertEquals(operator.scales.data, Uint8Array.of(127));
  assertEquals(toDense(operator).data, Float32Array.of(6, 3, -0.5, 0));
});

Deno.test("mxfp4() stays within two powers of its scale, by the plain rule; a search loses nothing", () => {
  for (let seed = 0; seed < 20; seed++) {
    const weight = randomNormal([1, 32], { seed });
    const plain = mxfp4(weight, { searchScale: false });
    const restored = toDense(plain);
    const scale = 2 ** (plain.scales.data[0] - 127);
    const largest = Math.max(...weight.data.map(Math.abs));
    assert(4 * scale <= largest && largest < 8 * scale);
    weight.data.forEach((value, i) => assert(Math.abs(value - restored.data[i]) <= 2 * scale));
    assertLessOrEqual(shareLost(weight, toDense(mxfp4(weight))), shareLost(weight, restored));
  }
});

Deno.test("mxfp4() has exponents right beside powers of two", () => {
  for (const power of [-20, -1, 0, 3]) {
    for (const [factor, exponent] of [[1, -2], [1 - 2 ** -24, -3], [1 + 2 ** -23, -2]]) {
      const weight = tensor(new Float32Array(32).fill(factor * 2 ** power), [1, 32]);
      const { scales } = mxfp4(weight, { searchScale: false });
      assertEquals(scales.data[0] - 127, power + exponent);
    }
  }
});

Deno.test("nvfp4() stays within its step and a sixteenth of the weight", () => {
  const weight = randomNormal([8, 64], { seed: 9 });
  const operator = nvfp4(weight);
  const factor = operator.matrixScale?.data[0] ?? 0;
  const scales = toF32(operator.scales).data;
  assertEquals(Math.max(...scales), 448);
  const restored = toDense(operator).data;
  weight.data.forEach((value, i) => {
    const step = factor * scales[Math.floor(i / 16)];
    assertLessOrEqual(Math.abs(value - restored[i]), step + Math.abs(value) / 16);
  });
});
