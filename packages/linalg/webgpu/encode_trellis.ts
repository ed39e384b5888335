// Encodes tiles of weights by the nearest walks through a trellis, as wasm/assembly/encode_trellis.ts
// does: a workgroup is one tile, an invocation has some overlaps of every step, four neighbours at a
// time, see trellis_walk.ts.

import { trellisTileBytes } from "../trellis/trellis_code.ts";
import type { EncodeTrellisParams } from "../trellis_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type Kernel, mainOf } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { type GpuStorage, view } from "./storage.ts";
import { levelOf, WORD_LINES } from "./trellis_codes.ts";
import { roomWordsOf, walkCode } from "./trellis_walk.ts";

/** Words for the choices of all tiles that are encoded at a time. */
const ROOM_WORDS = 2 ** 25;

const PARAMS = {
  rows: "u32",
  cols: "u32",
  height: "u32",
  width: "u32",
  tileBytes: "u32",
  lineBytes: "u32",
  firstTile: "u32",
  first: "u32",
  rowScales: "u32",
  roomWords: "u32",
} as const;

/** What tells the variants of the kernel apart. */
interface Variant {
  readonly bits: number;
  readonly stateBits: number;
  readonly hasIncumbent: boolean;
  readonly hasMetric: boolean;
}

/** Encodes columns tile by tile. */
export function encodeTrellis(gpu: Gpu, p: EncodeTrellisParams<GpuStorage>): void {
  const { rows, cols, bits, stateBits, tileHeight, tileWidth, lineBytes } = p;
  const tileBytes = trellisTileBytes(tileHeight, tileWidth, bits);
  const overlaps = 2 ** (stateBits - bits);
  const roomWords = roomWordsOf(tileHeight * tileWidth, overlaps);
  const tilesOfLine = Math.ceil(cols / tileWidth);
  const lines = Math.ceil(rows / tileHeight);
  const most = Math.min(ROOM_WORDS, gpu.maxWords) / roomWords;
  const room = gpu.allocate(4 * roomWords * Math.ceil(Math.min(most, lines * tilesOfLine)));
  const kernel = kernelOf({
    bits,
    stateBits,
    hasIncumbent: p.incumbent !== null,
    hasMetric: p.metric !== null,
  });
  const lineWords = Math.max(lineBytes / 4, tileHeight * cols);
  for (const [line, count] of pieces(lines, gpu.maxWords / lineWords, WORD_LINES)) {
    const row = line * tileHeight;
    const n = Math.min(count * tileHeight, rows - row);
    const numbers = (storage: GpuStorage) => view(storage, row * cols, n * cols);
    const scales = (storage: GpuStorage) =>
      p.hasRowScales ? view(storage, row, n) : view(storage, 0, 1);
    for (const [first, tiles] of pieces(count * tilesOfLine, most)) {
      gpu.dispatch(
        kernel,
        {
          x: numbers(p.x),
          scales: scales(p.scales),
          inverses: scales(p.inverses),
          codes: view(p.codes, line * lineBytes / 4, Math.ceil(count * lineBytes / 4)),
          out: numbers(p.out),
          room: view(room, 0, roomWords * tiles),
          ...(p.incumbent ? { incumbent: numbers(p.incumbent) } : {}),
          ...(p.metric ? { metric: view(p.metric, 0, cols * cols) } : {}),
        },
        {
          rows: n,
          cols,
          height: tileHeight,
          width: tileWidth,
          tileBytes,
          lineBytes,
          firstTile: p.firstTile,
          first,
          rowScales: p.hasRowScales ? 1 : 0,
          roomWords,
        },
        tiles,
      );
    }
  }
  gpu.free(room);
}

function kernelOf(variant: Variant): Kernel {
  const { bits, stateBits, hasIncumbent, hasMetric } = variant;
  return {
    name: `encode trellis ${bits} of ${stateBits}${hasIncumbent ? ", incumbent" : ""}${
      hasMetric ? ", metric" : ""
    }`,
    reads: {
      x: "f32",
      scales: "f32",
      inverses: "f32",
      ...(hasIncumbent ? { incumbent: "f32" } : {}),
      ...(hasMetric ? { metric: "f32" } : {}),
    },
    writes: { codes: "atomic", out: "f32", room: "u32" },
    params: PARAMS,
    code: () => codeOf(variant),
  };
}

