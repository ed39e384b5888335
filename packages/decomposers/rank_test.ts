import { assertEquals, assertThrows } from "@std/assert";
import { numbersOfRank, rankOf } from "./rank.ts";

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

/** The same of junctions: k = ⌊((m + n) − √((m + n)² − 4 · keep · m · n)) / 2⌋. */
const JUNCTIONS: readonly [rows: number, cols: number, keep: number, rank: number][] = [
  [4096, 4096, 1, 4096],
  [4096, 4096, 0.8, 2264],
  [4096, 4096, 0.5, 1199],
  [11008, 4096, 0.8, 2973],
  [1024, 4096, 0.9, 893],
  [3, 7, 1, 3],
];

for (const [rows, cols, keep, rank] of JUNCTIONS) {
  Deno.test(`rankOf() keeps ${keep} of ${rows}×${cols} at rank ${rank} of a junction`, () => {
    assertEquals(rankOf([rows, cols], { keep, storage: "junction" }), rank);
    assertEquals(rankOf([cols, rows], { keep, storage: "junction" }), rank);
  });
}

Deno.test("rankOf() gives the largest rank whose numbers are within the share", () => {
  for (const storage of ["factors", "junction"] as const) {
    for (let rows = 1; rows < 30; rows++) {
      for (let cols = 2; cols < 30; cols++) {
        for (const keep of [0.3, 0.55, 0.8, 1]) {
          const rank = rankOf([rows, cols], { keep, storage });
          const fits = (rank: number) =>
            numbersOfRank([rows, cols], rank, storage) <= keep * (rows * cols);
          const isLargest = rank === Math.min(rows, cols) || !fits(rank + 1);
          assertEquals([rank === 1 || fits(rank), isLargest], [true, true]);
        }
      }
    }
  }
});

Deno.test("rankOf() refuses a rank that saves nothing, and two wishes at once", () => {
  assertEquals(rankOf([8, 8], { rank: 4 }), 4);
  assertEquals(rankOf([4096, 4096]), 1638);
  assertEquals([rankOf([1, 9]), rankOf([1, 9], { rank: 1 })], [1, 1]);
  assertThrows(() => rankOf([8, 8], { rank: 5 }), RangeError, "at most 4 for a 8 × 8 matrix");
  assertEquals(rankOf([8, 12], { rank: 8, storage: "junction" }), 8);
  assertThrows(
    () => rankOf([8, 12], { rank: 9, storage: "junction" }),
    RangeError,
    "at most 8 for a 8 × 12 matrix, beyond which nothing is saved: current value is 9",
  );
  assertThrows(
    () => rankOf([8, 8], { rank: 2, keep: 0.5 }),
    RangeError,
    "only one of rank and keep",
  );
});
