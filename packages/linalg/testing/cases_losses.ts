// The losses of language models and their derivatives.

import { assertThrows } from "@std/assert";
import { ShapeError, sizeOf, tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { assertDifferences } from "./central_differences.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Float,
  floatsOf,
  put,
  putIndices,
  randomValues,
  type Values,
} from "./device_case.ts";
import {
  crossEntropy,
  crossEntropyGradient,
  klDivergence,
  klDivergenceGradient,
} from "./loss_oracle.ts";

const SHAPES = [[1], [3, 1], [7], [17, 65], [2, 3, 130], [3, 1025], [70, 36]] as const;

/** Logits from [-8, 8). */
function randomLogits(shape: readonly number[], seed: number, dtype: Float): Values {
  const { data } = randomValues(shape, seed, dtype);
  return { shape, data: data.map((value) => 8 * value) };
}

/** Tokens for every row; some lie beyond the vocabulary, where the last one counts. */
function someTargets(shape: readonly number[]): number[] {
  const [rows, cols] = [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]];
  return Array.from({ length: rows }, (_, i) => i % 5 === 4 ? cols + 7 * i : (i * 31) % cols);
}

/** Indices of any shape. */
function putTargets(device: Device, targets: number[], shape: readonly number[]): DeviceArray {
  using flat = putIndices(device, targets);
  return device.reshape(flat, shape.slice(0, -1));
}

