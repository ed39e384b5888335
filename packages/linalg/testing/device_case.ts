// What every case of the device conformance suite is made of: a target, numbers to feed it, and
// one comparison against values and error bounds that the case derives.

import { assert, assertEquals } from "@std/assert";
import { castTo, randomUniform, sizeOf, type Tensor, toF32, toF64 } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { KernelName } from "../kernels.ts";

/** A device under test. */
export interface Target {
  /** The device; a case frees what it makes there. */
  readonly device: Device;
  /** Makes another device of the same kind. */
  readonly create: () => Promise<Device>;
  /** The operations that must work in f64; all others must refuse it. */
  readonly doubles: ReadonlySet<KernelName>;
}

/** One behaviour that every device has. */
export interface DeviceCase {
  /** The symbol and what it does. */
  readonly name: string;
  /** Fails if the device does otherwise. */
  readonly run: (target: Target) => void | Promise<void>;
}

/** The floating-point dtypes of devices. */
export type Float = "f32" | "f64";

/** Half the distance from 1 to the next number: the largest relative error of one rounding. */
export const UNIT: Readonly<Record<Float, number>> = { f32: 2 ** -24, f64: 2 ** -53 };

/** Below this a device may flush numbers to zero. */
export const FLUSHED: number = 2 ** -125;

/** Numbers on the host, in f64, of an array that is on a device in `dtype`. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float64Array<ArrayBuffer>;
}

/** What a device should have computed, and how far off each element may be. */
export interface Expected extends Values {
  /** One bound per element, or one for all; 0 if left out. */
  readonly bound?: Float64Array | number;
}

/** The dtypes an operation must work in on this target. */
export function floatsOf(target: Target, name: KernelName): readonly Float[] {
  return target.doubles.has(name) ? ["f32", "f64"] : ["f32"];
}

/** Uniform numbers from [-1, 1) that `dtype` holds exactly, with all of its bits in use. */
export function randomValues(shape: readonly number[], seed: number, dtype: Float): Values {
  const high = randomUniform(shape, { seed, stream: 1 }).data;
  const low = randomUniform(shape, { seed, stream: 2 }).data;
  const data = Float64Array.from(high, (value, i) => {
    const double = 2 * (value + low[i] * 2 ** -24) - 1;
    return dtype === "f64" ? double : Math.fround(double);
  });
  return { shape, data };
}

/** Numbers as a tensor of a floating-point dtype. */
export function tensorOf(values: Values, dtype: Float): Tensor | Tensor<"f64"> {
  const { shape, data } = values;
  return dtype === "f32" ? { dtype, shape, data: Float32Array.from(data) } : { dtype, shape, data };
}

/** Uniform numbers from [-1, 1) that f16 holds exactly. */
export function randomHalves(shape: readonly number[], seed: number): Values {
  const narrow = castTo(tensorOf(randomValues(shape, seed, "f32"), "f32"), "f16");
  return { shape, data: toF64(narrow).data };
}

/** Uploads numbers as f16. */
export function putHalves(device: Device, values: Values): DeviceArray {
  return device.upload(tensorOf(values, "f64"), { dtype: "f16" });
}

/** Uploads numbers in a floating-point dtype. */
export function put(device: Device, values: Values, dtype: Float): DeviceArray {
  return device.upload(tensorOf(values, dtype));
}

/** Uploads indices. */
export function putIndices(device: Device, indices: readonly number[]): DeviceArray {
  const data = Uint32Array.from(indices);
  return device.upload({ dtype: "u32", shape: [data.length], data });
}

/** Downloads an array and widens it. */
export async function valuesOn(target: Target, array: DeviceArray): Promise<Values> {
  const { shape, data } = await target.device.download(array);
  return { shape, data: Float64Array.from(data as Iterable<number>, Number) };
}

/** Downloads an array and holds it against what was expected; a NaN matches only a NaN. */
export async function assertOnDevice(
  device: Device,
  array: DeviceArray,
  expected: Expected,
  what: string,
): Promise<void> {
  assertEquals(array.shape, expected.shape, `${what}: shape`);
  const downloaded = await device.download(array);
  const { data, shape } = downloaded.dtype === "f16" ? toF32(downloaded) : downloaded;
  assertEquals(shape, expected.shape, `${what}: shape downloaded`);
  assertEquals(data.length, sizeOf(expected.shape), `${what}: length downloaded`);
  const { bound = 0 } = expected;
  for (let i = 0; i < data.length; i++) {
    const actual = Number(data[i]);
    const wanted = expected.data[i];
    const allowed = typeof bound === "number" ? bound : bound[i];
    const same = Number.isNaN(wanted) ? Number.isNaN(actual) : actual === wanted;
    assert(
      same || Math.abs(actual - wanted) <= allowed,
      `${what}: element ${i} must be ${wanted} within ${allowed}: it is ${actual}`,
    );
  }
}
