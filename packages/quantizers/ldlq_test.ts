import {
  createDevice,
  createReferenceDevice,
  createReferenceKernels,
  createWasmDevice,
  createWebgpuDevice,
  type Device,
  ldl,
} from "@pare/linalg";
import { type AffineOperator, nodeOf, type Operator, toDense, unpackCodes } from "@pare/operators";
import { randomNormal, type Tensor, tensor, toF32 } from "@pare/tensor";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { IS_SKIPPED } from "#adapter";
import { e8p } from "./e8p.ts";
import { dampedHessian } from "./hessian.ts";
import { ldlq, type LdlqOptions, planLdlq } from "./ldlq.ts";
import { rtn } from "./rtn.ts";
import type { RtnOptions } from "./rtn_options.ts";
import { errorsOf, identityGram, lossOf, randomGram } from "./testing/layers.ts";

/** LDLQ by uniform grids, without refinement unless it is asked for. */
function byRtn(options: RtnOptions, rest: LdlqOptions = {}): LdlqOptions {
  return { quantizer: { method: "rtn", options }, refinements: 0, ...rest };
}

/** LDLQ by points of E8. */
function byE8p(bits: number, rest: LdlqOptions = {}): LdlqOptions {
  return { quantizer: { method: "e8p", options: { bits } }, ...rest };
}

async function quantized(
  weight: Tensor,
  gram: Tensor<"f64">,
  options: LdlqOptions & { device?: Device },
): Promise<AffineOperator> {
  const operator = await ldlq(weight, gram, options);
  assert(operator.form === "affine");
  return operator;
}

/** A row with the wanted numbers on a grid of whole numbers, which its last two, 0 and 15, make. */
function onIntegers(numbers: readonly number[]): Tensor {
  return tensor(Float32Array.of(...numbers, 0, 15), [1, numbers.length + 2]);
}

/** H, and two channels more that have nothing to do with it. */
function widened(h: readonly (readonly number[])[]): Tensor<"f64"> {
  const n = h.length + 2;
  const gram = identityGram(n, 1);
  h.forEach((row, i) => row.forEach((value, j) => gram.data[i * n + j] = value));
  return gram;
}

const INTEGERS = byRtn({ bits: 4, granularity: "row", scaleDtype: "f32" }, { damping: 0 });

Deno.test("ldlq() makes up for errors as worked out by hand", async () => {
  const pair = await ldlq(onIntegers([0.4, 0.4]), widened([[1, 0.9], [0.9, 1]]), INTEGERS);
  assertEquals(toDense(pair).data.slice(0, 2), Float32Array.of(1, 0));
  const three = widened([[2, 1, 0], [1, 2, 1], [0, 1, 2]]);
  const chain = await ldlq(onIntegers([0.6, 0.6, 0.6]), three, INTEGERS);
  assertEquals(toDense(chain).data.slice(0, 3), Float32Array.of(1, 0, 1));
  // The other way round it begins with the first.
  const ascending = { ...INTEGERS, order: "ascending" } as const;
  const turned = await ldlq(onIntegers([0.4, 0.4]), widened([[1, 0.9], [0.9, 1]]), ascending);
  assertEquals(toDense(turned).data.slice(0, 2), Float32Array.of(0, 1));
});

Deno.test("ldlq() rounds every column to the level nearest to what the errors after it ask for", async () => {
  const [rows, cols] = [9, 150];
  const weight = randomNormal([rows, cols], { seed: 1 });
  const gram = randomGram(cols, 400, 2);
  const operator = await quantized(weight, gram, byRtn({ bits: 3, granularity: "row" }));
  const e = errorsOf(weight, toDense(operator));
  const hessian = dampedHessian(gram);
  const { l, d } = await ldl(hessian);
  const scales = toF32(operator.scales).data;
  const codes = unpackCodes(operator).data;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < cols; k++) {
      // η = E L: what is left between U and its level.
      let eta = 0;
      let size = Math.abs(weight.data[row * cols + k]);
      for (let j = k; j < cols; j++) {
        const term = e[row * cols + j] * l.data[j * cols + k];
        eta += term;
        size += Math.abs(term);
      }
      sum += eta ** 2 * d.data[k];
      const code = codes[row * cols + k];
      const isLast = code === 0 && eta < 0 || code === 7 && eta > 0;
      // f32 rounds each product and each sum of U.
      const slack = (cols + 4) * 2 ** -23 * size;
      assert(isLast || Math.abs(eta) <= scales[row] / 2 + slack, `[${row}, ${k}]: ${eta}`);
    }
  }
  // tr(E H Eᵀ) = Σ tr(η D ηᵀ), in f64.
  const loss = lossOf(e, hessian);
  assert(Math.abs(loss - sum) <= 1e-10 * loss, `${loss} and ${sum}`);
});

