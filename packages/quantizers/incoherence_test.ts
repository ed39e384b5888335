import { hadamardBlock } from "@pare/linalg";
import {
  byteLengthOf,
  nodeOf,
  rotate,
  type RotatedSides,
  rotateGram,
  toDense,
} from "@pare/operators";
import { randomNormal, ShapeError, type Tensor, tensor, toF64 } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  incoherence,
  incoherenceNeedsGram,
  type IncoherenceOptions,
  planIncoherence,
} from "./incoherence.ts";
import { rtn } from "./rtn.ts";
import { errorsOf, gramOf, identityGram, lossOf } from "./testing/layers.ts";
import { squaredError } from "./testing/losses.ts";

const RTN = { method: "rtn", options: { bits: 8, granularity: "row" } } as const;

/** The rotations that a matrix was quantized in. */
async function sidesOf(weight: Tensor, options: IncoherenceOptions): Promise<RotatedSides> {
  const { left, right } = await incoherence(weight, null, { quantizer: RTN, ...options });
  return { left, right };
}

// One and two; odd; twice an odd number; no Hadamard matrix but of 4; dense factors 12 and 20; a power of two.
for (const [rows, cols] of [[1, 1], [2, 1], [7, 9], [14, 50], [172, 44], [48, 60], [64, 40]]) {
  Deno.test(`incoherence() keeps the shape, the plan and the bits: ${rows} × ${cols}`, async () => {
    const weight = randomNormal([rows, cols], { seed: 1 });
    for (const sides of ["both", "input", "output"] as const) {
      const options = { quantizer: RTN, seed: 5, sides };
      const operator = await incoherence(weight, null, options);
      assertEquals(operator.shape, weight.shape);
      assertEquals(nodeOf(operator), planIncoherence([rows, cols], options));
      const bytesOfSigns = (side: string, size: number) =>
        sides === side || hadamardBlock(size) === 1 ? 0 : Math.ceil(size / 8);
      assertEquals(
        byteLengthOf(operator) - byteLengthOf(operator.inner),
        bytesOfSigns("input", rows) + bytesOfSigns("output", cols),
      );
      // 255 steps between extremes that lie within 10 of each other, each weight half a step off at
      // most, and rotations keep norms.
      const restored = toDense(operator).data;
      const error = Math.hypot(...restored.map((value, i) => value - weight.data[i]));
      assert(error <= 10 / 255 * Math.sqrt(rows * cols), `${error}`);
      assert(rows * cols === 1 || error > 0);
    }
  });
}

Deno.test("incoherence() keeps norms and losses, and makes weights normal", async () => {
  // A weight with outliers, and inputs of which few channels are large.
  const weight = randomNormal([512, 768], { seed: 2 });
  for (let i = 0; i < 200; i++) weight.data[i * 1009] *= 50;
  const x = toF64(randomNormal([40, 768], { seed: 3 })).data.map((v, i) => v * 2 ** (i % 5));
  const gram = gramOf(x, 768);
  const sides = await sidesOf(weight, {});
  const turned = await rotate(weight, sides);
  assert(kurtosis(weight.data) > 100);
  // Of 393,216 numbers: a standard deviation of √(24 / n) = 0.008 where they are normal.
  assert(Math.abs(kurtosis(turned.data)) < 0.1, `${kurtosis(turned.data)}`);
  const { right } = sides;
  assert(right);
  const turnedGram = await rotateGram(gram, right);
  const loss = lossOf(weight.data, gram);
  // f32 weights, rounded once a side: 2^-24 of them each, twice that of squares.
  assertAlmostEquals(lossOf(turned.data, turnedGram) / loss, 1, 2 ** -20);
});

Deno.test("incoherence() spreads a single weight evenly", async () => {
  const weight = tensor(new Float32Array(64 * 32), [64, 32]);
  weight.data[77] = 8;
  const turned = await rotate(weight, await sidesOf(weight, { seed: 3 }));
  for (const value of turned.data) {
    assertAlmostEquals(Math.abs(value), 8 / Math.sqrt(64 * 32), 1e-6);
  }
});

