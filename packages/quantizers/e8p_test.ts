import { createReferenceDevice, createWasmDevice } from "@pare/linalg";
import { bitsPerWeight, byteLengthOf, nodeOf, toDense } from "@pare/operators";
import { randomNormal, tensor } from "@pare/tensor";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { COLUMN_QUANTIZERS } from "./column_quantizers.ts";
import { e8p } from "./e8p.ts";
import { type E8pOptions, planE8p } from "./e8p_options.ts";
import { shareLost } from "./testing/losses.ts";

const device = await createWasmDevice({ threads: 2 });
Deno.test.afterAll(() => device[Symbol.dispose]());

const anyCase = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  cols: fc.integer({ min: 1, max: 40 }),
  seed: fc.integer({ min: 0, max: 1000 }),
  bits: fc.constantFrom(2, 3, 4),
  granularity: fc.constantFrom("row", "tensor"),
  scaleDtype: fc.constantFrom("f16", "f32"),
});

Deno.test("e8p() returns what planE8p() says, of any shape", async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, async ({ rows, cols, seed, ...given }) => {
      const options = given as E8pOptions;
      const operator = await e8p(randomNormal([rows, cols], { seed }), { ...options, device });
      assertEquals(nodeOf(operator), planE8p([rows, cols], options));
    }),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("e8p() stays within the lattice's balls where the codebook reaches", async () => {
  // E8 covers space by balls of radius 1, and all points of E8 + 1/4 up to √10 − 1/√2 = 2.455 belong to
  // E8P: for each shift of 1/√2 all vectors up to √10 do. Eight numbers whose root mean square is 0.5 have
  // the norm 1.414, and their nearest point at most one of 2.414.
  const { data } = randomNormal([64, 8], { seed: 2 });
  const weight = tensor(
    data.map((value, i) => value / Math.hypot(...data.subarray(i - i % 8, i - i % 8 + 8))),
    [64, 8],
  );
  // What is left, of norm 1, times 1.4 is within it too. The other residuals have 0 among them.
  const settings: readonly [E8pOptions, radius: number][] = [
    [{ bits: 2 }, 1],
    [{ bits: 3 }, 1],
    [{ bits: 4, residualScale: 1.4 }, 1 / 1.4],
  ];
  for (const [options, radius] of settings) {
    const operator = await e8p(weight, { ...options, scale: 0.5, device });
    const restored = toDense(operator).data;
    // Roundings to f32, and to the grid of 2^-14 of the search.
    const bound = radius * Number(operator.scales.data[0]) * (1 + 2 ** -12);
    for (let at = 0; at < 512; at += 8) {
      const left = weight.data.subarray(at, at + 8).map((value, i) => value - restored[at + i]);
      assert(Math.hypot(...left) <= bound, `${options.bits} bits, row ${at / 8}`);
    }
  }
});

Deno.test("e8p() has the error that its bits allow on normal numbers", async () => {
  // 2^20 samples leave a spread of a quarter of a per cent; 1.5 % are asked for.
  const weight = randomNormal([1024, 1024], { seed: 3 });
  // At 4 bits two codewords are tried, where what was measured elsewhere with one is 0.00837 and 0.00962.
  const expected: readonly [E8pOptions, mse: number][] = [
    [{}, 0.0913],
    [{ bits: 3 }, 0.0294],
    [{ bits: 4 }, 0.0079],
    [{ bits: 4, scale: 1.03, residualScale: 3.45 }, 0.00925],
    [{ granularity: "row", scaleDtype: "f16" }, 0.0913],
  ];
  for (const [options, mse] of expected) {
    const found = shareLost(weight, toDense(await e8p(weight, { ...options, device })));
    assert(Math.abs(found / mse - 1) < 0.015, `${JSON.stringify(options)}: ${found}`);
  }
});

Deno.test("e8p() takes exactly the bytes of its codes and scales", async () => {
  const weight = randomNormal([16, 64], { seed: 4 });
  assertEquals(byteLengthOf(await e8p(weight, { device })), 16 * 64 / 4 + 4);
  const byRow = await e8p(weight, { bits: 3, granularity: "row", scaleDtype: "f16", device });
  assertEquals(bitsPerWeight(byRow), 3 + 16 / 64);
});

Deno.test("e8p() scales with its input by powers of two", async () => {
  const weight = randomNormal([4, 32], { seed: 5 });
  const doubled = tensor(weight.data.map((value) => 4 * value), [4, 32]);
  const restored = toDense(await e8p(weight, { device })).data;
  assertEquals(toDense(await e8p(doubled, { device })).data, restored.map((value) => 4 * value));
});

Deno.test("e8p() finds its own codewords again", async () => {
  const once = await e8p(randomNormal([8, 32], { seed: 6 }), { device });
  const restored = toDense(once);
  // By the scale it was made with: σ / s is what it is stored as.
  const squares = restored.data.reduce((sum, value) => sum + value * value, 0);
  const scale = Math.sqrt(squares / restored.data.length) / Number(once.scales.data[0]);
  assertEquals((await e8p(restored, { scale, device })).codes, once.codes);
});

