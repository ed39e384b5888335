// Gradients scattered to rows, the step of AdamW, and that nothing else in training changes operands.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ShapeError, tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { AdamWStep } from "../training_steps.ts";
import {
  assertOnDevice,
  type DeviceCase,
  floatsOf,
  put,
  putIndices,
  randomValues,
  type Values,
} from "./device_case.ts";
import {
  constant,
  difference,
  exact,
  exactly,
  expected,
  product,
  quotient,
  root,
  type Rounded,
  sum,
} from "./running_error.ts";

const STEP: AdamWStep = {
  step: 1,
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.1,
  gradientScale: 1,
};

/** Parameters and their moments. */
interface Optimized {
  readonly parameter: readonly Rounded[];
  readonly first: readonly Rounded[];
  readonly second: readonly Rounded[];
}

/** One step; every constant made of the options is rounded once, from its exact value. */
function adamW(state: Optimized, gradient: Values, o: AdamWStep): Optimized {
  const g = exactly(gradient).map((one) => product(one, constant(o.gradientScale)));
  const towards = (old: Rounded, wanted: Rounded, beta: number) =>
    sum([old, product(constant(1 - beta), difference(wanted, old))]);
  const first = state.first.map((m, i) => towards(m, g[i], o.beta1));
  const second = state.second.map((v, i) => towards(v, product(g[i], g[i]), o.beta2));
  const rate = constant(o.learningRate / (1 - o.beta1 ** o.step));
  const secondScale = constant(1 / (1 - o.beta2 ** o.step));
  const keep = constant(1 - o.learningRate * o.weightDecay);
  const parameter = state.parameter.map((p, i) => {
    const size = sum([root(product(second[i], secondScale)), constant(o.epsilon)]);
    return difference(product(keep, p), quotient(product(rate, first[i]), size));
  });
  return { parameter, first, second };
}

/** Operations that only read what they are given. */
const OPERATIONS: Readonly<Record<string, (device: Device, x: DeviceArray) => void>> = {
  attentionGradient(d, x) {
    using scope = d.scope();
    const logSumExp = scope.zeros([2, 1]);
    const out = scope.attention(x, x, x, { heads: 1, logSumExp });
    scope.attentionGradient({ q: x, k: x, v: x, out, logSumExp }, x, { heads: 1 });
  },
  rmsNormGradient(d, x) {
    using gain = d.zeros([2]);
    using scope = d.scope();
    scope.rmsNormGradient(x, gain, x, 1);
  },
  layerNorm(d, x) {
    using gain = d.zeros([2]);
    using scope = d.scope();
    scope.layerNorm(x, gain, gain, 1);
  },
  layerNormGradient(d, x) {
    using gain = d.zeros([2]);
    using scope = d.scope();
    scope.layerNormGradient(x, gain, x, 1);
  },
  activateGradient(d, x) {
    using scope = d.scope();
    scope.activateGradient(x, x, "silu");
  },
  gatedActivation(d, x) {
    using scope = d.scope();
    scope.gatedActivation(x, x, "silu");
  },
  gatedActivationGradient(d, x) {
    using scope = d.scope();
    scope.gatedActivationGradient(x, x, x, "silu");
  },
  crossEntropy(d, x) {
    using targets = putIndices(d, [1, 0]);
    using ones = d.zeros([2]);
    using scope = d.scope();
    scope.crossEntropy(x, targets);
    scope.crossEntropyGradient(x, targets, ones);
  },
  klDivergence(d, x) {
    using ones = d.zeros([2]);
    using scope = d.scope();
    scope.klDivergence(x, x, 2);
    scope.klDivergenceGradient(x, x, ones, 2);
  },
  scatterRows(d, x) {
    using target = d.zeros([3, 2]);
    using order = putIndices(d, [2, 2]);
    d.scatterRows(target, order, x);
  },
  adamW(d, x) {
    using scope = d.scope();
    const [parameter, first, second] = [0, 1, 2].map(() => scope.zeros([2, 2]));
    scope.adamW(parameter, x, { first, second }, STEP);
  },
};

