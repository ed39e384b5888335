// What every storage form means, written from the definitions in operator.ts, one element at a
// time, and how far a device that computes in f32 may be off.

import { e8pCodebook, e8pResidualCodebook, hadamardMatrix } from "@pare/linalg";
import { toF64 } from "@pare/tensor";
import type { FormName, OperatorOf } from "../form.ts";
import type { MatrixShape, Operator, Rotation } from "../operator.ts";

/** A matrix in f64. */
export interface Oracle {
  /** Row-major. */
  readonly values: Float64Array;
  /** At least the Frobenius norm of what is multiplied, with no cancellation inside. */
  readonly norm: number;
  /** How many roundings an element goes through, at most. */
  readonly roundings: number;
}

/** Half the distance from 1 to the next f32. */
export const UNIT: number = 2 ** -24;

/** Computes the matrix of an operator. */
export function oracleOf(operator: Operator): Oracle {
  // A row of the table takes its own form alone.
  const oracle = ORACLES[operator.form] as (operator: Operator) => Oracle;
  return oracle(operator);
}

/**
 * x · Wᵀ in f64, and how far off f32 may be.
 *
 * A stage z·Mᵀ of inner length n errs by at most (n + 2) u Σ|z||m| <= (n + 2) u ‖z‖ ‖M‖ in each
 * element, whatever the order of its sums; later stages enlarge that by their own norms at most.
 * So |error| <= u · (sum of n + 2 over the stages) · ‖x‖ · (product of the norms), to first order;
 * the factor 2 is for the rest.
 */
export function productOf(
  x: Float32Array,
  { values, norm, roundings }: Oracle,
  [rows, cols]: MatrixShape,
): { readonly data: Float64Array; readonly bound: Float64Array } {
  const data = new Float64Array(x.length / cols * rows);
  const bound = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const token = Math.floor(i / rows) * cols;
    const row = i % rows * cols;
    let squares = 0;
    for (let j = 0; j < cols; j++) {
      data[i] += x[token + j] * values[row + j];
      squares += x[token + j] ** 2;
    }
    bound[i] = 2 * UNIT * roundings * Math.sqrt(squares) * norm;
  }
  return { data, bound };
}