Deno.test("incoherence() turns the inputs of layers of one width and seed alike", async () => {
  const [q, k] = [64, 16].map((rows) => randomNormal([rows, 48], { seed: rows }));
  const [one, two] = [await sidesOf(q, { seed: 9 }), await sidesOf(k, { seed: 9 })];
  assertEquals(one.right, two.right);
  const square = await sidesOf(randomNormal([48, 48]), { seed: 9 });
  assertEquals(square.right, one.right);
  // The other side has random signs of its own.
  assert(JSON.stringify(square.left) !== JSON.stringify(square.right));
  assert(JSON.stringify(await sidesOf(q, { seed: 8 })) !== JSON.stringify(one));
});

Deno.test("incoherence() gives a quantizer of few bits a smaller error where weights stand out", async () => {
  const weight = randomNormal([128, 128], { seed: 4 });
  for (let i = 0; i < 128; i++) weight.data[i * 128 + 5] *= 30;
  const options = { bits: 3, groupSize: 64 };
  const plain = rtn(weight, options);
  const turned = await incoherence(weight, null, { quantizer: { method: "rtn", options } });
  assert(squaredError(weight, toDense(turned)) < squaredError(weight, toDense(plain)) / 2);
});

Deno.test("incoherence() turns the Gram matrix with the weight", async () => {
  const weight = randomNormal([64, 48], { seed: 6 });
  const x = toF64(randomNormal([100, 48], { seed: 7 })).data.map((v, i, all) => v + all[i - i % 4]);
  const gram = gramOf(x, 48);
  const options = { bits: 3, granularity: "row" } as const;
  const rtn3 = { method: "rtn", options } as const;
  const turned = await incoherence(weight, gram, {
    quantizer: { method: "ldlq", options: { quantizer: rtn3 } },
  });
  const plain = await incoherence(weight, null, { quantizer: rtn3 });
  const [fed, rounded] = [turned, plain].map((operator) =>
    lossOf(errorsOf(weight, toDense(operator)), gram)
  );
  // What feedback can gain here is most of the loss; by a Gram matrix of another basis it loses.
  assert(fed < 0.5 * rounded, `${fed} of ${rounded}`);
  // Inputs that do not correlate say nothing, in any basis.
  const identity = identityGram(48, 1);
  const named = { method: "ldlq", options: { quantizer: rtn3, damping: 0 } } as const;
  assertEquals(toDense(await incoherence(weight, identity, { quantizer: named })), toDense(plain));
});

Deno.test("incoherence() needs a Gram matrix where its quantizer does", async () => {
  const weight = randomNormal([4, 8]);
  const options = { bits: 4, groupSize: 8 };
  const quantizer = { method: "gptq", options } as const;
  assertEquals(incoherenceNeedsGram({ quantizer }), true);
  assertEquals(incoherenceNeedsGram({ quantizer: RTN }), false);
  await assertRejects(
    () => incoherence(weight, null, { quantizer }),
    TypeError,
    "Cannot quantize in a random basis as the Gram matrix of the inputs must be given",
  );
  const wide = tensor(new Float64Array(81), [9, 9]);
  await assertRejects(() => incoherence(weight, wide, { quantizer }), ShapeError, "[8, 8]");
});

Deno.test("incoherence() refuses what does not fit before it starts", async () => {
  const weight = randomNormal([4, 6]);
  await assertRejects(() => incoherence(randomNormal([4]), null), ShapeError);
  assertThrows(
    () => planIncoherence([4, 6], { quantizer: { method: "rtn", options: { groupSize: 4 } } }),
    RangeError,
    "groupSize must divide the 6 columns",
  );
  await assertRejects(() => incoherence(weight, null, { seed: -1 }), RangeError, "seed");
  for (const method of ["awq", "incoherence"]) {
    await assertRejects(
      () => incoherence(weight, null, { quantizer: { method } } as IncoherenceOptions),
      RangeError,
      `Cannot quantize in a random basis (quantizer) as method must be one of "rtn"`,
    );
  }
  const broken = tensor(Float32Array.of(1, NaN), [1, 2]);
  await assertRejects(() => incoherence(broken, null, { quantizer: RTN }), RangeError, "finite");
});

/** The fourth moment in units of the squared variance, less that of normal numbers. */
function kurtosis(values: Float32Array): number {
  let [second, fourth] = [0, 0];
  for (const value of values) {
    second += value ** 2;
    fourth += value ** 4;
  }
  return values.length * fourth / second ** 2 - 3;
}