function codeOf({ bits, stateBits, hasIncumbent, hasMetric }: Variant): string {
  const overlaps = 2 ** (stateBits - bits);
  const size = Math.min(256, Math.max(32, overlaps / 4));
  return /* wgsl */ `
${levelOf(bits, stateBits)}
${walkCode(bits, overlaps, size)}
${WEIGHTS}
${hasIncumbent ? incumbentCode(hasMetric, size) : ""}
${mainOf(size)}
  let tiles_of_line = (p.cols + p.width - 1) / p.width;
  let line = (p.first + group) / tiles_of_line;
  let tile = (p.first + group) % tiles_of_line;
  let count = p.height * p.width;
  let own = Tile(line * p.height, tile * p.width, p.room_at + group * p.roomWords, count);
  for (var i = local; i < count; i += ${size}) {
    let at = place_of(own, i);
    var wanted = 0.0;
    if (at >= 0) {
      let row = own.row + i % p.height;
      let scaled = x[p.x_at + u32(at)] * inverses[p.inverses_at + row * p.rowScales];
      wanted = clamp(round(2 * scaled), -2047, 2047);
    }
    targets[i] = i32(wanted);
  }
  walk(own, local, count / 2 - 1, true);
  find_end(own, local);
  trace_back(own, local, count / 2 - 1, count / 2);
  walk(own, local, count - 1, false);
  trace_back(own, local, count - 1, 0);
  workgroupBarrier();
  ${hasIncumbent ? "let is_nearer = compare(own, local);" : ""}
  for (var i = local; i < count; i += ${size}) {
    let at = place_of(own, i);
    if (at >= 0) {
      out[p.out_at + u32(at)] = ${
    hasIncumbent
      ? "select(incumbent[p.incumbent_at + u32(at)], restored(own, i), is_nearer)"
      : "restored(own, i)"
  };
    }
  }
  ${hasIncumbent ? "if (!is_nearer) { return; }" : ""}
  // A word may have bytes of two tiles: each byte is replaced by itself.
  let start = line * p.lineBytes + (p.firstTile + tile) * p.tileBytes;
  for (var i = local; i < p.tileBytes; i += ${size}) {
    var byte = 0u;
    for (var b = 0u; b < 8; b++) {
      let bit = 8 * i + b;
      byte |= ((states[bit / ${bits}] >> (bit % ${bits})) & 1) << b;
    }
    let shift = (start + i) % 4 * 8;
    let word = p.codes_at + (start + i) / 4;
    atomicAnd(&codes[word], ~(255u << shift));
    atomicOr(&codes[word], byte << shift);
  }
}`;
}

/** WGSL of where the weights of a tile are, and what they become. */
const WEIGHTS: string = /* wgsl */ `
// Where weight i of the tile is in x; -1 if it only fills up the tile.
fn place_of(own: Tile, i: u32) -> i32 {
  let row = own.row + i % p.height;
  let col = own.col + i / p.height;
  return select(-1, i32(row * p.cols + col), row < p.rows && col < p.cols);
}
fn restored(own: Tile, i: u32) -> f32 {
  let row = own.row + i % p.height;
  return scales[p.scales_at + row * p.rowScales] * f32(level_of(states[i]));
}`;

/** WGSL of `fn compare(own, local) -> bool`: whether the walk is nearer than the incumbent. */
function incumbentCode(hasMetric: boolean, size: number): string {
  const columns = hasMetric
    ? `
    for (var b = 0u; b < p.cols; b++) {
      let factor = metric[p.metric_at + a * p.cols + b];
      now += error_of(own, r, a) * factor * error_of(own, r, b);
      before += lag_of(own, r, a) * factor * lag_of(own, r, b);
    }`
    : `
    now += error_of(own, r, a) * error_of(own, r, a);
    before += lag_of(own, r, a) * lag_of(own, r, a);`;
  return /* wgsl */ `
var<workgroup> sums: array<vec2f, ${size}>;
fn error_of(own: Tile, r: u32, c: u32) -> f32 {
  let i = c * p.height + r;
  return x[p.x_at + u32(place_of(own, i))] - restored(own, i);
}
fn lag_of(own: Tile, r: u32, c: u32) -> f32 {
  let at = u32(place_of(own, c * p.height + r));
  return x[p.x_at + at] - incumbent[p.incumbent_at + at];
}
fn compare(own: Tile, local: u32) -> bool {
  var now = 0.0;
  var before = 0.0;
  let height = min(p.height, p.rows - own.row);
  let width = min(p.width, p.cols - own.col);
  for (var i = local; i < height * width; i += ${size}) {
    let r = i % height;
    let a = i / height;${columns}
  }
  sums[local] = vec2f(now, before);
  for (var stride = ${size / 2}u; stride > 0; stride /= 2) {
    workgroupBarrier();
    if (local < stride) { sums[local] += sums[local + stride]; }
  }
  workgroupBarrier();
  return sums[0].x < sums[0].y;
}`;
}
