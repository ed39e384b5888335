import { createReferenceDevice, createWasmDevice, type Device } from "@pare/linalg";
import { bitsPerWeight, nodeOf, toDense } from "@pare/operators";
import { randomNormal, randomUniform, type Tensor, tensor } from "@pare/tensor";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { COLUMN_QUANTIZERS } from "./column_quantizers.ts";
import { ldlq } from "./ldlq.ts";
import { shareLost } from "./testing/losses.ts";
import { trellis } from "./trellis.ts";
import { planTrellis, type TrellisOptions } from "./trellis_options.ts";

const device = await createWasmDevice({ threads: 2 });
Deno.test.afterAll(() => device[Symbol.dispose]());

const anyCase = fc.record({
  rows: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 250, max: 300 })),
  cols: fc.integer({ min: 1, max: 18 }),
  seed: fc.integer({ min: 0, max: 1000 }),
  bits: fc.constantFrom(1, 2, 3, 4),
  stateBits: fc.constantFrom(8, 9),
  granularity: fc.constantFrom("row", "tensor"),
  scaleDtype: fc.constantFrom("f16", "f32"),
});

Deno.test("trellis() returns what planTrellis() says, of any shape", async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, async ({ rows, cols, seed, ...given }) => {
      const options = given as TrellisOptions;
      const operator = await trellis(randomNormal([rows, cols], { seed }), { ...options, device });
      assertEquals(nodeOf(operator), planTrellis([rows, cols], options));
    }),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("planTrellis() cuts rows evenly, and makes tiles of columns where there are few", () => {
  const tiles = [
    ...[[1, 8, 16], [8, 8, 16], [16, 16, 8], [20, 24, 8], [32, 32, 4], [50, 56, 4], [64, 64, 2]],
    ...[[72, 72, 2], [121, 128, 1], [172, 176, 1], [256, 256, 1], [257, 136, 1], [288, 144, 1]],
    ...[[768, 256, 1], [2048, 256, 1], [11008, 256, 1], [1000, 256, 1]],
  ];
  for (const [rows, height, width] of tiles) {
    const node = planTrellis([rows, 64]);
    assert(node.form === "trellis");
    assertEquals([node.tileHeight, node.tileWidth], [height, width], `${rows} rows`);
  }
});

Deno.test("trellis() errs less on normal numbers the more bits its states have", async () => {
  // Errors are those of a search written apart, on 30,000 numbers and more; for 16 state bits as
  // published. 2^16 squares of errors, which spread by less than 1.5 times their mean, leave a spread of
  // half a per cent; 2^14 for 16 state bits, of one per cent.
  const weight = randomNormal([256, 256], { seed: 3 });
  const few = tensor(weight.data.slice(0, 2 ** 14), [256, 64]);
  const expected: readonly [TrellisOptions, mse: number, tolerance: number][] = [
    [{ granularity: "row", scaleDtype: "f16" }, 0.0723, 0.015],
    [{ stateBits: 10 }, 0.0781, 0.02],
    [{ stateBits: 16 }, 0.0679, 0.03],
    [{ bits: 3, stateBits: 16 }, 0.0176, 0.03],
    [{ bits: 4, stateBits: 16 }, 0.0045, 0.03],
  ];
  for (const [options, mse, tolerance] of expected) {
    const from = options.stateBits === 16 ? few : weight;
    const loss = shareLost(from, toDense(await trellis(from, { ...options, device })));
    const what = `${JSON.stringify(options)}: ${loss} instead of ${mse}`;
    assert(Math.abs(loss / mse - 1) < tolerance, what);
    assert(loss > 2 ** (-2 * (options.bits ?? 2)), `no code does better than the bound: ${loss}`);
  }
});

Deno.test("trellis() takes its bits and a scale", async () => {
  const sizes: readonly [readonly [number, number], TrellisOptions, bits: number][] = [
    [[256, 64], {}, 2 + 32 / 2 ** 14],
    [[288, 32], { bits: 3, granularity: "row", scaleDtype: "f16" }, 3 + 16 / 32],
    [[16, 64], { bits: 1, scaleDtype: "f16" }, 1 + 16 / 2 ** 10],
    [[64, 33], { bits: 4 }, (64 * 34 * 4 + 32) / (64 * 33)],
  ];
  for (const [shape, options, bits] of sizes) {
    assertEquals(bitsPerWeight(await trellis(randomNormal(shape), { ...options, device })), bits);
  }
});

Deno.test("trellis() gives the same bytes on other devices and any number of threads", async () => {
  const weight = randomNormal([100, 5], { seed: 2 });
  const options: TrellisOptions = { bits: 3, stateBits: 10, granularity: "row" };
  const expected = await trellis(weight, { ...options, device });
  const others: Device[] = [
    createReferenceDevice(),
    await createWasmDevice({ threads: 1 }),
    await createWasmDevice({ threads: 3 }),
  ];
  for (const other of others) {
    using owned = other;
    assertEquals(await trellis(weight, { ...options, device: owned }), expected);
  }
});

