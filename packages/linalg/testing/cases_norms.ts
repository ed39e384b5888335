// Layer normalization, and the derivatives of both norms.

import { assertThrows } from "@std/assert";
import { ShapeError, tensor } from "@pare/tensor";
import type { LayerNormGradient, RmsNormGradient } from "../training_steps.ts";
import { assertDifferences } from "./central_differences.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Expected,
  type Float,
  floatsOf,
  put,
  randomValues,
  type Target,
  type Values,
} from "./device_case.ts";
import {
  difference,
  dot,
  exact,
  exactly,
  expected,
  inverseRoot,
  mean,
  product,
  type Rounded,
  rowOf,
  sum,
} from "./running_error.ts";

/** What a norm is given, and the gradient of what it returns. */
interface Norm {
  readonly x: Values;
  readonly gain: Values;
  readonly gradient: Values;
  readonly epsilon: number;
}

const SETTINGS: readonly [shape: readonly number[], cols: number, epsilon: number][] = [
  [[1], 1, 1e-5],
  [[3, 17], 17, 1e-6],
  [[2, 3, 130], 65, 0.5],
  [[5, 48], 8, 1e-5],
  [[70, 36], 36, 1e-5],
  [[3, 1027], 1027, 1e-8],
];

function randomNorm(
  [shape, cols, epsilon]: typeof SETTINGS[number],
  dtype: Float,
): Norm {
  const x = randomValues(shape, 1, dtype);
  // About a mean that is not zero.
  x.data.forEach((value, i) => x.data[i] = (value + 1) / 2);
  return {
    x,
    gain: randomValues([cols], 2, dtype),
    gradient: randomValues(shape, 3, dtype),
    epsilon,
  };
}

/** (x − μ) / √(mean (x − μ)² + ε) of one run, and the factor; μ is zero for the root mean square. */
function normalized(
  x: readonly Rounded[],
  epsilon: number,
  isCentred: boolean,
): { h: Rounded[]; r: Rounded } {
  const centre = mean(x);
  const centred = isCentred ? x.map((one) => difference(one, centre)) : x;
  const squares = mean(centred.map((one) => product(one, one)));
  const r = inverseRoot(sum([squares, exact(epsilon)]));
  return { h: centred.map((one) => product(one, r)), r };
}

/** The gradients, from the Jacobian of h: ∂h_j / ∂x_i = r (δ_ij − 1/n − h_i h_j / n). */
function gradients(
  { x, gain, gradient, epsilon }: Norm,
  isCentred: boolean,
  dtype: Float,
): { x: Expected; gain: Expected; bias: Expected } {
  const cols = gain.data.length;
  const rows = x.data.length / cols;
  const [numbers, upstream, gains] = [x, gradient, gain].map(exactly);
  const ofX: Rounded[] = [];
  const ofGain: Rounded[][] = gains.map(() => []);
  const ofBias: Rounded[][] = gains.map(() => []);
  for (let row = 0; row < rows; row++) {
    const dy = rowOf(upstream, row, cols);
    const { h, r } = normalized(rowOf(numbers, row, cols), epsilon, isCentred);
    const u = dy.map((one, j) => product(one, gains[j]));
    const along = product(dot(u, h), exact(1 / cols));
    const shared = isCentred ? mean(u) : exact(0);
    for (let j = 0; j < cols; j++) {
      const turned = difference(difference(u[j], shared), product(h[j], along));
      ofX.push(product(r, turned));
      ofGain[j].push(product(dy[j], h[j]));
      ofBias[j].push(dy[j]);
    }
  }
  return {
    x: expected(x.shape, ofX, dtype),
    gain: expected(gain.shape, ofGain.map(sum), dtype),
    bias: expected(gain.shape, ofBias.map(sum), dtype),
  };
}

function layerNorm({ x, gain, epsilon }: Norm, bias: Values | null, dtype: Float): Expected {
  const cols = gain.data.length;
  const inputs = exactly(x);
  const results: Rounded[] = [];
  for (let row = 0; row < inputs.length / cols; row++) {
    const { h } = normalized(rowOf(inputs, row, cols), epsilon, true);
    h.forEach((one, j) => {
      const scaled = product(one, exact(gain.data[j]));
      results.push(bias ? sum([scaled, exact(bias.data[j])]) : scaled);
    });
  }
  return expected(x.shape, results, dtype);
}

/** A norm on the device. */
function putNorm({ device }: Target, { x, gain, gradient }: Norm, dtype: Float) {
  return [x, gain, gradient].map((values) => put(device, values, dtype));
}