Deno.test("ldlq() rounds to nearest where inputs do not correlate", async () => {
  const weight = randomNormal([7, 130], { seed: 3 });
  const settings: readonly RtnOptions[] = [
    { bits: 4, groupSize: 13 },
    { bits: 2, granularity: "row", symmetric: true },
    { bits: 3, granularity: "tensor" },
  ];
  for (const options of settings) {
    for (const refinements of [0, 1]) {
      using device = await createWasmDevice({ threads: 2 });
      const operator = await ldlq(
        weight,
        identityGram(130, 7),
        { ...byRtn(options, { refinements }), device },
      );
      assertEquals(operator, rtn(weight, options));
    }
  }
});

Deno.test("ldlq() gives the same codes by panels of any width, and in refinement", async () => {
  const weight = randomNormal([5, 75], { seed: 4 });
  const gram = randomGram(75, 200, 5);
  for (const order of ["descending", "ascending", "activation"] as const) {
    for (const refinements of [0, 2]) {
      const at = (panel: number) =>
        ldlq(weight, gram, byRtn({ bits: 3, groupSize: 25 }, { order, refinements, panel }));
      const whole = await at(128);
      for (const panel of [1, 7, 32, 74]) assertEquals(await at(panel), whole, `${order} ${panel}`);
    }
  }
});

Deno.test("ldlq() loses less than rounding to nearest, by tr(D) / tr(H) for fine grids", async () => {
  const [rows, cols] = [96, 64];
  const weight = randomNormal([rows, cols], { seed: 6 });
  const gram = randomGram(cols, 300, 7);
  const hessian = dampedHessian(gram);
  const { d } = await ldl(hessian);
  const options: RtnOptions = { bits: 8, granularity: "row" };
  const fed = lossOf(errorsOf(weight, toDense(await ldlq(weight, gram, byRtn(options)))), hessian);
  const plain = lossOf(errorsOf(weight, toDense(rtn(weight, options))), hessian);
  const trace = hessian.data.reduce((sum, v, i) => i % (cols + 1) === 0 ? sum + v : sum, 0);
  const gain = d.data.reduce((sum, v) => sum + v, 0) / trace;
  assert(gain < 0.6, `${gain}`);
  assert(Math.abs(fed / plain / gain - 1) < 0.1, `${fed / plain} and ${gain}`);
});

/** Asserts that the loss does not rise with the passes of refinement, but for a share of it. */
async function assertFalling(
  weight: Tensor,
  gram: Tensor<"f64">,
  share: number,
  quantize: (refinements: number) => Promise<Operator>,
): Promise<void> {
  const hessian = dampedHessian(gram);
  const lossAfter = async (refinements: number) =>
    lossOf(errorsOf(weight, toDense(await quantize(refinements))), hessian);
  const losses = [await lossAfter(0), await lossAfter(1), await lossAfter(3)];
  const slack = share * losses[0] + 1e-9;
  assert(losses[1] <= losses[0] + slack, `${losses}`);
  assert(losses[2] <= losses[1] + slack, `${losses}`);
}

Deno.test("ldlq() never loses by a pass of refinement", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 0, max: 1000 }),
      fc.constantFrom<RtnOptions>(
        { bits: 2, granularity: "row" },
        { bits: 3, granularity: "tensor", symmetric: true },
        { bits: 4, groupSize: 8, partialGroups: true },
      ),
      async (rows, cols, tokens, seed, options) => {
        const weight = randomNormal([rows, cols], { seed });
        const gram = randomGram(cols, tokens, seed + 1);
        using device = createReferenceDevice();
        // A level may be taken that is farther from u by what f32 rounds of it: (u + s) n 2^-23 of a
        // loss that is quadratic in it.
        await assertFalling(weight, gram, 1e-5, (refinements) => {
          return ldlq(weight, gram, { ...byRtn(options, { refinements }), device });
        });
      },
    ),
    { seed: 1, numRuns: 40 },
  );
});

Deno.test("ldlq() never loses by a pass of refinement of codewords", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 45 }),
      fc.integer({ min: 1, max: 90 }),
      fc.integer({ min: 0, max: 1000 }),
      fc.constantFrom(2, 3),
      fc.boolean(),
      async (rows, cols, tokens, seed, bits, metric) => {
        const weight = randomNormal([rows, cols], { seed });
        const gram = randomGram(cols, tokens, seed + 1);
        using device = await createWasmDevice({ threads: 1 });
        // f32 tells two codewords apart but for what it rounds of their distances.
        await assertFalling(weight, gram, 1e-4, (refinements) => {
          return ldlq(weight, gram, { ...byE8p(bits, { metric, refinements }), device });
        });
      },
    ),
    { seed: 2, numRuns: 25 },
  );
});

