// Derivatives of activations, and activations that gate.

import { assertThrows } from "@std/assert";
import { ShapeError, tensor } from "@pare/tensor";
import type { Activation } from "../device.ts";
import { assertDifferences } from "./central_differences.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Float,
  floatsOf,
  put,
  randomValues,
  UNIT,
  type Values,
} from "./device_case.ts";
import { erf } from "./oracle.ts";
import {
  constant,
  difference,
  exact,
  exactly,
  expected,
  exponential,
  product,
  quotient,
  type Rounded,
  sum,
} from "./running_error.ts";

const NAMES: readonly Activation[] = ["silu", "gelu", "geluTanh", "relu"];

/** A function and its derivative at a number. */
interface Activated {
  readonly value: Rounded;
  readonly slope: Rounded;
}

/** σ(u) and 1 − σ(u), which may lose digits to the difference. */
function sigmoid(u: Rounded): [s: Rounded, rest: Rounded] {
  const s = quotient(exact(1), sum([exact(1), exponential(product(exact(-1), u))]));
  return [s, difference(exact(1), s)];
}

/** What a device may have for the normal distribution: 32 roundings, and the error of the oracle. */
function normal(x: number, dtype: Float): Rounded {
  const value = (1 + erf(x / Math.SQRT2)) / 2;
  return { value, error: 32 + (dtype === "f64" ? 2e-14 / UNIT.f64 : 0) };
}

const ACTIVATIONS: Readonly<Record<Activation, (x: number, dtype: Float) => Activated>> = {
  silu(x) {
    const [s, rest] = sigmoid(exact(x));
    return {
      value: product(exact(x), s),
      slope: product(s, sum([exact(1), product(exact(x), rest)])),
    };
  },
  gelu(x, dtype) {
    const whole = normal(x, dtype);
    const density = product(
      exponential(product(exact(x), exact(x), exact(-0.5))),
      constant(1 / Math.sqrt(2 * Math.PI)),
    );
    return {
      value: product(exact(x), whole),
      slope: sum([whole, product(exact(x), density)]),
    };
  },
  geluTanh(x) {
    const square = product(exact(x), exact(x), constant(0.044715));
    const factor = constant(2 * Math.sqrt(2 / Math.PI));
    const [s, rest] = sigmoid(product(factor, exact(x), sum([exact(1), square])));
    const slopeU = product(factor, sum([exact(1), product(exact(3), square)]));
    return {
      value: product(exact(x), s),
      slope: sum([s, product(exact(x), s, rest, slopeU)]),
    };
  },
  relu: (x) => ({ value: exact(Math.max(x, 0)), slope: exact(x > 0 ? 1 : 0) }),
};

/** Numbers from the flat left end over zero to where the functions are the identity. */
function spread(shape: readonly number[], dtype: Float): Values {
  const length = shape.reduce((total, one) => total * one, 1);
  const middle = Math.floor(length / 2);
  const step = 12 / Math.max(middle, 1);
  const round = (value: number) => dtype === "f32" ? Math.fround(value) : value;
  return { shape, data: Float64Array.from({ length }, (_, i) => round((i - middle) * step)) };
}

const SHAPES = [[1], [7, 35], [3, 5, 2], [1027]] as const;

