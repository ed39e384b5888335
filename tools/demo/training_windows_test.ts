import { assert, assertEquals, assertThrows } from "@std/assert";
import { trainingWindow, type WindowSource } from "./training_windows.ts";

/** Documents of ten tokens: a zero, then nine times their number plus one. */
function sourceOf(length: number, seed = 1): WindowSource {
  return {
    seed,
    length,
    *documentsFrom(index) {
      for (let i = index;; i++) yield Uint32Array.from({ length: 10 }, (_, at) => at && i + 1);
    },
  };
}

Deno.test("trainingWindow() begins every other window with a document, and has one token more", () => {
  const source = sourceOf(24);
  for (const index of [0, 2, 100, 2 ** 40]) {
    const window = trainingWindow(source, index);
    assertEquals(window.length, 25);
    const first = index * 64 + 1;
    const wanted = Array.from({ length: 25 }, (_, at) => at % 10 && first + Math.floor(at / 10));
    assertEquals([...window], wanted.map((token) => token >>> 0), `window ${index}`);
  }
});

Deno.test("trainingWindow() begins the others anywhere in a document, whole ones after it", () => {
  const starts = new Set<number>();
  for (let index = 1; index < 400; index += 2) {
    const window = trainingWindow(sourceOf(24), index);
    const second = window.indexOf(0, 1);
    const start = 10 - second;
    starts.add(start);
    assertEquals(window[0], start % 10 && index * 64 + 1);
    assertEquals([window[second], window[second + 1]], [0, index * 64 + 2]);
  }
  // 200 draws miss one of ten with a probability of 10 · 0.9^200 < 1e-8.
  assertEquals(starts.size, 10);
});

Deno.test("trainingWindow() follows from the seed and the number alone", () => {
  const firsts = (seed: number) =>
    Array.from(
      { length: 50 },
      (_, i) => trainingWindow(sourceOf(24, seed), 2 * i + 1).indexOf(0, 1),
    );
  assertEquals(firsts(1), firsts(1));
  assert(firsts(1).join() !== firsts(2).join());
});

Deno.test("trainingWindow() refuses to go on where documents end", () => {
  const source = { ...sourceOf(24), documentsFrom: () => [Uint32Array.of(0, 1)] };
  assertThrows(() => trainingWindow(source, 0), RangeError, "Cannot fill a window");
});
