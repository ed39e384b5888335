// Which lengths have a fast Hadamard transform: powers of two, times the order of one Hadamard matrix
// that is multiplied densely.

import { paleyConstruction } from "./paley.ts";

/** The largest order of the dense factor: beyond it, a transform costs as much as a product. */
const MAX_FACTOR = 512;

/** A length as `factor · power`. */
export interface HadamardOrder {
  /** The order of the dense factor, 1 for powers of two. */
  readonly factor: number;
  /** The power of two that is transformed fast. */
  readonly power: number;
}

/**
 * Splits a length into the order of a dense Hadamard matrix, as small as there is, and a power of two.
 *
 * Hadamard matrices exist for the orders 1 and 2 and, as far as known, for multiples of 4; dense
 * factors come from Paley's constructions over GF(q), up to order 512.
 *
 * @example The widths of some models
 * ```ts
 * import { hadamardOrder } from "@pare/linalg";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(hadamardOrder(4096), { factor: 1, power: 4096 });
 * assertEquals(hadamardOrder(14336), { factor: 28, power: 512 });
 * assertEquals(hadamardOrder(11008), { factor: 344, power: 32 });
 * assertEquals(hadamardOrder(1001), undefined);
 * ```
 *
 * @param length What {@linkcode Device.hadamard} is to transform at once.
 * @returns The two factors, or `undefined` if there is no such transform here.
 */
export function hadamardOrder(length: number): HadamardOrder | undefined {
  if (!Number.isSafeInteger(length) || length < 1) return undefined;
  let power = 1;
  while (length % (2 * power) === 0) power *= 2;
  const odd = length / power;
  if (odd === 1) return { factor: 1, power };
  for (let factor = 4 * odd; factor <= MAX_FACTOR && length % factor === 0; factor *= 2) {
    if (paleyConstruction(factor)) return { factor, power: length / factor };
  }
  return undefined;
}

/**
 * The longest block whose Hadamard transform divides a dimension: the dimension itself for those of
 * most models, else what a block-diagonal transform can take.
 *
 * @example
 * ```ts
 * import { hadamardBlock } from "@pare/linalg";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(hadamardBlock(5632), 5632);
 * assertEquals(hadamardBlock(50), 2);
 * ```
 *
 * @param size The dimension.
 * @returns The block, 1 if there is none longer.
 * @throws {RangeError} If the size is not a positive integer.
 */
export function hadamardBlock(size: number): number {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new RangeError(
      `Cannot choose a block as size must be an integer of 1 or more: current value is ${size}`,
    );
  }
  let block = 1;
  for (let low = 1; low * low <= size; low++) {
    if (size % low !== 0) continue;
    // The larger the divisor the better, so that the first one that serves ends the search.
    if (hadamardOrder(size / low)) return Math.max(block, size / low);
    if (hadamardOrder(low)) block = low;
  }
  return block;
}
