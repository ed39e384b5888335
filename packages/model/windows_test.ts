import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { sampleWindows, windowsOf } from "./windows.ts";

const text = (length: number) => Uint32Array.from({ length }, (_, i) => 100 + i);

Deno.test("windowsOf() cuts all of the text but the end, in order", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 99 }),
      (length, rest) => {
        const tokens = text(length + rest);
        const windows = windowsOf(tokens, length);
        assert(windows.every((window) => window.length === length));
        const joined = windows.flatMap((window) => [...window]);
        assertEquals(joined, [...tokens.subarray(0, joined.length)]);
        assert(tokens.length - joined.length < length);
      },
    ),
    { seed: 1 },
  );
});

Deno.test("windowsOf() puts a token in front of every window", () => {
  const windows = windowsOf(text(7), 4, { bosTokenId: 1 });
  assertEquals(windows, [Uint32Array.of(1, 100, 101, 102), Uint32Array.of(1, 103, 104, 105)]);
});

Deno.test("windowsOf() refuses a text shorter than one window", () => {
  assertThrows(
    () => windowsOf(text(63), 64),
    RangeError,
    "Cannot cut windows as the text must have 64 tokens or more for 1 of 64: current length is 63",
  );
  assertEquals(windowsOf(text(63), 64, { bosTokenId: 1 }).length, 1);
  assertThrows(() => windowsOf([], 1), RangeError, "current length is 0");
});

Deno.test("windowsOf() refuses lengths that hold nothing of the text", () => {
  assertThrows(() => windowsOf(text(9), 0), RangeError, "length must be an integer of 1 or more");
  assertThrows(() => windowsOf(text(9), 1, { bosTokenId: 1 }), RangeError, "of 2 or more");
  assertThrows(() => windowsOf(text(9), 2.5), RangeError, "current value is 2.5");
  assertThrows(() => windowsOf(text(9), 3, { overlap: 1 } as object), TypeError, `"overlap"`);
});

Deno.test("sampleWindows() draws some of the windows, none twice", () => {
  const tokens = text(1000);
  const all = windowsOf(tokens, 10).map(String);
  for (const seed of [0, 1, 2]) {
    const drawn = sampleWindows(tokens, 10, 30, { seed }).map(String);
    assertEquals(new Set(drawn).size, 30);
    assert(drawn.every((window) => all.includes(window)));
    assert(drawn.toString() !== all.slice(0, 30).toString());
  }
});

Deno.test("sampleWindows() draws the same for one seed, and more of the same for more", () => {
  const tokens = text(1000);
  const drawn = sampleWindows(tokens, 10, 30, { seed: 7 });
  assertEquals(sampleWindows(tokens, 10, 30, { seed: 7 }), drawn);
  assertEquals(sampleWindows(tokens, 10, 99, { seed: 7 }).slice(0, 30), drawn);
  assert(String(sampleWindows(tokens, 10, 30, { seed: 8 })) !== String(drawn));
  const [first] = sampleWindows(tokens, 10, 1, { seed: 7, bosTokenId: 1 });
  assertEquals([first.length, first[0]], [10, 1]);
});

Deno.test("sampleWindows() refuses to draw more than there are", () => {
  assertThrows(
    () => sampleWindows(text(1000), 128, 8),
    RangeError,
    "Cannot sample windows as the text must have 1024 tokens or more for 8 of 128: current length is 1000",
  );
  assertEquals(sampleWindows(text(1024), 128, 8).length, 8);
  assertThrows(() => sampleWindows(text(9), 3, 0), RangeError, "count must be an integer of 1");
});
