// The host of causal attention: one query at a time or by tiles, how large the tiles are, and the
// memory that each thread works in.

import type { AttentionParams } from "../kernels.ts";
import type { AttentionGradientParams } from "../training_kernels.ts";
import type { Engine } from "./engine.ts";
import { of } from "./numbers.ts";
import { ATTENTION, ATTENTION_GRADIENT, ATTENTION_TILES, ROW_DOTS } from "./operations.ts";
import type { WasmStorage } from "./wasm_kernels.ts";

/** The fewest queries that fill panels of eight lanes well enough. */
const LEAST_QUERIES = 5;

/** The most queries, of all heads that share keys, in a block of attention. */
const BLOCK_QUERIES = 256;
/** The most of one head there, so that there are blocks enough for the threads. */
const HEAD_QUERIES = 128;
/** The most queries in a tile of the derivative. */
const TILE_QUERIES = 144;
/** The most keys in a tile, and the bytes of it: a few of them fit in the second cache. */
const TILE_KEYS = 256;
const TILE_BYTES: number = 2 ** 16;
/** A multiple of all widths of panels and heights of tiles. */
const TILE_STEP = 24;

/** Bytes of one row of a panel. */
const LINE = 32;

/** Attends. */
export function attention(engine: Engine, p: AttentionParams<WasmStorage>): void {
  if (p.queries < LEAST_QUERIES && !p.logSumExp) attendRows(engine, p);
  else attendTiles(engine, p);
}

function attendRows(engine: Engine, p: AttentionParams<WasmStorage>): void {
  // Each thread keeps the scores of one query, rounded up to the fives they are computed in.
  const bytes = (p.keys + 5) * bytesOf(p);
  runWithMemory(engine, ATTENTION, p, bytes, []);
}

function attendTiles(engine: Engine, p: AttentionParams<WasmStorage>): void {
  const group = p.heads / p.kvHeads;
  const most = Math.min(HEAD_QUERIES, Math.floor(BLOCK_QUERIES / group));
  const queries = evenTile(p.queries, most);
  const keys = tileKeys(p);
  const lanes = group * queries;
  const elements = 2 * (lanes + keys) * p.headSize + 2 * lanes;
  const bytes = elements * bytesOf(p) + keys * LINE;
  const logarithms = p.logSumExp?.address ?? 0;
  runWithMemory(engine, ATTENTION_TILES, p, bytes, [logarithms, queries, keys]);
}

/** Differentiates attention. */
export function attentionGradient(
  engine: Engine,
  p: AttentionGradientParams<WasmStorage>,
): void {
  const queries = evenTile(p.queries, TILE_QUERIES);
  const keys = tileKeys(p);
  const elements = (5 * keys + 4 * queries) * p.headSize + queries * keys + 2 * queries;
  const bytes = elements * bytesOf(p) + (2 * queries + p.headSize) * LINE;
  const gradients = [p.gradient, p.gradientQ, p.gradientK, p.gradientV];
  const rows = p.batch * p.queries * p.heads;
  const dots = { address: engine.allocator.allocate(rows * bytesOf(p)) };
  const words = [p.gradient.address, p.out.address, dots.address, rows, p.headSize];
  engine.run(of(ROW_DOTS, p.dtype), words);
  runWithMemory(engine, ATTENTION_GRADIENT, { ...p, out: dots }, bytes, [
    ...[p.logSumExp.address, queries, keys],
    ...gradients.map(({ address }) => address),
  ]);
  engine.allocator.free(dots.address);
}

type Params = Omit<AttentionParams<WasmStorage>, "logSumExp">;

function bytesOf({ dtype }: Params): number {
  return dtype === "f32" ? 4 : 8;
}

function tileKeys(p: Params): number {
  const most = Math.min(TILE_KEYS, Math.floor(TILE_BYTES / (p.headSize * bytesOf(p))));
  return evenTile(p.keys, most);
}

/** The length of tiles that are all alike, about `most` long. */
function evenTile(length: number, most: number): number {
  const tiles = Math.ceil(length / Math.max(TILE_STEP, most));
  return Math.ceil(length / tiles / TILE_STEP) * TILE_STEP;
}

function runWithMemory(
  { run, allocator, threads }: Engine,
  operation: number,
  p: Params,
  byteLength: number,
  more: readonly number[],
): void {
  const bytes = Math.ceil(byteLength / 64) * 64;
  const memory = allocator.allocate(bytes * threads);
  run(of(operation, p.dtype), [
    ...[p.q.address, p.k.address, p.v.address, p.out.address, memory],
    ...[p.batch, p.queries, p.keys, p.keyRows, p.heads, p.kvHeads, p.headSize],
    ...[p.window, bytes],
    ...more,
  ], [p.scale]);
  allocator.free(memory);
}
