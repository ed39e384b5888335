import { createReferenceDevice, createWasmDevice, type Device } from "@pare/linalg";

/** A device that is there on every machine. */
export interface DeviceCase {
  /** Its name. */
  readonly name: string;
  /** Makes one. */
  readonly create: () => Promise<Device>;
  /**
   * By how much logits of the tiny models may differ when tokens run in other company: the reference
   * device sums every row alone, wasm in an order that depends on how many rows there are.
   */
  readonly company: number;
}

/** All of them. */
export const DEVICES: readonly DeviceCase[] = [
  { name: "reference", create: () => Promise.resolve(createReferenceDevice()), company: 0 },
  // Some 30 roundings to f32 of numbers below 4, each at most 2^-23.
  { name: "wasm", create: () => createWasmDevice({ threads: 1 }), company: 1e-5 },
];