Deno.test("ldlq() loses less by codewords that cost least than by those nearest", async () => {
  const weight = randomNormal([48, 96], { seed: 27 });
  const gram = randomGram(96, 400, 28);
  const hessian = dampedHessian(gram);
  const lossBy = async (options: LdlqOptions) =>
    lossOf(errorsOf(weight, toDense(await ldlq(weight, gram, options))), hessian);
  const alone = lossOf(errorsOf(weight, toDense(await e8p(weight))), hessian);
  const nearest = await lossBy(byE8p(2, { metric: false, refinements: 0 }));
  const cheapest = await lossBy(byE8p(2, { refinements: 0 }));
  const refined = await lossBy(byE8p(2));
  assert(nearest < 0.8 * alone, `${nearest} of ${alone}`);
  assert(cheapest < 0.99 * nearest, `${cheapest} of ${nearest}`);
  assert(refined < 0.95 * cheapest, `${refined} of ${cheapest}`);
});

Deno.test("ldlq() takes blocks of columns in every order, where they divide the columns", async () => {
  const weight = randomNormal([8, 40], { seed: 29 });
  const gram = randomGram(40, 100, 30);
  const hessian = dampedHessian(gram);
  const lossBy = async (options: LdlqOptions) =>
    lossOf(errorsOf(weight, toDense(await ldlq(weight, gram, options))), hessian);
  const plain = lossOf(errorsOf(weight, toDense(await e8p(weight))), hessian);
  for (const order of ["descending", "ascending", "activation"] as const) {
    const loss = await lossBy(byE8p(2, { order }));
    assert(loss < 0.8 * plain, `${order}: ${loss} of ${plain}`);
  }
  assertThrows(
    () => planLdlq([8, 44], byE8p(2, { order: "ascending" })),
    RangeError,
    `order must be "descending" where blocks of 8 do not divide the 44 columns`,
  );
});

Deno.test("ldlq() refines to fewer errors where there is something to gain", async () => {
  const weight = randomNormal([32, 96], { seed: 8 });
  const gram = randomGram(96, 300, 9);
  const hessian = dampedHessian(gram);
  const lossAfter = async (refinements: number) =>
    lossOf(
      errorsOf(
        weight,
        toDense(await ldlq(weight, gram, byRtn({ bits: 2, granularity: "row" }, { refinements }))),
      ),
      hessian,
    );
  assert(await lossAfter(1) < 0.99 * await lossAfter(0));
});

Deno.test("ldlq() takes Gram matrices of any rank, dead channels and outliers", async () => {
  const cols = 24;
  const weight = randomNormal([4, cols], { seed: 10 });
  weight.data.fill(0, cols, 2 * cols);
  weight.data.fill(0.25, 2 * cols, 3 * cols);
  weight.data[3 * cols] = 1e4;
  const dead = randomGram(cols, 60, 11);
  for (let i = 0; i < cols; i++) dead.data[5 * cols + i] = dead.data[i * cols + 5] = 0;
  const grams = [
    randomGram(cols, 60, 12),
    randomGram(cols, 3, 13),
    randomGram(cols, 1, 14),
    dead,
    tensor(new Float64Array(cols * cols), [cols, cols], "f64"),
  ];
  for (const [i, gram] of grams.entries()) {
    const operator = await ldlq(weight, gram, byRtn({ bits: 4, granularity: "row" }));
    const { data } = toDense(operator);
    assert(data.every(Number.isFinite), `gram ${i}`);
    assertEquals(data.slice(cols, 2 * cols), new Float32Array(cols), `zeros, gram ${i}`);
  }
  const column = await ldlq(
    randomNormal([5, 1]),
    identityGram(1, 3),
    byRtn({ granularity: "row" }),
  );
  assertEquals(column, rtn(randomNormal([5, 1]), { granularity: "row" }));
});

Deno.test("ldlq() raises the damping where the Hessian is not definite, and tells", async () => {
  const weight = randomNormal([3, 12], { seed: 15 });
  const gram = randomGram(12, 4, 16);
  const told: number[] = [];
  const onDamping = (damping: number) => void told.push(damping);
  await ldlq(weight, gram, { ...byRtn({ granularity: "row" }), onDamping });
  assertEquals(told, []);
  await ldlq(weight, gram, { ...byRtn({ granularity: "row" }, { damping: 0 }), onDamping });
  assertEquals(told.length, 1);
  assert(told[0] >= 1e-6 && told[0] <= 1e-3, `${told}`);
  const indefinite = identityGram(12, 1);
  indefinite.data[1] = indefinite.data[12] = 50;
  await assertRejects(() => ldlq(weight, indefinite, byRtn({ granularity: "row" })), RangeError);
});

