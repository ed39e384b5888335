// Gradients scattered to rows, and that steps of training leave be what they only read.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ShapeError, tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { ADAM_W_STEP } from "./cases_adamw.ts";
import {
  assertOnDevice,
  type DeviceCase,
  floatsOf,
  put,
  putIndices,
  randomValues,
} from "./device_case.ts";
import { exactly, expected, sum } from "./running_error.ts";

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
    scope.adamW(parameter, x, { first, second }, ADAM_W_STEP);
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
        adamW: () => scope.adamW(x, y, { first, second }, ADAM_W_STEP),
      };
      for (const [name, operate] of Object.entries(operations)) {
        if (doubles.has(name as keyof typeof operations)) operate();
        else assertThrows(operate, TypeError, "f64", name);
      }
    },
  },
  {
    name: "scatterRows() refuses shapes and dtypes that do not fit",
    run({ device }) {
      using scope = device.scope();
      const x = scope.zeros([3, 4]);
      const rows = scope.zeros([2, 4]);
      const bytes = scope.zeros([3, 4], "u8");
      const order = putIndices(scope, [0, 1]);
      const numbers = scope.zeros([2]);
      assertThrows(() => scope.scatterRows(x, order, x), ShapeError);
      assertThrows(() => scope.scatterRows(x, numbers, rows), TypeError, "must be u32");
      assertThrows(() => scope.scatterRows(numbers, order, rows), RangeError, "2 dimensions");
      assertThrows(() => scope.scatterRows(bytes, order, rows), TypeError);
    },
  },
];
