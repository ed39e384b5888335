// The step of AdamW.

import { assertThrows } from "@std/assert";
import { ShapeError } from "@pare/tensor";
import type { AdamWStep } from "../training_steps.ts";
import {
  assertOnDevice,
  type DeviceCase,
  floatsOf,
  put,
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

/** The constants that are usual, at a high rate. */
export const ADAM_W_STEP: AdamWStep = {
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

/** What a device does to take a step of the optimizer. */
export const ADAM_W_CASES: readonly DeviceCase[] = [
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
            const options = { ...ADAM_W_STEP, step, learningRate: 0.01 * step, gradientScale: 0.3 };
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
        scope.adamW(parameter, two(0.5, 0), moments, ADAM_W_STEP);
        const once = Float64Array.of(0.890000002, 1.98);
        await assertOnDevice(scope, parameter, { shape: [2], data: once, bound }, `${dtype} once`);
        scope.adamW(parameter, two(-0.25, 0), moments, { ...ADAM_W_STEP, step: 2 });
        const twice = Float64Array.of(0.854466299, 1.9602);
        const wanted = { shape: [2], data: twice, bound };
        await assertOnDevice(scope, parameter, wanted, `${dtype} twice`);
      }
    },
  },
  {
    name: "adamW() refuses shapes, dtypes and numbers that do not fit",
    run({ device }) {
      using scope = device.scope();
      const [x, first, second] = [0, 1, 2].map(() => scope.zeros([3, 4]));
      const rows = scope.zeros([2, 4]);
      const bytes = scope.zeros([3, 4], "u8");
      const moments = { first, second };
      assertThrows(() => scope.adamW(x, rows, moments, ADAM_W_STEP), ShapeError);
      assertThrows(() => scope.adamW(x, x, { first: rows, second }, ADAM_W_STEP), ShapeError);
      assertThrows(() => scope.adamW(x, x, { first, second: rows }, ADAM_W_STEP), ShapeError);
      assertThrows(
        () => scope.adamW(x, bytes, moments, ADAM_W_STEP),
        TypeError,
        "dtypes must be equal",
      );
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
          () => scope.adamW(x, x, moments, { ...ADAM_W_STEP, ...changes }),
          RangeError,
          message,
        );
      }
    },
  },
];
