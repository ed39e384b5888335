// What every operator does, whatever its form: on the host, and bound to any device.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Device, type DeviceArray, downloadF32 } from "@pare/linalg";
import { bytesOf, randomNormal, ShapeError } from "@pare/tensor";
import { bind, byteLengthOf, gatherRows, nodeOf, parse, serialize, shapeOfNode } from "../mod.ts";
import { bitsPerWeight, tensorSpecsOf, toDense } from "../mod.ts";
import type { Operator } from "../operator.ts";
import { oracleOf, productOf, UNIT } from "./oracle.ts";

/** One behaviour that every operator has on the host. */
export interface HostCase {
  readonly name: string;
  readonly run: (operator: Operator) => void;
}

/** One behaviour that every operator has on a device. */
export interface DeviceCase {
  readonly name: string;
  readonly run: (operator: Operator, device: Device) => Promise<void>;
}

/** What an operator does on the host. */
export const HOST_CASES: readonly HostCase[] = [
  {
    name: "toDense() is what the form means, rounded once",
    run(operator) {
      const { dtype, shape, data } = toDense(operator);
      assertEquals([dtype, shape], ["f32", operator.shape]);
      const { values, norm, roundings } = oracleOf(operator);
      assertEquals(data.length, values.length);
      data.forEach((value, i) => {
        // One rounding to f32, and those of f64 on the way.
        const bound = UNIT * Math.abs(values[i]) + 2 ** -52 * roundings * norm;
        assert(Math.abs(value - values[i]) <= bound, `element ${i}: ${value}, not ${values[i]}`);
      });
    },
  },
  {
    name: "gatherRows() takes rows of the dense matrix, in any order, also none or one twice",
    run(operator) {
      const [rows, cols] = operator.shape;
      const whole = toDense(operator);
      const indices = Uint32Array.of(rows - 1, 0, rows - 1, Math.floor(rows / 2));
      const gathered = gatherRows(operator, indices);
      assertEquals(gathered.shape, [4, cols]);
      indices.forEach((index, i) => {
        const row = gathered.data.subarray(i * cols, (i + 1) * cols);
        assertEquals(row, whole.data.subarray(index * cols, (index + 1) * cols), `row ${index}`);
      });
      assertEquals(gatherRows(operator, new Uint32Array()).shape, [0, cols]);
      assertThrows(() => gatherRows(operator, Uint32Array.of(0, rows)), RangeError, `${rows}`);
    },
  },
  {
    name: "serialize() and parse() come back to the same bytes, through JSON",
    run(operator) {
      const { node, tensors } = serialize(operator);
      const read = parse(JSON.parse(JSON.stringify(node)), tensors, "layer");
      assertEquals(read, operator);
      assertEquals(serialize(read), { node, tensors });
      assertEquals(nodeOf(operator), node);
    },
  },
  {
    name: "tensorSpecsOf() tells the serialized tensors, byteLengthOf() their bytes",
    run(operator) {
      const { node, tensors } = serialize(operator);
      const specs = [...tensors].map(([name, { dtype, shape }]) => [name, { dtype, shape }]);
      assertEquals([...tensorSpecsOf(node)], specs);
      let byteLength = 0;
      for (const tensor of tensors.values()) byteLength += bytesOf(tensor).length;
      assertEquals(byteLengthOf(operator), byteLength);
      assertEquals(byteLengthOf(node), byteLength);
      const [rows, cols] = operator.shape;
      assertEquals(shapeOfNode(node), operator.shape);
      assertEquals(bitsPerWeight(node), 8 * byteLength / (rows * cols));
      assertEquals(bitsPerWeight(operator), bitsPerWeight(node));
    },
  },
];