const ORACLES: { readonly [F in FormName]: (operator: OperatorOf<F>) => Oracle } = {
  dense({ shape: [, cols], weight }) {
    const values = toF64(weight).data;
    return { values, norm: normOf(values), roundings: cols + 2 };
  },

  affine({ shape: [rows, cols], bits, groupSize, codes, scales, zeroPoints }) {
    const values = new Float64Array(rows * cols);
    // A device may split scale · code from scale · zero point.
    const magnitudes = new Float64Array(rows * cols);
    const groups = groupSize === null ? 1 : Math.ceil(cols / groupSize);
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < cols; col++) {
        const scaleRow = groupSize === null ? 0 : row;
        const group = groupSize === null ? 0 : Math.floor(col / groupSize);
        const scale = toF64(scales).data[scaleRow * groups + group];
        const code = readBits(codes.data, codes.shape[1], row, col, bits);
        let zeroPoint = 2 ** (bits - 1);
        if (zeroPoints?.dtype === "u8") {
          zeroPoint = readBits(zeroPoints.data, zeroPoints.shape[1], scaleRow, group, bits);
        } else if (zeroPoints) zeroPoint = toF64(zeroPoints).data[scaleRow * groups + group];
        values[row * cols + col] = scale * (code - zeroPoint);
        magnitudes[row * cols + col] = scale * (code + Math.abs(zeroPoint));
      }
    }
    return { values, norm: normOf(magnitudes), roundings: cols + 6 };
  },

  levels({ shape: [rows, cols], kind, bits, groupSize, codes, scales, matrixScale }) {
    const values = new Float64Array(rows * cols);
    const groups = Math.ceil(cols / groupSize);
    const factor = matrixScale?.data[0] ?? 1;
    const levels = Array.from(
      { length: 2 ** bits },
      (_, code) => Math.fround(kind === "e2m1" ? e2m1Level(code) : normalLevel(code, bits)),
    );
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < cols; col++) {
        const at = row * groups + Math.floor(col / groupSize);
        const scale = scales.dtype === "u8" ? 2 ** (scales.data[at] - 127) : toF64(scales).data[at];
        const code = readBits(codes.data, codes.shape[1], row, col, bits);
        values[row * cols + col] = Math.fround(factor * scale) * levels[code];
      }
    }
    return { values, norm: normOf(values), roundings: cols + 6 };
  },

  superblock({ shape: [rows, cols], blocks }) {
    const values = new Float64Array(rows * cols);
    const magnitudes = new Float64Array(rows * cols);
    const rowBytes = cols / 256 * 144;
    for (let i = 0; i < values.length; i++) {
      const [row, col] = [Math.floor(i / cols), i % cols];
      const start = row * rowBytes + Math.floor(col / 256) * 144;
      const bytes = blocks.data.subarray(start, start + 144);
      const halves = { dtype: "f16", shape: [2] } as const;
      const data = Uint16Array.of(bytes[0] + 256 * bytes[1], bytes[2] + 256 * bytes[3]);
      const [d, dmin] = toF64({ ...halves, data }).data;
      // Bits of the twelve bytes, numbered from the lowest of the first: six of a scale, or four and two.
      const j = Math.floor(col % 256 / 32);
      const field = (bit: number, count: number) => {
        let value = 0;
        for (let k = 0; k < count; k++) {
          value += Math.floor(bytes[4 + Math.floor((bit + k) / 8)] / 2 ** ((bit + k) % 8)) % 2 *
            2 ** k;
        }
        return value;
      };
      const scale = j < 4
        ? field(8 * j, 6)
        : field(8 * (j + 4), 4) + 16 * field(8 * (j - 4) + 6, 2);
      const minimum = j < 4
        ? field(8 * (j + 4), 6)
        : field(8 * (j + 4) + 4, 4) + 16 * field(8 * j + 6, 2);
      const byte = bytes[16 + Math.floor(col % 256 / 64) * 32 + col % 32];
      const code = col % 64 < 32 ? byte % 16 : Math.floor(byte / 16);
      values[i] = d * scale * code - dmin * minimum;
      magnitudes[i] = Math.abs(d * scale * code) + Math.abs(dmin * minimum);
    }
    return { values, norm: normOf(magnitudes), roundings: cols + 6 };
  },

  lattice({ shape: [rows, cols], bits, residualScale, granularity, codes, scales }) {
    const [first, residuals] = [e8pCodebook(), e8pResidualCodebook()];
    const values = new Float64Array(rows * cols);
    // A device may add the shift of each codeword apart, and the residual of each block.
    const magnitudes = new Float64Array(rows * cols);
    const [rowBytes, blocks] = [codes.shape[1], Math.ceil(cols / 8)];
    for (let row = 0; row < rows; row++) {
      const scale = toF64(scales).data[granularity === "row" ? row : 0];
      for (let col = 0; col < cols; col++) {
        const block = Math.floor(col / 8);
        const c = first[8 * readBits(codes.data, rowBytes, row, block, 16) + col % 8] / 4;
        let r = 0;
        if (bits === 4) {
          r = first[8 * readBits(codes.data, rowBytes, row, blocks + block, 16) + col % 8] / 4;
        } else if (bits === 3) {
          r = residuals[8 * readBits(codes.data, rowBytes, row, 2 * blocks + block, 8) + col % 8] /
            4;
        }
        const ratio = residualScale ?? 1;
        values[row * cols + col] = scale * (c + r / ratio);
        magnitudes[row * cols + col] = scale * (Math.abs(c) + 0.5 + (Math.abs(r) + 0.5) / ratio);
      }
    }
    return { values, norm: normOf(magnitudes), roundings: cols + 8 };
  },

  trellis({ shape: [rows, cols], bits, stateBits, tileHeight, tileWidth, codes, scales }) {
    const values = new Float64Array(rows * cols);
    // A device may split step · (level + 1532) from step · 1532.
    const magnitudes = new Float64Array(rows * cols);
    const size = tileHeight * tileWidth;
    for (let row = 0; row < rows; row++) {
      const scale = toF64(scales).data[scales.shape[0] > 1 ? row : 0];
      const step = Math.fround(
        scale / (bits > 2 || (bits === 2 && stateBits > 12) ? 147.2886 : 209.0362),
      );
      for (let col = 0; col < cols; col++) {
        const first = Math.floor(col / tileWidth) * size * bits;
        const position = (col % tileWidth * tileHeight + row % tileHeight) * bits;
        let state = 0;
        for (let bit = stateBits - 1; bit >= 0; bit--) {
          const at = first + (position + bit) % (size * bits);
          const line = Math.floor(row / tileHeight);
          state = 2 * state + readBits(codes.data, codes.shape[1], line, at, 1);
        }
        const [hash, other] = [0x5f5b, 0x3d97].map((factor) => state * factor % 65536);
        const mean = (a: number, b: number) => Math.floor((a + b + 1) / 2);
        const upper = mean(Math.floor(hash / 256), Math.floor(other / 256));
        const lower = mean(hash % 256, other % 256);
        const level = 8 *
            Math.floor(
              bits > 2 || (bits === 2 && stateBits > 12) ? (upper + lower) / 4 : upper / 2,
            ) -
          508;
        values[row * cols + col] = step * level;
        magnitudes[row * cols + col] = step * (2 * 1532 + 508);
      }
    }
    return { values, norm: normOf(magnitudes), roundings: cols + 6 };
  },

  product({ left, right }) {
    const [l, r] = [oracleOf(left), oracleOf(right)];
    const values = multiply(l.values, left.shape, r.values, right.shape);
    return { values, norm: l.norm * r.norm, roundings: l.roundings + r.roundings };
  },

  sum({ shape: [rows, cols], terms }) {
    const oracles = terms.map(oracleOf);
    const values = new Float64Array(rows * cols);
    for (const oracle of oracles) oracle.values.forEach((value, i) => values[i] += value);
    return {
      values,
      norm: oracles.reduce((sum, { norm }) => sum + norm, 0),
      roundings: oracles.reduce((most, { roundings }) => Math.max(most, roundings), 0) +
        terms.length,
    };
  },

  scaled({ shape: [, cols], inner, rowScales, colScales }) {
    const { values, norm, roundings } = oracleOf(inner);
    const r = rowScales && toF64(rowScales).data;
    const c = colScales && toF64(colScales).data;
    const largest = (factors: Float64Array | null) =>
      factors ? Math.max(...factors.map(Math.abs)) : 1;
    return {
      values: values.map((value, i) =>
        value * (r?.[Math.floor(i / cols)] ?? 1) * (c?.[i % cols] ?? 1)
      ),
      norm: norm * largest(r) * largest(c),
      roundings: roundings + 2,
    };
  },

  permuted({ shape: [, cols], inner, rowOrder, colOrder }) {
    const oracle = oracleOf(inner);
    const values = oracle.values.map((_, at) => {
      const [i, j] = [Math.floor(at / cols), at % cols];
      return oracle.values[(rowOrder?.data[i] ?? i) * cols + (colOrder?.data[j] ?? j)];
    });
    return { ...oracle, values };
  },

  rotated({ shape, inner, left, right }) {
    const [rows, cols] = shape;
    let { values, norm, roundings } = oracleOf(inner);
    if (left) {
      const u = rotationMatrix(left, rows);
      const uT = u.map((_, i) => u[i % rows * rows + Math.floor(i / rows)]);
      values = multiply(uT, [rows, rows], values, shape);
      norm *= Math.sqrt(rows);
      roundings += rows + 2;
    }
    if (right) {
      values = multiply(values, shape, rotationMatrix(right, cols), [cols, cols]);
      norm *= Math.sqrt(cols);
      roundings += cols + 2;
    }
    return { values, norm, roundings };
  },

  interpolative({ shape: [rows, cols], mask, rest }) {
    const others = rest && oracleOf(rest);
    const values = new Float64Array(rows * cols);
    for (let col = 0, identity = 0; col < cols; col++) {
      const isIdentity = readBits(mask.data, mask.data.length, 0, col, 1) === 1;
      for (let row = 0; row < rows; row++) {
        values[row * cols + col] = isIdentity
          ? Number(row === identity)
          : others?.values[row * (cols - rows) + col - identity] ?? NaN;
      }
      if (isIdentity) identity++;
    }
    return {
      values,
      norm: Math.hypot(Math.sqrt(rows), others?.norm ?? 0),
      // What the identity takes is exact, and added once.
      roundings: (others?.roundings ?? 0) + 1,
    };
  },
};

