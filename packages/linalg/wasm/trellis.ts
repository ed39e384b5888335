// The host of the kernels of trellis-coded weights.

import { trellisTileBytes } from "../trellis/trellis_code.ts";
import type { TrellisKernels, TrellisLayout } from "../trellis_kernels.ts";
import type { Engine } from "./engine.ts";
import { ENCODE_TRELLIS, TRELLIS_MATMUL, TRELLIS_TABLE, TRELLIS_VECTOR } from "./operations.ts";
import type { WasmStorage } from "./wasm_kernels.ts";

/** The most weights of a tile. */
const TILE_SIZE = 256;

/** Makes them. */
export function createTrellisKernels(engine: Engine): TrellisKernels<WasmStorage> {
  const { allocator, run } = engine;
  return {
    encodeTrellis: (p) => {
      const { bits, stateBits } = p;
      const overlaps = 2 ** (stateBits - bits);
      const line = Math.max(overlaps, 16);
      // For each thread: distances before and after a step, one choice for each overlap and step, and
      // four numbers for each weight of a tile.
      const roomBytes = 2 * 4 * line + TILE_SIZE * line + 4 * 4 * TILE_SIZE;
      const table = allocator.allocate(2 ** stateBits * 4);
      const room = allocator.allocate(roomBytes * engine.threads);
      run(TRELLIS_TABLE, [table, bits, stateBits]);
      run(ENCODE_TRELLIS, [
        ...layoutWords(p, p.codes, p.scales),
        ...[p.x.address, p.inverses.address, p.out.address, p.cols, p.firstTile],
        ...[p.incumbent?.address ?? 0, p.metric?.address ?? 0, table, room, roomBytes],
      ]);
      allocator.free(room);
      allocator.free(table);
    },
    trellisMatmul: (p) => {
      const words = [p.x.address, p.out.address, p.tokens, p.cols];
      run(p.tokens === 1 ? TRELLIS_VECTOR : TRELLIS_MATMUL, [
        ...layoutWords(p, p.codes, p.scales),
        ...words,
      ]);
    },
  };
}

/** Ten words, as assembly/trellis_layout.ts reads them. */
function layoutWords(p: TrellisLayout, codes: WasmStorage, scales: WasmStorage): number[] {
  const { rows, bits, stateBits, tileHeight, tileWidth, lineBytes, hasRowScales } = p;
  const tileBytes = trellisTileBytes(tileHeight, tileWidth, bits);
  return [
    ...[codes.address, scales.address, hasRowScales ? 4 : 0, rows, bits, stateBits],
    ...[tileHeight, tileWidth, tileBytes, lineBytes],
  ];
}