/** What an operator does on a device. */
export const DEVICE_CASES: readonly DeviceCase[] = [
  {
    name: "apply() multiplies by the transposed matrix, whatever the leading dimensions",
    async run(operator, device) {
      const [rows, cols] = operator.shape;
      const oracle = oracleOf(operator);
      using bound = bind(operator, device);
      assertEquals(bound.shape, operator.shape);
      for (const lead of [[], [1], [3], [2, 5]]) {
        const x = randomNormal([...lead, cols], { seed: lead.length });
        using array = device.upload(x);
        using result = bound.apply(array);
        const { shape, data } = await downloadF32(device, result);
        assertEquals(shape, [...lead, rows]);
        const expected = productOf(x.data, oracle, operator.shape);
        data.forEach((value, i) => {
          const error = Math.abs(value - expected.data[i]);
          const found = `element ${i}: ${value}, not ${expected.data[i]}`;
          assert(error <= expected.bound[i], `[${lead}] ${found}`);
        });
      }
    },
  },
  {
    name: "bind() and apply() leave the operator and the activations as they are",
    async run(operator, device) {
      const before = structuredClone(operator);
      const x = randomNormal([3, operator.shape[1]]);
      using array = device.upload(x);
      using bound = bind(operator, device);
      bound.apply(array)[Symbol.dispose]();
      assertEquals(await device.download(array), x);
      assertEquals(operator, before);
    },
  },
  {
    name: "apply() repeats itself, also in a scope, which then owns the result",
    async run(operator, device) {
      using bound = bind(operator, device);
      using x = device.upload(randomNormal([2, operator.shape[1]]));
      using first = bound.apply(x);
      const scope = device.scope();
      const second = bound.apply(x, scope);
      assertEquals(await device.download(second), await device.download(first));
      scope[Symbol.dispose]();
      assert(isFreed(device, second));
      using third = bound.apply(x);
      assertEquals(await device.download(third), await device.download(first));
    },
  },
  {
    name: "apply() leaves nothing behind but its result, a hundred times; disposing frees all",
    run(operator, device) {
      const made: DeviceArray[] = [];
      const recorder = recording(device, made);
      const bound = bind(operator, recorder);
      const parts = made.length;
      assert(parts > 0);
      for (const lead of [[], [2]]) {
        using x = device.upload(randomNormal([...lead, operator.shape[1]]));
        for (let i = 0; i < 50; i++) {
          const result = bound.apply(x, recorder);
          const living = made.filter((array) => !isFreed(device, array));
          assertEquals(living.length, parts + 1);
          assert(living[parts] === result);
          result[Symbol.dispose]();
          made.splice(parts);
        }
      }
      assertEquals(made.filter((array) => !isFreed(device, array)).length, parts);
      bound[Symbol.dispose]();
      bound[Symbol.dispose]();
      assert(made.every((array) => isFreed(device, array)));
      return Promise.resolve();
    },
  },
  {
    name: "apply() refuses activations that do not fit, and a disposed operator",
    run(operator, device) {
      const [, cols] = operator.shape;
      const bound = bind(operator, device);
      using wide = device.zeros([2, cols + 1]);
      using bytes = device.zeros([2, cols], "u8");
      using x = device.zeros([2, cols]);
      assertThrows(() => bound.apply(wide), ShapeError, `[2, ${cols}]`);
      assertThrows(() => bound.apply(bytes), TypeError, "f32");
      bound[Symbol.dispose]();
      assertThrows(() => bound.apply(x), TypeError, "freed");
      return Promise.resolve();
    },
  },
];

/** The same device, which notes every array it makes. */
export function recording(device: Device, made: DeviceArray[]): Device {
  const recorder: Record<PropertyKey, unknown> = { name: device.name };
  for (const [key, method] of Object.entries(device)) {
    if (typeof method !== "function") continue;
    recorder[key] = (...operands: unknown[]) => {
      const result: unknown = method(...operands);
      const isArray = typeof result === "object" && result !== null && "shape" in result;
      if (isArray) made.push(result as DeviceArray);
      return result;
    };
  }
  return recorder as unknown as Device;
}

/** Tells whether an array can no longer be used. */
export function isFreed(device: Device, array: DeviceArray): boolean {
  try {
    device.reshape(array, array.shape)[Symbol.dispose]();
    return false;
  } catch (error) {
    assert(error instanceof TypeError);
    return true;
  }
}