/** A sign, two bits of exponent, one of mantissa. */
function e2m1Level(code: number): number {
  const table = [0, 0.5, 1, 1.5, 2, 3, 4, 6];
  return code < 8 ? table[code] : -table[code - 8];
}

const normalLevels = new Map<string, number>();

/** Quantiles at even steps on either side of 1/2, the outermost at −1 and 1. */
function normalLevel(code: number, bits: number): number {
  const known = normalLevels.get(`${code} ${bits}`);
  if (known !== undefined) return known;
  const half = 2 ** bits / 2;
  const end = (1 / (2 * half - 1) + 1 / (2 * half)) / 4;
  const below = code < half;
  const share = below ? 1 - code / (half - 1) : (code - half + 1) / half;
  const level = (below ? -1 : 1) * quantile(share * (0.5 - end)) / quantile(0.5 - end);
  normalLevels.set(`${code} ${bits}`, level);
  return level;
}

/** Where the normal distribution has so much between 0 and there: bisection over Simpson's rule. */
function quantile(share: number): number {
  let [low, high] = [0, 4];
  for (let i = 0; i < 60; i++) {
    const x = (low + high) / 2;
    let sum = 0;
    for (let k = 0; k <= 400; k++) {
      const weight = k === 0 || k === 400 ? 1 : k % 2 ? 4 : 2;
      sum += weight * Math.exp(-((x * k / 400) ** 2) / 2);
    }
    if (sum * x / 1200 / Math.sqrt(2 * Math.PI) < share) low = x;
    else high = x;
  }
  return low;
}