/** What a device does to tell a model how wrong it is. */
export const LOSS_CASES: readonly DeviceCase[] = [
  {
    name: "crossEntropy() and its derivative follow their definitions",
    async run(target) {
      for (const dtype of floatsOf(target, "crossEntropy")) {
        for (const shape of SHAPES) {
          using scope = target.device.scope();
          const logits = randomLogits(shape, 1, dtype);
          const gradient = randomValues(shape.slice(0, -1), 2, dtype);
          const targets = someTargets(shape);
          const z = put(scope, logits, dtype);
          const y = putTargets(scope, targets, shape);
          const loss = scope.crossEntropy(z, y);
          const wanted = crossEntropy(logits, targets, dtype);
          await assertOnDevice(scope, loss, wanted, `${dtype} [${shape}]`);
          const slope = scope.crossEntropyGradient(z, y, put(scope, gradient, dtype));
          const wantedSlope = crossEntropyGradient(logits, targets, gradient, dtype);
          await assertOnDevice(scope, slope, wantedSlope, `${dtype} [${shape}]: gradient`);
        }
      }
    },
  },
  {
    name: "klDivergence() and its derivative follow their definitions at any temperature",
    async run(target) {
      for (const dtype of floatsOf(target, "klDivergence")) {
        for (const [i, shape] of SHAPES.entries()) {
          using scope = target.device.scope();
          const temperature = [1, 2, 0.75, 7][i % 4];
          const teacher = randomLogits(shape, 1, dtype);
          const student = randomLogits(shape, 2, dtype);
          const gradient = randomValues(shape.slice(0, -1), 3, dtype);
          const [t, s, g] = [teacher, student, gradient].map((one) => put(scope, one, dtype));
          const what = `${dtype} [${shape}] at ${temperature}`;
          const loss = scope.klDivergence(t, s, temperature);
          const wanted = klDivergence(teacher, student, temperature, dtype);
          await assertOnDevice(scope, loss, wanted, what);
          const slope = scope.klDivergenceGradient(t, s, g, temperature);
          const wantedSlope = klDivergenceGradient(teacher, student, gradient, temperature, dtype);
          await assertOnDevice(scope, slope, wantedSlope, `${what}: gradient`);
          const none = scope.klDivergence(t, t, temperature);
          await assertOnDevice(scope, none, {
            ...klDivergence(teacher, teacher, temperature, dtype),
            data: new Float64Array(sizeOf(none.shape)),
          }, `${what}: of a teacher from itself`);
        }
      }
    },
  },
  {
    name: "crossEntropyGradient() and klDivergenceGradient() agree with central differences",
    async run(target) {
      if (!target.doubles.has("crossEntropyGradient")) return;
      using scope = target.device.scope();
      const [logits, teacher] = [1, 2].map((seed) => randomValues([3, 7], seed, "f64"));
      const weights = randomValues([3], 3, "f64");
      const [z, t, g] = [logits, teacher, weights].map((one) => put(scope, one, "f64"));
      const y = putIndices(scope, [6, 0, 3]);
      await assertDifferences(
        target,
        [logits],
        (z) => target.device.crossEntropy(z, y),
        weights,
        [scope.crossEntropyGradient(z, y, g)],
      );
      await assertDifferences(
        target,
        [logits],
        (z) => target.device.klDivergence(t, z, 1.5),
        weights,
        [scope.klDivergenceGradient(t, z, g, 1.5)],
      );
    },
  },
  {
    name: "crossEntropy() and its derivative match values found by hand",
    async run({ device }) {
      using z = device.upload(tensor(Float32Array.of(1, 2, 0.5), [1, 3]));
      using y = putIndices(device, [1]);
      using one = device.upload(tensor(Float32Array.of(1), [1]));
      using loss = device.crossEntropy(z, y);
      using slope = device.crossEntropyGradient(z, y, one);
      // Six digits after the point, and forty roundings of numbers below 1.
      const bound = 5e-7 + 40 * 2 ** -24;
      const value = { shape: [1], data: Float64Array.of(0.464369), bound };
      await assertOnDevice(device, loss, value, "loss");
      const data = Float64Array.of(0.231224, -0.371468, 0.140244);
      await assertOnDevice(device, slope, { shape: [1, 3], data, bound }, "gradient");
    },
  },
  {
    name: "crossEntropy() and its derivative keep their digits for large logits",
    async run({ device }) {
      // The last two rows are [0, 0, 0] and [1, 2, 0.5], with a number added that f32 holds exactly.
      const rows = [[1e4, -1e4, 0], [1e4, -1e4, 0], [-1e4, -1e4, -1e4], [8193, 8194, 8192.5]];
      const logits: Values = { shape: [4, 3], data: Float64Array.from(rows.flat()) };
      const targets = [0, 1, 2, 1];
      const gradient: Values = { shape: [4], data: Float64Array.of(1, 2, -3, 1) };
      using z = put(device, logits, "f32");
      using y = putIndices(device, targets);
      using g = put(device, gradient, "f32");
      using loss = device.crossEntropy(z, y);
      const data = Float64Array.of(0, 2e4, Math.log(3), 0.464369);
      const bound = Float64Array.of(0, 0, 40 * 2 ** -24, 5e-7 + 40 * 2 ** -24);
      await assertOnDevice(device, loss, { shape: [4], data, bound }, "loss");
      using slope = device.crossEntropyGradient(z, y, g);
      const third = 1 / 3;
      const slopes = [0, 0, 0, 2, -2, 0, -third * 3, -third * 3, 2, 0.231224, -0.371468, 0.140244];
      await assertOnDevice(device, slope, {
        shape: [4, 3],
        data: Float64Array.from(slopes),
        bound: 5e-7 + 80 * 2 ** -24,
      }, "gradient");
    },
  },
  {
    name: "klDivergence() and its derivative keep their digits for large logits",
    async run({ device }) {
      using t = device.upload(tensor(Float32Array.of(1e4, -1e4, 0, 0, 8192, 8193), [3, 2]));
      using s = device.upload(tensor(Float32Array.of(-1e4, 1e4, 0, 0, 8193, 8193), [3, 2]));
      using g = device.upload(tensor(Float32Array.of(1, 1, 1), [3]));
      using loss = device.klDivergence(t, s, 2);
      // One token for certain, where the student has another: the difference of logits over T. Then
      // p = 1 / (1 + √e) and 1 - p against halves.
      const p = 1 / (1 + Math.exp(0.5));
      const last = p * Math.log(2 * p) + (1 - p) * Math.log(2 * (1 - p));
      const data = Float64Array.of(1e4, 0, last);
      const bound = 40 * 2 ** -24;
      await assertOnDevice(device, loss, { shape: [3], data, bound }, "loss");
      using slope = device.klDivergenceGradient(t, s, g, 2);
      const half = (0.5 - p) / 2;
      const slopes = Float64Array.of(-0.5, 0.5, 0, 0, half, -half);
      await assertOnDevice(device, slope, { shape: [3, 2], data: slopes, bound }, "gradient");
    },
  },
  {
    name: "crossEntropy() and klDivergence() hand on NaN row by row",
    async run({ device }) {
      using z = device.upload(tensor(Float32Array.of(1, NaN, 2, 2), [2, 2]));
      using zeros = device.zeros([2, 2]);
      using y = putIndices(device, [0, 1]);
      using one = device.upload(tensor(Float32Array.of(1, 1), [2]));
      using loss = device.crossEntropy(z, y);
      const bound = 1e-6;
      const data = Float64Array.of(NaN, Math.LN2);
      await assertOnDevice(device, loss, { shape: [2], data, bound }, "loss");
      using slope = device.crossEntropyGradient(z, y, one);
      const slopes = Float64Array.of(NaN, NaN, 0.5, -0.5);
      await assertOnDevice(device, slope, { shape: [2, 2], data: slopes, bound }, "gradient");
      using divergence = device.klDivergence(zeros, z, 1);
      const divergences = Float64Array.of(NaN, 0);
      await assertOnDevice(device, divergence, { shape: [2], data: divergences, bound }, "KL");
      using turned = device.klDivergenceGradient(zeros, z, one, 1);
      const none = Float64Array.of(NaN, NaN, 0, 0);
      await assertOnDevice(device, turned, { shape: [2, 2], data: none, bound }, "KL gradient");
    },
  },
  {
    name: "losses and their derivatives refuse shapes, dtypes and temperatures that do not fit",
    run({ device }) {
      using z = device.zeros([3, 5]);
      using other = device.zeros([3, 4]);
      using row = device.zeros([3]);
      using short = device.zeros([2]);
      using y = putIndices(device, [0, 1, 2]);
      using few = putIndices(device, [0, 1]);
      using bytes = device.zeros([3, 5], "u8");
      assertThrows(() => device.crossEntropy(z, few), ShapeError);
      assertThrows(() => device.crossEntropy(z, row), TypeError, "must be u32");
      assertThrows(() => device.crossEntropy(bytes, y), TypeError);
      assertThrows(() => device.crossEntropyGradient(z, few, row), ShapeError);
      assertThrows(() => device.crossEntropyGradient(z, row, row), TypeError, "must be u32");
      assertThrows(() => device.crossEntropyGradient(z, y, short), ShapeError);
      assertThrows(() => device.crossEntropyGradient(z, y, y), TypeError, "dtypes must be equal");
      assertThrows(() => device.klDivergence(other, z, 1), ShapeError);
      assertThrows(() => device.klDivergence(bytes, z, 1), TypeError, "dtypes must be equal");
      assertThrows(() => device.klDivergenceGradient(other, z, row, 1), ShapeError);
      assertThrows(() => device.klDivergenceGradient(z, z, short, 1), ShapeError);
      for (const temperature of [0, -1, NaN, Infinity]) {
        assertThrows(
          () => device.klDivergence(z, z, temperature),
          RangeError,
          `as the temperature must be positive: current value is ${temperature}`,
        );
        assertThrows(() => device.klDivergenceGradient(z, z, row, temperature), RangeError);
      }
    },
  },
];