Deno.test("ldlq() is the same to the bit on any number of threads, and again", async () => {
  const weight = randomNormal([70, 160], { seed: 17 });
  const gram = randomGram(160, 300, 18);
  const options = byRtn({ bits: 2, groupSize: 32 }, { refinements: 1, order: "activation" });
  const results = [];
  for (const threads of [1, 2, 3, 2]) {
    using device = await createWasmDevice({ threads });
    // Another object, so that nothing is remembered of it.
    results.push(await ldlq(weight, { ...gram }, { ...options, device }));
  }
  for (const result of results) assertEquals(result, results[0]);
});

Deno.test("ldlq() finds the same codes on every device, or loses as little", async () => {
  const weight = randomNormal([40, 140], { seed: 19 });
  const gram = randomGram(140, 400, 20);
  const hessian = dampedHessian(gram);
  const options = byRtn({ bits: 3, groupSize: 35 }, { refinements: 1 });
  const lossOn = async (device: Device) =>
    lossOf(errorsOf(weight, toDense(await ldlq(weight, gram, { ...options, device }))), hessian);
  using reference = createReferenceDevice();
  using wasm = await createWasmDevice({ threads: 2 });
  using webgpu = IS_SKIPPED ? null : await createWebgpuDevice();
  const expected = await lossOn(reference);
  const found = await Promise.all([wasm, webgpu].map((device) => device && lossOn(device)));
  // A level that is as near up to rounding may be another one, and then what follows it; of 5600 levels
  // a few at most, each of which changes the loss by about 1 / 5600.
  for (const loss of found) {
    assert(loss === null || Math.abs(loss / expected - 1) < 0.01, `${loss} and ${expected}`);
  }
});

Deno.test("ldlq() waits for the device as often for many columns as for few", async () => {
  const downloadsFor = async (cols: number, options: LdlqOptions) => {
    let downloads = 0;
    const kernels = createReferenceKernels();
    using device = createDevice({
      ...kernels,
      // As on a GPU: what needs f64 runs elsewhere.
      doubles: new Set(),
      download: (...parameters) => {
        downloads++;
        return kernels.download(...parameters);
      },
    });
    const weight = randomNormal([3, cols], { seed: 21 });
    await ldlq(weight, randomGram(cols, 40, 22), { ...options, device });
    return downloads;
  };
  for (const options of [byRtn({ bits: 3, granularity: "row" }, { refinements: 1 }), byE8p(2)]) {
    const [few, many] = [await downloadsFor(16, options), await downloadsFor(200, options)];
    assertEquals(many, few);
    assert(few <= 2, `${few}`);
  }
});

Deno.test("ldlq() returns what planLdlq() says, and leaves its input be", async () => {
  const weight = randomNormal([6, 48], { seed: 23 });
  const gram = randomGram(48, 100, 24);
  const copies = [weight.data.slice(), gram.data.slice()];
  const options = byRtn({ bits: 3, groupSize: 16, symmetric: true });
  const operator = await ldlq(weight, { gram }, options);
  assertEquals(nodeOf(operator), planLdlq([6, 48], options));
  assertEquals([weight.data, gram.data], copies);
});

Deno.test("ldlq() refuses what it cannot quantize before it begins", async () => {
  const weight = randomNormal([4, 12], { seed: 25 });
  const gram = randomGram(12, 30, 26);
  await assertRejects(
    () => ldlq(weight, randomGram(8, 30, 26), byRtn({ groupSize: 4 })),
    RangeError,
    "shape must be [12, 12]: current shape is [8, 8]",
  );
  await assertRejects(
    () => ldlq(weight, null),
    TypeError,
    "Gram matrix of the inputs must be given",
  );
  await assertRejects(
    () => ldlq(weight, gram, byRtn({ groupSize: 5 })),
    RangeError,
    "groupSize must divide the 12 columns",
  );
  await assertRejects(
    () => ldlq(weight, gram, { colour: 1 } as LdlqOptions),
    TypeError,
    `option "colour" is unknown`,
  );
  assertThrows(() => planLdlq([4, 12], { damping: -1 }), RangeError, "damping");
  const infinite = { ...gram, data: gram.data.map((value, i) => i === 3 ? Infinity : value) };
  await assertRejects(() => ldlq(weight, infinite, byRtn({ groupSize: 4 })), RangeError, "finite");
  const broken = tensor(Float32Array.of(1, NaN), [1, 2]);
  await assertRejects(
    () => ldlq(broken, identityGram(2, 1), byRtn({ granularity: "row" })),
    RangeError,
    "every weight must be finite",
  );
});
