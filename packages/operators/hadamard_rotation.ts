// Randomized Hadamard transform: U = F · diag(s), with F the Hadamard matrix G ⊗ S of each block
// divided by √block (G the dense factor of `hadamardOrder`, S Sylvester's matrix of a power of two),
// and random signs s. It spreads what stands out in few weights over many.
//
// A. Tseng et al., "QuIP#: Even Better LLM Quantization with Hadamard Incoherence and Lattice
// Codebooks", ICML 2024, arXiv:2402.04396, section 3.
//
// Departs from the paper: the dense factors are Paley's, made as needed, and where no known Hadamard
// matrix is of the whole size, blocks as long as there are of its divisors are transformed apart; a
// size whose only such divisor is 1 gets random signs and nothing else.

import { hadamardBlock, hadamardMatrix, hadamardOrder } from "@pare/linalg";
import {
  checkOptions,
  type Checks,
  integer,
  packIntegers,
  randomSigns,
  type Tensor,
} from "@pare/tensor";
import { checkTensor, rejectAs } from "./check_tensor.ts";
import { expect, readInteger, readObject } from "./field.ts";
import type { Rotation } from "./operator.ts";
import type { RotationKind, RotationNodeOf, RotationOf } from "./rotation_kind.ts";

/** Options of {@linkcode hadamardRotation}. */
export interface HadamardRotationOptions {
  /** Which random signs, an integer from 0 to 2^53 − 1. @default {0} */
  seed?: number;
  /** Which of the independent sequences of one seed. @default {0} */
  stream?: number;
  /**
   * How many neighbours are mixed: a divisor of the size that `hadamardOrder` knows a matrix of. By
   * default the largest, `hadamardBlock(size)`, which is all of them for the widths of most models;
   * a power of two is faster where that has a large dense factor, and spreads less.
   */
  block?: number;
}

/** What a block must be. */
const KNOWN = "a power of two, or one times the order of a Paley matrix,";

const OPTIONS: Checks<HadamardRotationOptions> = {
  seed: integer(0),
  stream: integer(0),
  block: integer(1),
};

/**
 * Makes a randomized Hadamard transform, which takes one bit of storage for each row or column.
 *
 * @example Spread one large weight over all
 * ```ts
 * import { hadamardRotation, rotate } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = tensor(Float32Array.of(0, 8, 0, 0), [1, 4]);
 * const right = hadamardRotation(4, { seed: 1 });
 * const spread = await rotate(weight, { right });
 * assertEquals(spread.data.map(Math.abs), Float32Array.of(4, 4, 4, 4));
 * ```
 *
 * @param size The number of rows or columns that it rotates.
 * @param options The seed and the block.
 * @returns The rotation.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If an option or the size is out of its range.
 */
export function hadamardRotation(
  size: number,
  options: HadamardRotationOptions = {},
): Extract<Rotation, { kind: "hadamard" }> {
  const action = "Cannot make a Hadamard rotation";
  const reject = rejectAs(action);
  if (!Number.isSafeInteger(size) || size < 1) {
    reject("size", `must be an integer of 1 or more: current value is ${size}`);
  }
  checkOptions(action, options, OPTIONS);
  const { seed, stream, block = hadamardBlock(size) } = options;
  const negative = Uint8Array.from(randomSigns([size], { seed, stream }).data, (s) => +(s < 0));
  const data = packIntegers(negative, 1);
  const signs: Tensor<"u8"> = { dtype: "u8", shape: [data.length], data };
  const rotation = { kind: "hadamard", block, signs } as const;
  HADAMARD.check(rotation, size, reject);
  return rotation;
}