/** What a device does to normalize, and to differentiate that. */
export const NORM_CASES: readonly DeviceCase[] = [
  {
    name: "layerNorm() centres and normalizes runs as long as the gain",
    async run(target) {
      for (const dtype of floatsOf(target, "layerNorm")) {
        for (const setting of SETTINGS) {
          using scope = target.device.scope();
          const norm = randomNorm(setting, dtype);
          const bias = randomValues(norm.gain.shape, 4, dtype);
          const [x, gain] = putNorm({ ...target, device: scope }, norm, dtype);
          const shift = put(scope, bias, dtype);
          const what = `${dtype} [${norm.x.shape}] by ${norm.gain.shape}`;
          const result = scope.layerNorm(x, gain, shift, norm.epsilon);
          await assertOnDevice(scope, result, layerNorm(norm, bias, dtype), what);
          const plain = scope.layerNorm(x, gain, null, norm.epsilon);
          await assertOnDevice(scope, plain, layerNorm(norm, null, dtype), `${what}, no bias`);
        }
      }
    },
  },
  {
    name: "layerNorm() takes equal numbers to the bias, and hands on NaN row by row",
    async run({ device }) {
      using x = device.upload(tensor(Float32Array.of(3, 3, 1, 5, NaN, 1), [3, 2]));
      using gain = device.upload(tensor(Float32Array.of(1, 10), [2]));
      using bias = device.upload(tensor(Float32Array.of(0.5, -4), [2]));
      using result = device.layerNorm(x, gain, bias, 1e-5);
      const h = 2 / Math.sqrt(4 + 1e-5);
      const data = Float64Array.of(0.5, -4, 0.5 - h, 10 * h - 4, NaN, NaN);
      // A dozen roundings of numbers up to 10.
      await assertOnDevice(device, result, { shape: [3, 2], data, bound: 1e-5 }, "rows");
    },
  },
  ...(["rmsNormGradient", "layerNormGradient"] as const).map((name): DeviceCase => ({
    name: `${name}() is the derivative`,
    async run(target) {
      for (const dtype of floatsOf(target, name)) {
        for (const setting of SETTINGS) {
          using scope = target.device.scope();
          const norm = randomNorm(setting, dtype);
          const [x, gain, gradient] = putNorm({ ...target, device: scope }, norm, dtype);
          const wanted = gradients(norm, name === "layerNormGradient", dtype);
          const actual: Partial<LayerNormGradient> & RmsNormGradient = scope[name](
            x,
            gain,
            gradient,
            norm.epsilon,
          );
          const what = `${dtype} [${norm.x.shape}] by ${norm.gain.shape}`;
          await assertOnDevice(scope, actual.x, wanted.x, `${what}: x`);
          await assertOnDevice(scope, actual.gain, wanted.gain, `${what}: gain`);
          if (actual.bias) {
            await assertOnDevice(scope, actual.bias, wanted.bias, `${what}: bias`);
          }
        }
      }
    },
  })),
  {
    name: "rmsNormGradient() and layerNormGradient() agree with central differences",
    async run(target) {
      if (!target.doubles.has("layerNormGradient")) return;
      using scope = target.device.scope();
      const norm = randomNorm([[2, 3, 10], 5, 0.125], "f64");
      const bias = randomValues([5], 4, "f64");
      const { x, gain, gradient, epsilon } = norm;
      const arrays = putNorm({ ...target, device: scope }, norm, "f64");
      const rms = scope.rmsNormGradient(arrays[0], arrays[1], arrays[2], epsilon);
      await assertDifferences(
        target,
        [x, gain],
        (x, gain) => scope.rmsNorm(x, gain, epsilon),
        gradient,
        [rms.x, rms.gain],
      );
      const layer = scope.layerNormGradient(arrays[0], arrays[1], arrays[2], epsilon);
      await assertDifferences(
        target,
        [x, gain, bias],
        (x, gain, bias) => scope.layerNorm(x, gain, bias, epsilon),
        gradient,
        [layer.x, layer.gain, layer.bias],
      );
    },
  },
  {
    name: "rmsNormGradient() matches values found by hand",
    async run({ device }) {
      using x = device.upload(tensor(Float32Array.of(1, 2, 3), [1, 3]));
      using gain = device.upload(tensor(Float32Array.of(1, 0.5, 2), [3]));
      using gradient = device.upload(tensor(Float32Array.of(1, 0, -1), [1, 3]));
      const actual = device.rmsNormGradient(x, gain, gradient, 1e-5);
      using ofX = actual.x;
      using ofGain = actual.gain;
      // Six digits after the point, and twenty roundings of numbers up to 2.
      const bound = 5e-7 + 40 * 2 ** -24;
      const dx = Float64Array.of(0.628234, 0.330649, -0.429846);
      await assertOnDevice(device, ofX, { shape: [1, 3], data: dx, bound }, "x");
      const dg = Float64Array.of(0.462910, 0, -1.388729);
      await assertOnDevice(device, ofGain, { shape: [3], data: dg, bound }, "gain");
    },
  },
  {
    name: "layerNorm() and the derivatives of norms refuse shapes and dtypes that do not fit",
    run({ device }) {
      using x = device.zeros([3, 8]);
      using gain = device.zeros([4]);
      using three = device.zeros([3]);
      using matrix = device.zeros([1, 4]);
      using turned = device.zeros([8, 3]);
      using bytes = device.zeros([3, 8], "u8");
      assertThrows(() => device.layerNorm(x, three, null, 1), ShapeError);
      assertThrows(() => device.layerNorm(x, matrix, null, 1), ShapeError);
      assertThrows(() => device.layerNorm(x, gain, three, 1), ShapeError);
      assertThrows(() => device.layerNorm(bytes, gain, null, 1), TypeError);
      for (const name of ["rmsNormGradient", "layerNormGradient"] as const) {
        assertThrows(() => device[name](x, three, x, 1), ShapeError);
        assertThrows(() => device[name](x, gain, turned, 1), ShapeError);
        assertThrows(() => device[name](x, gain, bytes, 1), TypeError, "dtypes must be equal");
        assertThrows(() => device[name](bytes, gain, bytes, 1), TypeError);
      }
    },
  },
];