/** What a device does to take a step of training. */
export const TRAINING_CASES: readonly DeviceCase[] = [
  {
    name: "scatterRows() adds rows to where they belong, as often as they are named",
    async run(target) {
      for (const dtype of floatsOf(target, "scatterRows")) {
        for (const [rows, cols, count] of [[1, 1, 3], [17, 65, 40], [5, 130, 1], [300, 36, 1027]]) {
          using scope = target.device.scope();
          const before = randomValues([rows, cols], 1, dtype);
          const added = randomValues([count, cols], 2, dtype);
          // Whoever is beyond the last row counts as the last one.
          const indices = Array.from({ length: count }, (_, i) => (i * i) % (rows + 1));
          const array = put(scope, before, dtype);
          scope.scatterRows(array, putIndices(scope, indices), put(scope, added, dtype));
          const terms = exactly(before).map((one) => [one]);
          exactly(added).forEach((one, i) => {
            const row = Math.min(indices[Math.floor(i / cols)], rows - 1);
            terms[row * cols + i % cols].push(one);
          });
          const wanted = expected(before.shape, terms.map(sum), dtype);
          await assertOnDevice(scope, array, wanted, `${dtype} ${count} to [${rows}, ${cols}]`);
        }
      }
    },
  },
  {
    name: "scatterRows() is the derivative of gatherRows(), and keeps the bits of other rows",
    async run({ device }) {
      // Integers, so that sums are exact: Σ rows · gathered = Σ scattered · matrix.
      const integers = (count: number, step: number) =>
        Float32Array.from({ length: count }, (_, i) => (i * step) % 23 - 11);
      using matrix = device.upload(tensor(integers(30, 7), [6, 5]));
      using rows = device.upload(tensor(integers(35, 9), [7, 5]));
      using order = putIndices(device, [3, 0, 3, 5, 3, 0, 9]);
      using gathered = device.gatherRows(matrix, order);
      const target = tensor(new Float32Array(30).fill(-0), [6, 5]);
      using scattered = device.upload(target);
      device.scatterRows(scattered, order, rows);
      const inner = async (a: DeviceArray, b: DeviceArray) => {
        const [x, y] = [await device.download(a), await device.download(b)];
        return Array.from(x.data as Float32Array).reduce(
          (total, one, i) => total + one * Number(y.data[i]),
          0,
        );
      };
      assertEquals(await inner(gathered, rows), await inner(matrix, scattered));
      const { data } = await device.download(scattered);
      for (let i = 5; i < 15; i++) assert(Object.is(data[i], -0), `element ${i} is not named`);
    },
  },
  {
    name: "adamW() takes steps in place",
    async run(target) {
      for (const dtype of floatsOf(target, "adamW")) {
        for (const shape of [[1], [7], [3, 5], [259, 131]]) {
          using scope = target.device.scope();
          const start = randomValues(shape, 1, dtype);
          const parameter = put(scope, start, dtype);
          const [first, second] = [0, 1].map(() => scope.zeros(shape, dtype));
          let state: Optimized = {
            parameter: exactly(start),
            first: exactly(start).map(() => exact(0)),
            second: exactly(start).map(() => exact(0)),
          };
          for (const step of [1, 2, 3]) {
            const options = { ...STEP, step, learningRate: 0.01 * step, gradientScale: 0.3 };
            const gradient = randomValues(shape, step + 1, dtype);
            scope.adamW(parameter, put(scope, gradient, dtype), { first, second }, options);
            state = adamW(state, gradient, options);
            const what = `${dtype} [${shape}], step ${step}`;
            const wanted = expected(shape, state.parameter, dtype);
            await assertOnDevice(scope, parameter, wanted, what);
            const wantedFirst = expected(shape, state.first, dtype);
            await assertOnDevice(scope, first, wantedFirst, `${what}: first`);
            const wantedSecond = expected(shape, state.second, dtype);
            await assertOnDevice(scope, second, wantedSecond, `${what}: second`);
          }
        }
      }
    },
  },
  {
    name: "adamW() matches values found by hand, and decays what has no gradient",
    async run(target) {
      for (const dtype of floatsOf(target, "adamW")) {
        using scope = target.device.scope();
        const two = (a: number, b: number) =>
          put(scope, { shape: [2], data: Float64Array.of(a, b) }, dtype);
        const parameter = two(1, 2);
        const moments = { first: two(0, 0), second: two(0, 0) };
        // Nine digits after the point, and a dozen roundings of numbers up to 2.
        const bound = 5e-10 + (dtype === "f32" ? 24 * 2 ** -24 : 0);
        scope.adamW(parameter, two(0.5, 0), moments, STEP);
        const once = Float64Array.of(0.890000002, 1.98);
        await assertOnDevice(scope, parameter, { shape: [2], data: once, bound }, `${dtype} once`);
        scope.adamW(parameter, two(-0.25, 0), moments, { ...STEP, step: 2 });
        const twice = Float64Array.of(0.854466299, 1.9602);
        const wanted = { shape: [2], data: twice, bound };
        await assertOnDevice(scope, parameter, wanted, `${dtype} twice`);
      }
    },
  },
  ...Object.entries(OPERATIONS).map(([name, operate]): DeviceCase => ({
    name: `${name}() leaves what it only reads as it was, and refuses arrays that were freed`,
    async run({ device, create }) {
      const before = tensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
      const x = device.upload(before);
      operate(device, x);
      assertEquals(await device.download(x), before);
      x[Symbol.dispose]();
      assertThrows(() => operate(device, x), TypeError, "freed");
      using other = await create();
      using foreign = other.upload(before);
      assertThrows(() => operate(device, foreign), TypeError, "on another device");
    },
  })),
  {
    name: "every step of training that the device cannot do in f64 refuses it",
    run({ device, doubles }) {
      using scope = device.scope();
      const [x, y, first, second] = [0, 1, 2, 3].map(() => scope.zeros([2, 2], "f64"));
      const [row, logSumExp] = [[2], [2, 1]].map((shape) => scope.zeros(shape, "f64"));
      const order = putIndices(scope, [0, 1]);
      const operations = {
        attentionGradient: () =>
          scope.attentionGradient({ q: x, k: x, v: x, out: x, logSumExp }, x, { heads: 1 }),
        rmsNormGradient: () => scope.rmsNormGradient(x, row, x, 1),
        layerNorm: () => scope.layerNorm(x, row, null, 1),
        layerNormGradient: () => scope.layerNormGradient(x, row, x, 1),
        activateGradient: () => scope.activateGradient(x, x, "silu"),
        gatedActivation: () => scope.gatedActivation(x, x, "silu"),
        gatedActivationGradient: () => scope.gatedActivationGradient(x, x, x, "silu"),
        crossEntropy: () => scope.crossEntropy(x, order),
        crossEntropyGradient: () => scope.crossEntropyGradient(x, order, row),
        klDivergence: () => scope.klDivergence(x, x, 1),
        klDivergenceGradient: () => scope.klDivergenceGradient(x, x, row, 1),
        scatterRows: () => scope.scatterRows(x, order, y),
        adamW: () => scope.adamW(x, y, { first, second }, STEP),
      };
      for (const [name, operate] of Object.entries(operations)) {
        if (doubles.has(name as keyof typeof operations)) operate();
        else assertThrows(operate, TypeError, "f64", name);
      }
    },
  },
  {
    name: "scatterRows() and adamW() refuse shapes, dtypes and numbers that do not fit",
    run({ device }) {
      using scope = device.scope();
      const [x, first, second] = [0, 1, 2].map(() => scope.zeros([3, 4]));
      const rows = scope.zeros([2, 4]);
      const bytes = scope.zeros([3, 4], "u8");
      const order = putIndices(scope, [0, 1]);
      const numbers = scope.zeros([2]);
      assertThrows(() => scope.scatterRows(x, order, x), ShapeError);
      assertThrows(() => scope.scatterRows(x, numbers, rows), TypeError, "must be u32");
      assertThrows(() => scope.scatterRows(numbers, order, rows), RangeError, "2 dimensions");
      assertThrows(() => scope.scatterRows(bytes, order, rows), TypeError);
      const moments = { first, second };
      assertThrows(() => scope.adamW(x, rows, moments, STEP), ShapeError);
      assertThrows(() => scope.adamW(x, x, { first: rows, second }, STEP), ShapeError);
      assertThrows(() => scope.adamW(x, x, { first, second: rows }, STEP), ShapeError);
      assertThrows(() => scope.adamW(x, bytes, moments, STEP), TypeError, "dtypes must be equal");
      for (
        const [changes, message] of [
          [{ step: 0 }, "step must be an integer of 1 or more: current value is 0"],
          [{ step: 1.5 }, "step"],
          [{ beta1: 1 }, "beta1 must be from 0 to below 1: current value is 1"],
          [{ beta2: -0.1 }, "beta2"],
          [{ epsilon: 0 }, "epsilon must be positive: current value is 0"],
          [{ learningRate: NaN }, "learningRate must be finite: current value is NaN"],
          [{ weightDecay: Infinity }, "weightDecay"],
          [{ gradientScale: NaN }, "gradientScale"],
        ] as const
      ) {
        assertThrows(
          () => scope.adamW(x, rows, moments, { ...STEP, ...changes }),
          RangeError,
          message,
        );
      }
    },
  },
];