/** The kind of randomized Hadamard transforms. */
export const HADAMARD: RotationKind<RotationOf<"hadamard">, RotationNodeOf<"hadamard">> = {
  nodeOf: ({ block }) => ({ kind: "hadamard", block }),

  spec: (_node, size) => ["signs", { dtype: "u8", shape: [Math.ceil(size / 8)] }],

  part: ({ signs }) => ["signs", signs],

  readNode(field, size) {
    const fields = readObject(field, ["kind", "block"]);
    const block = readInteger(fields.block, 1);
    expect(divides(block, size), fields.block, `${KNOWN} that divides ${size}`);
    return { kind: "hadamard", block };
  },

  build: ({ block }, store) => ({ kind: "hadamard", block, signs: store.tensor("signs", "u8") }),

  check({ block, signs }, size, reject) {
    if (!divides(block, size)) {
      const problem = `must be ${KNOWN} that divides ${size}`;
      reject("block", `${problem}: current value is ${block}`);
    }
    checkTensor(signs, "signs", ["u8"], [Math.ceil(size / 8)], reject);
  },

  blockOf: ({ block }) => block,

  left({ block, signs }, data, cols, rows, isTransposed) {
    const flip = () => {
      rows.forEach((row, i) => {
        if (!isNegative(signs, row)) return;
        for (let j = i * cols; j < (i + 1) * cols; j++) data[j] = -data[j];
      });
    };
    if (!isTransposed) flip();
    transform(data, block, cols, isTransposed);
    if (isTransposed) flip();
    return data;
  },

  right({ block, signs }, data, size, isTransposed) {
    const flip = () => {
      for (let i = 0; i < data.length; i++) if (isNegative(signs, i % size)) data[i] = -data[i];
    };
    if (isTransposed) flip();
    // x U = (Uᵀ xᵀ)ᵀ: the rows are columns to the transposed transform.
    transform(data, block, 1, !isTransposed);
    if (!isTransposed) flip();
    return data;
  },

  bind({ block, signs: bits }, size, upload, isTransposed) {
    const data = Float32Array.from({ length: size }, (_, i) => isNegative(bits, i) ? -1 : 1);
    const signs = upload({ dtype: "f32", shape: [size], data });
    return (x, device) => {
      if (isTransposed) {
        using flipped = device.multiply(x, signs);
        return device.hadamard(flipped, block);
      }
      using mixed = device.hadamard(x, block, { inverse: true });
      return device.multiply(mixed, signs);
    };
  },
};

function divides(block: number, size: number): boolean {
  return hadamardOrder(block) !== undefined && size % block === 0;
}

function isNegative(signs: Tensor<"u8">, index: number): boolean {
  return (signs.data[index >> 3] >> (index & 7) & 1) === 1;
}

/** F, or Fᵀ, times each run of `block` vectors of `width` numbers, in place. */
function transform(data: Float64Array, block: number, width: number, isInverse: boolean): void {
  const { factor = 1, power = block } = hadamardOrder(block) ?? {};
  const dense = factor > 1 ? hadamardMatrix(factor).data : undefined;
  const norm = 1 / Math.sqrt(block);
  for (let start = 0; start < data.length; start += block * width) {
    for (let stride = 1; stride < power; stride *= 2) {
      for (let i = 0; i < block / 2; i++) {
        const low = start + (2 * i - (i & (stride - 1))) * width;
        for (let j = low; j < low + width; j++) {
          const a = data[j];
          const b = data[j + stride * width];
          data[j] = a + b;
          data[j + stride * width] = a - b;
        }
      }
    }
    if (dense) mix(data.subarray(start, start + block * width), factor, dense, isInverse);
  }
  for (let i = 0; i < data.length; i++) data[i] *= norm;
}

/** G, or Gᵀ, times a matrix of `factor` rows, in place. */
function mix(x: Float64Array, factor: number, dense: Float32Array, isTransposed: boolean): void {
  const rows = x.slice();
  const width = x.length / factor;
  x.fill(0);
  for (let i = 0; i < factor; i++) {
    for (let k = 0; k < factor; k++) {
      const sign = isTransposed ? dense[k * factor + i] : dense[i * factor + k];
      for (let j = 0; j < width; j++) x[i * width + j] += sign * rows[k * width + j];
    }
  }
}
