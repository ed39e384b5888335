// What trellis codes stand for, computed by walking: bit by bit, from the last weight of a tile to the
// first, twice around, so that the second time the state is full.

import type { Values } from "./device_case.ts";

/** A matrix of codes on the host. */
export interface TrellisCodes {
  readonly rows: number;
  readonly cols: number;
  readonly bits: number;
  readonly stateBits: number;
  readonly tileHeight: number;
  readonly tileWidth: number;
  /** A scale for each row, or one. */
  readonly scales: readonly number[];
  readonly codes: Uint8Array<ArrayBuffer>;
}

/** What a state stands for: of the means of two hashes' bytes, the upper one for few bits, else both. */
export function levelOf(state: number, bits: number, stateBits: number): number {
  const [first, second] = [0x5f5b, 0x3d97].map((factor) => state * factor % 65536);
  const upper = Math.ceil((Math.floor(first / 256) + Math.floor(second / 256)) / 2);
  const lower = Math.ceil((first % 256 + second % 256) / 2);
  return 8 *
      Math.floor(bits > 2 || (bits === 2 && stateBits > 12) ? (upper + lower) / 4 : upper / 2) -
    508;
}

/** The bytes of the codes of a tile. */
export function tileBytesOf({ bits, tileHeight, tileWidth }: TrellisCodes): number {
  return tileHeight * tileWidth * bits / 8;
}

/** The bytes in one line of tiles. */
export function lineBytesOf(codes: TrellisCodes): number {
  return Math.ceil(codes.cols / codes.tileWidth) * tileBytesOf(codes);
}

/** The states of a tile of so many weights, whose bits follow each other lowest first. */
export function statesOf(tile: Uint8Array, bits: number, stateBits: number): number[] {
  const size = tile.length * 8 / bits;
  const states = new Array<number>(size);
  let state = 0;
  for (let step = 2 * size - 1; step >= 0; step--) {
    const weight = step % size;
    for (let bit = (weight + 1) * bits - 1; bit >= weight * bits; bit--) {
      state = (2 * state + (tile[bit >> 3] >> (bit & 7) & 1)) % 2 ** stateBits;
    }
    states[weight] = state;
  }
  return states;
}

/** The dense matrix. */
export function weightsOf(codes: TrellisCodes): Values {
  const { rows, cols, bits, stateBits, tileHeight, tileWidth, scales } = codes;
  const data = new Float64Array(rows * cols);
  const tileBytes = tileBytesOf(codes);
  for (let row = 0; row < rows; row += tileHeight) {
    for (let col = 0; col < cols; col += tileWidth) {
      const start = row / tileHeight * lineBytesOf(codes) + col / tileWidth * tileBytes;
      statesOf(codes.codes.subarray(start, start + tileBytes), bits, stateBits)
        .forEach((state, i) => {
          const [r, c] = [row + i % tileHeight, col + Math.floor(i / tileHeight)];
          if (r < rows && c < cols) {
            data[r * cols + c] = levelOf(state, bits, stateBits) * (scales[r] ?? scales[0]);
          }
        });
    }
  }
  return { shape: [rows, cols], data };
}