/** One integer of a packed row, bit by bit. */
function readBits(
  bytes: Uint8Array,
  rowBytes: number,
  row: number,
  index: number,
  bits: number,
): number {
  let value = 0;
  for (let bit = 0; bit < bits; bit++) {
    const position = index * bits + bit;
    const byte = bytes[row * rowBytes + Math.floor(position / 8)];
    value += Math.floor(byte / 2 ** (position % 8)) % 2 * 2 ** bit;
  }
  return value;
}

/** U written out: F is the Hadamard matrix of a block, divided by √block; times sign j. */
export function rotationMatrix(rotation: Rotation, size: number): Float64Array {
  if (rotation.kind === "orthogonal") return toF64(rotation.matrix).data;
  const { block, signs } = rotation;
  const hadamard = hadamardMatrix(block).data;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      if (Math.floor(i / block) !== Math.floor(j / block)) continue;
      const sign = readBits(signs.data, signs.data.length, 0, j, 1) === 1 ? -1 : 1;
      matrix[i * size + j] = sign * hadamard[i % block * block + j % block] / Math.sqrt(block);
    }
  }
  return matrix;
}

function multiply(
  a: Float64Array,
  [m, k]: MatrixShape,
  b: Float64Array,
  [, n]: MatrixShape,
): Float64Array {
  return new Float64Array(m * n).map((_, at) => {
    let sum = 0;
    for (let l = 0; l < k; l++) sum += a[Math.floor(at / n) * k + l] * b[l * n + at % n];
    return sum;
  });
}

function normOf(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
