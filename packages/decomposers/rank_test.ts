import { assertEquals, assertThrows } from "@std/assert";
import { rankOf } from "./rank.ts";

/** Ranks of the matrices of real models for the share that is kept. */
const TABLE: readonly [rows: number, cols: number, keep: number, rank: number][] = [
  [4096, 4096, 1, 2048],
  [4096, 4096, 0.9, 1843],
  [4096, 4096, 0.5, 1024],
  [11008, 4096, 0.8, 2388],
  [11008, 4096, 0.7, 2089],
  [16384, 4096, 0.6, 1966],
  [1024, 4096, 0.9, 737],
  [14336, 4096, 0.5, 1592],
];

for (const [rows, cols, keep, rank] of TABLE) {
  Deno.test(`rankOf() keeps ${keep} of ${rows}×${cols} at rank ${rank}`, () => {
    assertEquals(rankOf([rows, cols], { keep }), rank);
    assertEquals(rankOf([cols, rows], { keep }), rank);
  });
}

Deno.test("rankOf() never gives factors larger than the share", () => {
  for (let rows = 1; rows < 30; rows++) {
    for (let cols = 2; cols < 30; cols++) {
      for (const keep of [0.3, 0.55, 0.8, 1]) {
        const rank = rankOf([rows, cols], { keep });
        const isFloor = rank === 1 || rank * (rows + cols) <= keep * rows * cols;
        assertEquals([rank >= 1, isFloor], [true, true]);
      }
    }
  }
});

Deno.test("rankOf() refuses a rank that saves nothing, and two wishes at once", () => {
  assertEquals(rankOf([8, 8], { rank: 4 }), 4);
  assertEquals(rankOf([4096, 4096]), 1638);
  assertEquals([rankOf([1, 9]), rankOf([1, 9], { rank: 1 })], [1, 1]);
  assertThrows(() => rankOf([8, 8], { rank: 5 }), RangeError, "at most 4 for a 8 × 8 matrix");
  assertThrows(
    () => rankOf([8, 8], { rank: 2, keep: 0.5 }),
    RangeError,
    "only one of rank and keep",
  );
});