Deno.test("e8p() restores zeros as zeros, and small numbers as no more than they are", async () => {
  for (const granularity of ["row", "tensor"] as const) {
    const zeros = await e8p(tensor(new Float32Array(32), [2, 16]), { granularity, device });
    assertEquals(toDense(zeros).data, new Float32Array(32));
  }
  const rows = randomNormal([3, 16], { seed: 7 });
  rows.data.fill(0, 16, 32);
  const restored = toDense(await e8p(rows, { granularity: "row", device }));
  assertEquals(restored.data.subarray(16, 32), new Float32Array(16));
  const tiny = tensor(rows.data.map((value) => value * 1e-40), [3, 16]);
  const found = toDense(await e8p(tiny, { granularity: "row", device })).data;
  assert(found.every((value) => Math.abs(value) < 1e-38));
});

Deno.test("e8p() handles one column, short blocks, constant rows and outliers", async () => {
  for (const [rows, cols] of [[5, 1], [3, 7], [4, 9], [1, 1], [2, 15]]) {
    for (const bits of [2, 3, 4]) {
      const weight = randomNormal([rows, cols], { seed: cols });
      const restored = toDense(await e8p(weight, { bits, granularity: "row", device }));
      assertEquals(restored.shape, [rows, cols]);
      // The columns that fill up a block take their part of what a codeword can tell.
      const bound = cols < 7 ? 1 : 0.3;
      assert(shareLost(weight, restored) < bound, `${bits} bits of [${rows}, ${cols}]`);
    }
  }
  const constant = tensor(new Float32Array(64).fill(-3), [2, 32]);
  assert(shareLost(constant, toDense(await e8p(constant, { bits: 4, device }))) < 0.01);
  // One number a million times the others: it alone is left, cut to where the codebook ends.
  const outlier = randomNormal([4, 4096], { seed: 8 });
  outlier.data[777] = 1e6;
  const restored = toDense(await e8p(outlier, { device })).data;
  assert(restored.every(Number.isFinite));
  assertEquals(restored.indexOf(Math.max(...restored)), 777);
});

Deno.test("COLUMN_QUANTIZERS.e8p rounds block by block as e8p() does", async () => {
  const settings: readonly E8pOptions[] = [
    {},
    { bits: 3, granularity: "row" },
    { bits: 4, granularity: "row", scaleDtype: "f16" },
  ];
  for (const shape of [[6, 40], [3, 21]] as const) {
    const weight = randomNormal(shape, { seed: 9 });
    for (const options of settings) {
      using reference = createReferenceDevice();
      using rounding = await COLUMN_QUANTIZERS.e8p.begin(weight, options, reference);
      using target = reference.upload(weight);
      const size = COLUMN_QUANTIZERS.e8p.blockSize(options, shape);
      assertEquals(size, 8);
      for (let col = 8 * Math.floor((shape[1] - 1) / 8); col >= 0; col -= 8) {
        const cols = Math.min(8, shape[1] - col);
        using columns = reference.slice(target, { col, cols });
        using values = rounding.round(columns, col, reference);
        assertEquals(values.shape, [shape[0], cols]);
      }
      assertEquals(await rounding.finish(), await e8p(weight, { ...options, device }));
    }
  }
});

Deno.test("COLUMN_QUANTIZERS.e8p keeps an incumbent that is as near", async () => {
  const weight = randomNormal([8, 8], { seed: 10 });
  using rounding = await COLUMN_QUANTIZERS.e8p.begin(weight, {}, device);
  using target = device.upload(weight);
  using first = rounding.round(target, 0, device);
  const before = await rounding.finish();
  using again = rounding.round(target, 0, device, { incumbent: first });
  assertEquals(await device.download(again), await device.download(first));
  assertEquals(await rounding.finish(), before);
});

Deno.test("e8p() refuses what it cannot quantize", async () => {
  const weight = randomNormal([2, 10], { seed: 11 });
  const refused = (
    given: object,
    Kind: typeof RangeError | typeof TypeError,
    message: string,
    matrix = weight,
  ) => assertRejects(() => e8p(matrix, { ...given, device }), Kind, message);
  await refused({ bits: 5 }, RangeError, "bits must be an integer from 2 to 4: current value is 5");
  await refused({ residualScale: 3 }, RangeError, "residualScale must be left out for 2 bits");
  await refused({ bits: 3, residualScale: 0 }, RangeError, "residualScale");
  await refused({ scale: -1 }, RangeError, "scale");
  await refused({ granularity: "group" }, RangeError, "granularity");
  await refused({ group: 5 }, TypeError, `option "group" is unknown`);
  await refused(
    {},
    RangeError,
    "finite: current value is NaN",
    tensor(Float32Array.of(1, NaN), [1, 2]),
  );
  await refused({}, RangeError, "shape", tensor(Float32Array.of(1), [1]));
  const large = tensor(Float32Array.of(1e9, 0), [1, 2]);
  await refused({ scaleDtype: "f16" }, RangeError, "scaleDtype is f16", large);
});

Deno.test("e8p() repeats itself and leaves its input be", async () => {
  const weight = randomNormal([3, 64], { seed: 12 });
  const copy = weight.data.slice();
  assertEquals(await e8p(weight, { device }), await e8p(weight));
  assertEquals(weight.data, copy);
});
