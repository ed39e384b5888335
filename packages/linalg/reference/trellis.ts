// Trellis-coded weights, tile by tile and weight by weight.

import { roundHalfEven } from "@pare/tensor";
import type { HostArray } from "../kernels.ts";
import { trellisLevel, trellisState, trellisTileBytes } from "../trellis/trellis_code.ts";
import type {
  EncodeTrellisParams,
  TrellisLayout,
  TrellisMatmulParams,
} from "../trellis_kernels.ts";
import { tailBitingWalk } from "./trellis_walk.ts";

/** The largest target: distances of walks through any trellis then fit 32 bits, see the other devices. */
const LARGEST_TARGET = 2047;

/** Encodes columns tile by tile. */
export function encodeTrellis(p: EncodeTrellisParams<HostArray>): void {
  const { rows, cols, tileHeight, tileWidth } = p;
  for (let row = 0; row < rows; row += tileHeight) {
    for (let col = 0; col < cols; col += tileWidth) encodeTile(p, row, col);
  }
}

function encodeTile(p: EncodeTrellisParams<HostArray>, row: number, col: number): void {
  const { x, out, incumbent, rows, cols, bits, tileHeight, tileWidth } = p;
  const size = tileHeight * tileWidth;
  /** Where weight i of the tile is in `x`, or −1 if it only fills up the tile. */
  const at = Array.from({ length: size }, (_, i) => {
    const [r, c] = [row + i % tileHeight, col + Math.floor(i / tileHeight)];
    return r < rows && c < cols ? r * cols + c : -1;
  });
  const scaleOf = (scales: HostArray, place: number) =>
    scales[p.hasRowScales ? Math.floor(place / cols) : 0];
  const targets = at.map((place) => {
    if (place < 0) return 0;
    const target = roundHalfEven(2 * Math.fround(x[place] * scaleOf(p.inverses, place)));
    return Math.min(Math.max(target, -LARGEST_TARGET), LARGEST_TARGET);
  });
  const states = tailBitingWalk(targets.reverse(), p).reverse();
  const restored = Float32Array.from(
    at,
    (place, i) =>
      place < 0 ? 0 : scaleOf(p.scales, place) * trellisLevel(states[i], p.bits, p.stateBits),
  );
  if (incumbent) {
    const current = at.map((place) => place < 0 ? 0 : incumbent[place]);
    if (distanceOf(p, at, restored) >= distanceOf(p, at, current)) {
      at.forEach((place, i) => place < 0 || (out[place] = current[i]));
      return;
    }
  }
  at.forEach((place, i) => place < 0 || (out[place] = restored[i]));
  const tile = tileOf(p, row, p.firstTile * tileWidth + col);
  tile.fill(0);
  states.forEach((state, i) => {
    for (let bit = i * bits, own = state; bit < (i + 1) * bits; bit++, own >>= 1) {
      tile[bit >> 3] |= (own & 1) << (bit & 7);
    }
  });
}

/** Σ over the rows of a tile of (x − w) M (x − w)ᵀ. */
function distanceOf(
  { x, metric, cols, tileHeight }: EncodeTrellisParams<HostArray>,
  at: readonly number[],
  weights: ArrayLike<number>,
): number {
  const errors = at.map((place, i) => place < 0 ? 0 : x[place] - weights[i]);
  let sum = 0;
  errors.forEach((error, i) => {
    if (!metric) sum += error * error;
    else {
      const first = Math.floor(i / tileHeight);
      for (let c = 0; c < cols; c++) {
        sum += error * metric[first * cols + c] * errors[c * tileHeight + i % tileHeight];
      }
    }
  });
  return sum;
}

/** The bytes of the tile that holds a weight of the matrix. */
function tileOf(
  p: TrellisLayout & { codes: HostArray },
  row: number,
  col: number,
): Uint8Array {
  const { codes, bits, tileHeight, tileWidth, lineBytes } = p;
  const tileBytes = trellisTileBytes(tileHeight, tileWidth, bits);
  const line = Math.floor(row / tileHeight) * lineBytes;
  const start = line + Math.floor(col / tileWidth) * tileBytes;
  return (codes as Uint8Array).subarray(start, start + tileBytes);
}

/** Multiplies by weights that are decoded when they are needed. */
export function trellisMatmul(p: TrellisMatmulParams<HostArray>): void {
  const { x, scales, out, tokens, rows, cols, bits, stateBits, tileHeight, tileWidth } = p;
  for (let row = 0; row < rows; row++) {
    const sums = new Float64Array(tokens);
    for (let col = 0; col < cols; col++) {
      const index = col % tileWidth * tileHeight + row % tileHeight;
      const state = trellisState(tileOf(p, row, col), index, bits, stateBits);
      const level = trellisLevel(state, bits, stateBits);
      const weight = level * scales[p.hasRowScales ? row : 0];
      for (let token = 0; token < tokens; token++) sums[token] += x[token * cols + col] * weight;
    }
    for (let token = 0; token < tokens; token++) out[token * rows + row] = sums[token];
  }
}