/** What a device does to activate, in training. */
export const ACTIVATION_CASES: readonly DeviceCase[] = [
  ...NAMES.map((name): DeviceCase => ({
    name: `activateGradient() is the derivative of ${name}`,
    async run(target) {
      for (const dtype of floatsOf(target, "activateGradient")) {
        for (const shape of SHAPES) {
          using scope = target.device.scope();
          const x = spread(shape, dtype);
          const gradient = randomValues(shape, 1, dtype);
          const slopes = exactly(gradient).map((one, i) =>
            product(one, ACTIVATIONS[name](x.data[i], dtype).slope)
          );
          const result = scope.activateGradient(
            put(scope, x, dtype),
            put(scope, gradient, dtype),
            name,
          );
          await assertOnDevice(
            scope,
            result,
            expected(shape, slopes, dtype),
            `${dtype} [${shape}]`,
          );
        }
      }
    },
  })),
  ...NAMES.map((name): DeviceCase => ({
    name: `gatedActivation() and its derivative gate by ${name}`,
    async run(target) {
      for (const dtype of floatsOf(target, "gatedActivation")) {
        for (const shape of SHAPES) {
          using scope = target.device.scope();
          const gate = spread(shape, dtype);
          const [up, gradient] = [1, 2].map((seed) => randomValues(shape, seed, dtype));
          const [a, b, g] = [gate, up, gradient].map((one) => put(scope, one, dtype));
          const activated = Array.from(gate.data, (x) => ACTIVATIONS[name](x, dtype));
          const [ups, upstream] = [up, gradient].map(exactly);
          const values = activated.map(({ value }, i) => product(value, ups[i]));
          const what = `${dtype} [${shape}]`;
          const result = scope.gatedActivation(a, b, name);
          await assertOnDevice(scope, result, expected(shape, values, dtype), what);
          const slopes = scope.gatedActivationGradient(a, b, g, name);
          const ofGate = activated.map(({ slope }, i) => product(upstream[i], ups[i], slope));
          const ofUp = activated.map(({ value }, i) => product(upstream[i], value));
          const wanted = expected(shape, ofGate, dtype);
          await assertOnDevice(scope, slopes.gate, wanted, `${what}: gate`);
          await assertOnDevice(scope, slopes.up, expected(shape, ofUp, dtype), `${what}: up`);
        }
      }
    },
  })),
  {
    name: "activateGradient() and gatedActivationGradient() agree with central differences",
    async run(target) {
      if (!target.doubles.has("activateGradient")) return;
      for (const name of NAMES) {
        using scope = target.device.scope();
        const [x, up, weights] = [1, 2, 3].map((seed) => randomValues([2, 5], seed, "f64"));
        const [a, b, g] = [x, up, weights].map((one) => put(scope, one, "f64"));
        await assertDifferences(
          target,
          [x],
          (x) => scope.activate(x, name),
          weights,
          [scope.activateGradient(a, g, name)],
        );
        const gated = scope.gatedActivationGradient(a, b, g, name);
        await assertDifferences(
          target,
          [x, up],
          (gate, up) => scope.gatedActivation(gate, up, name),
          weights,
          [gated.gate, gated.up],
        );
      }
    },
  },
  {
    name: "activateGradient() of silu matches values found by hand",
    async run({ device }) {
      using x = device.upload(tensor(Float32Array.of(0, 1, -2), [3]));
      using ones = device.upload(tensor(Float32Array.of(1, 1, 1), [3]));
      using slope = device.activateGradient(x, ones, "silu");
      const data = Float64Array.of(0.5, 0.927671, -0.090784);
      // Six digits after the point, and forty roundings of numbers below 1.
      const bound = 5e-7 + 40 * 2 ** -24;
      await assertOnDevice(device, slope, { shape: [3], data, bound }, "derivative");
    },
  },
  {
    name: "activateGradient() is flat far out, 0 at the kink of relu, and hands on NaN",
    async run({ device }) {
      using x = device.upload(tensor(Float32Array.of(-1e4, -80, -30, 30, 80, 1e4, NaN), [7]));
      using ones = device.upload(tensor(new Float32Array(7).fill(1), [7]));
      for (const name of NAMES) {
        using scope = device.scope();
        const slope = scope.activateGradient(x, ones, name);
        const finite = scope.slice(scope.reshape(slope, [1, 7]), { cols: 6 });
        // That of silu is -3e-12 at -30.
        const data = Float64Array.of(0, 0, 0, 1, 1, 1);
        await assertOnDevice(device, finite, { shape: [1, 6], data, bound: 1e-6 }, name);
        if (name === "relu") continue;
        const all = { shape: [7], data: Float64Array.of(...data, NaN), bound: 1e-6 };
        await assertOnDevice(device, slope, all, name);
      }
      using kink = device.upload(tensor(Float32Array.of(-0, 0, 1e-30), [3]));
      using three = device.upload(tensor(Float32Array.of(5, 5, 5), [3]));
      using slope = device.activateGradient(kink, three, "relu");
      await assertOnDevice(device, slope, { shape: [3], data: Float64Array.of(0, 0, 5) }, "kink");
    },
  },
  {
    name: "activateGradient() and gatedActivation() refuse shapes and dtypes that do not fit",
    run({ device }) {
      using x = device.zeros([3, 4]);
      using row = device.zeros([4]);
      using bytes = device.zeros([3, 4], "u8");
      assertThrows(() => device.activateGradient(x, row, "silu"), ShapeError);
      assertThrows(() => device.activateGradient(x, bytes, "silu"), TypeError);
      assertThrows(() => device.activateGradient(bytes, bytes, "silu"), TypeError);
      assertThrows(() => device.gatedActivation(x, row, "silu"), ShapeError);
      assertThrows(() => device.gatedActivation(x, bytes, "silu"), TypeError);
      assertThrows(() => device.gatedActivation(bytes, bytes, "silu"), TypeError);
      assertThrows(() => device.gatedActivationGradient(x, row, x, "silu"), ShapeError);
      assertThrows(() => device.gatedActivationGradient(x, x, row, "silu"), ShapeError);
      assertThrows(() => device.gatedActivationGradient(x, bytes, x, "silu"), TypeError);
      assertThrows(() => device.gatedActivationGradient(bytes, bytes, bytes, "silu"), TypeError);
    },
  },
];
