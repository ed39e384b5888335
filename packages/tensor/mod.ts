/**
 * Plain tensors, number formats, seeded random numbers, option checks and errors: what every other
 * package of pare speaks.
 *
 * @example Round numbers to bfloat16 and back
 * ```ts
 * import { castTo, tensor, toF32 } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const t = tensor(Float32Array.of(1, 2.5, 3.14159), [3]);
 * assertEquals(toF32(castTo(t, "bf16")).data, Float32Array.of(1, 2.5, 3.140625));
 * ```
 *
 * @module
 */

export * from "./convert.ts";
export * from "./dtype.ts";
export * from "./errors.ts";
export * from "./float8.ts";
export * from "./half.ts";
export * from "./options.ts";
export * from "./packed_integers.ts";
export * from "./random.ts";
export * from "./tensor.ts";