Deno.test("trellis() restores zeros, rows of zeros and outliers as their scales allow", async () => {
  const zeros = tensor(new Float32Array(24), [8, 3]);
  assertEquals(toDense(await trellis(zeros, { device })).data, zeros.data.map(() => 0));
  const weight = randomNormal([40, 6], { seed: 4 });
  weight.data.fill(0, 6, 18);
  weight.data[30] = 1e6;
  const row = toDense(await trellis(weight, { granularity: "row", device })).data;
  assert(row.subarray(6, 18).every((value) => value === 0));
  // The row of the outlier is lost, all others are as good as ever.
  const rest = (data: Float32Array) => tensor(data.slice(36), [34, 6]);
  assert(shareLost(rest(weight.data), rest(row)) < 0.11);
  // One number out of six has √6 deviations, well within the levels of 12 state bits.
  assert(Math.abs(row[30] / 1e6 - 1) < 0.25, `${row[30]}`);
  for (const factor of [2 ** -140, 2 ** 100]) {
    const scaled = tensor(weight.data.map((value) => value * factor), [40, 6]);
    assert(toDense(await trellis(scaled, { device })).data.every(Number.isFinite));
  }
});

Deno.test("trellis() chooses its scale by a sample: that of long tails or of short ones", async () => {
  const [rows, cols] = [128, 80];
  const normal = randomNormal([rows, cols], { seed: 7 });
  const other = randomNormal([rows, cols], { seed: 8 }).data;
  const long = tensor(normal.data.map((value, i) => value * other[i]), [rows, cols]);
  const uniform = randomUniform([rows, cols], { seed: 9 });
  const short = tensor(uniform.data.map((value) => value - 0.5), [rows, cols]);
  for (const [weight, most] of [[long, 0.8], [short, 0.98], [normal, 1.01]] as const) {
    const options = { bits: 3, stateBits: 8 };
    const chosen = shareLost(weight, toDense(await trellis(weight, { ...options, device })));
    const fixed = shareLost(
      weight,
      toDense(await trellis(weight, { ...options, scale: 0.91, device })),
    );
    assert(chosen <= most * fixed, `${chosen} of ${fixed}`);
  }
});

Deno.test("COLUMN_QUANTIZERS.trellis encodes tile by tile as trellis() does", async () => {
  for (const [rows, cols] of [[130, 3], [20, 19]]) {
    const weight = randomNormal([rows, cols], { seed: 5 });
    const options: TrellisOptions = { stateBits: 8, granularity: "row" };
    const { begin, blockSize } = COLUMN_QUANTIZERS.trellis;
    using rounding = await begin(weight, options, device);
    using target = device.upload(weight);
    const width = blockSize(options, [rows, cols]);
    for (let col = Math.floor((cols - 1) / width) * width; col >= 0; col -= width) {
      using block = device.slice(target, { col, cols: Math.min(width, cols - col) });
      rounding.round(block, col, device)[Symbol.dispose]();
    }
    assertEquals(await rounding.finish(), await trellis(weight, { ...options, device }));
  }
});

Deno.test("ldlq() by a trellis loses less than the trellis alone, and less again when refined", async () => {
  const [rows, cols] = [128, 32];
  const weight = randomNormal([rows, cols], { seed: 6 });
  const gram = correlated(cols);
  const loss = (operator: Parameters<typeof toDense>[0]) => {
    const errors = toDense(operator).data.map((value, i) => value - weight.data[i]);
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const e = errors.subarray(row * cols, (row + 1) * cols);
      for (let i = 0; i < cols; i++) {
        for (let j = 0; j < cols; j++) sum += e[i] * gram.data[i * cols + j] * e[j];
      }
    }
    return sum;
  };
  const alone = loss(await trellis(weight, { device }));
  const quantizer = { method: "trellis" } as const;
  const [once, refined] = await Promise.all(
    [0, 1].map(async (refinements) =>
      loss(await ldlq(weight, gram, { quantizer, refinements, device }))
    ),
  );
  // H = 0.9^|i − j|: D is 1 − 0.81 for all columns but one, damping adds a hundredth.
  assert(once < 0.3 * alone, `${once} of ${alone}`);
  assert(refined < once, `${refined} of ${once}`);
});

/** 0.9^|i − j|. */
function correlated(n: number): Tensor<"f64"> {
  const data = Float64Array.from(
    { length: n * n },
    (_, at) => 0.9 ** Math.abs(Math.floor(at / n) - at % n),
  );
  return { dtype: "f64", shape: [n, n], data };
}

Deno.test("trellis() refuses options and weights that make no sense", async () => {
  const weight = randomNormal([8, 4]);
  const refused = (options: object, message: string) =>
    assertThrows(() => planTrellis([8, 4], options as TrellisOptions), Error, message);
  refused({ bits: 5 }, "bits must be an integer from 1 to 4");
  refused({ stateBits: 17 }, "stateBits must be an integer from 8 to 16");
  refused({ stateBits: 7 }, "stateBits must be an integer from 8 to 16");
  refused({ scale: 0 }, "scale must be");
  refused({ granularity: "group" }, "granularity must be");
  refused({ groupSize: 8 }, "groupSize");
  await assertRejects(() => trellis(randomNormal([8])), RangeError, "shape");
  weight.data[3] = NaN;
  await assertRejects(() => trellis(weight, { device }), RangeError, "current value is NaN");
  const large = tensor(new Float32Array(32).fill(1e6), [8, 4]);
  await assertRejects(
    () => trellis(large, { scaleDtype: "f16", device }),
    RangeError,
    "current scaleDtype is f16",
  );
});
