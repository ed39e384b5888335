import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FormatError } from "@pare/tensor";
import fc from "fast-check";
import { bytesSource } from "./bytes_source.ts";
import {
  expectEnd,
  type JsonCursor,
  readArray,
  readCount,
  readObject,
  readString,
  readText,
  readValue,
} from "./json.ts";
import { mutateJson } from "./testing/mutate.ts";
import { withPrototypeAccessor } from "./testing/prototype_accessor.ts";
import { randomBelow } from "./testing/random_below.ts";

const cursorOf = (text: string): JsonCursor => ({ text, action: "Cannot read", position: 0 });

function parse(text: string): unknown {
  const cursor = cursorOf(text);
  const value = readValue(cursor, "value");
  expectEnd(cursor, "value");
  return value;
}

Deno.test("readValue() reads what JSON.stringify() writes", () => {
  // Whole characters only, as half a surrogate pair is refused; no depth beyond the limit.
  const value = fc.jsonValue({ maxDepth: 6, stringUnit: "binary" });
  fc.assert(fc.property(value, fc.constantFrom(undefined, 1, "\t"), (json, indent) => {
    assertEquals(parse(JSON.stringify(json, null, indent)), JSON.parse(JSON.stringify(json)));
  }));
});

Deno.test("readValue() agrees with JSON.parse() on damaged text, but for what it refuses on purpose", () => {
  const text = JSON.stringify({
    a: [1, -2.5e3, 0, true, null, "x"],
    "é\n\u{1f600}": { b: '\\"\u2028', c: {} },
    d: [[], [[]]],
  });
  const random = randomBelow(1);
  let both = 0;
  let refusals = 0;
  for (let run = 0; run < 20_000; run++) {
    const damaged = mutateJson(text, random);
    const expected = attempt(() => JSON.parse(damaged));
    const actual = attempt(() => parse(damaged));
    if (actual.error === undefined) {
      assert(expected.error === undefined, damaged);
      assertEquals(actual.value, expected.value, damaged);
      both++;
    } else {
      assert(actual.error instanceof FormatError, damaged);
      const onPurpose = /have each key once|whole characters|nested at most/;
      assert(expected.error !== undefined || onPurpose.test(actual.error.message), damaged);
      refusals++;
    }
  }
  assert(both > 100 && refusals > 100, `${both} read, ${refusals} refused`);
});

function attempt(action: () => unknown): { value?: unknown; error?: Error } {
  try {
    return { value: action() };
  } catch (error) {
    assert(error instanceof Error);
    return { error };
  }
}

Deno.test("readValue() makes a key of __proto__ like any other", async () => {
  const text = '{"__proto__":{"polluted":1},"constructor":2}';
  const value = await withPrototypeAccessor(() => parse(text));
  assertEquals(Object.keys(Object(value)), ["__proto__", "constructor"]);
  assertEquals(Object.getPrototypeOf(value), Object.prototype);
  assertEquals("polluted" in {}, false);
});

Deno.test("readValue() refuses deep nesting without recursing into it", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  parse(nested(65));
  for (const depth of [66, 1_000_000]) {
    assertThrows(() => parse(nested(depth)), FormatError, "must be nested at most 64 levels deep");
  }
});

Deno.test("the readers of JSON name the field, what was wanted and the place", () => {
  const cases: readonly [text: string, read: (cursor: JsonCursor) => unknown, message: string][] = [
    [
      " 12",
      (c) => readString(c, "dtype"),
      'dtype must be a string: current text at character 1 is "12"',
    ],
    [
      "",
      (c) => readString(c, "dtype"),
      "dtype must be a string: current text at character 0 is at its end",
    ],
    [
      '"a',
      (c) => readString(c, "dtype"),
      "dtype must be a string that ends, without control characters",
    ],
    [
      '"a\n"',
      (c) => readString(c, "dtype"),
      "dtype must be a string that ends, without control characters",
    ],
    ['"a\\', (c) => readString(c, "dtype"), "dtype must be a string that ends"],
    ['"\\x"', (c) => readString(c, "dtype"), "dtype must be valid JSON"],
    ['"\\ud800"', (c) => readString(c, "dtype"), "dtype must be a string of whole characters"],
    ["-1", (c) => readCount(c, "shape"), "shape must be an integer from 0 to 2^53 - 1"],
    ["1.0", (c) => readCount(c, "shape"), "shape must be an integer from 0 to 2^53 - 1"],
    ["1e3", (c) => readCount(c, "shape"), "shape must be an integer from 0 to 2^53 - 1"],
    ["01", (c) => readCount(c, "shape"), "shape must be an integer from 0 to 2^53 - 1"],
    [
      "9007199254740992",
      (c) => readCount(c, "shape"),
      "shape must be an integer from 0 to 2^53 - 1",
    ],
    [
      "[1 2]",
      (c) => readArray(c, "shape", () => readCount(c, "shape")),
      'must be "," or "]" after each item',
    ],
    ["{}", (c) => readArray(c, "shape", () => {}), "shape must be an array"],
    ["[]", (c) => readObject(c, "header", () => {}), "header must be an object"],
    ['{"a" 1}', (c) => readObject(c, "header", () => {}), 'header must be ":" after the key "a"'],
    [
      '{"a":1,}',
      (c) => readObject(c, "header", () => readCount(c, "a")),
      "key of header must be a string",
    ],
    ["truth", (c) => (readValue(c, "value"), expectEnd(c, "value")), "value must be valid JSON"],
    [
      "null x",
      (c) => (readValue(c, "value"), expectEnd(c, "value")),
      "value must be at its end after the JSON value",
    ],
  ];
  for (const [text, read, message] of cases) {
    const error = assertThrows(() => read(cursorOf(text)), FormatError, message);
    assert(error.field.length > 0);
  }
  assertEquals(readCount(cursorOf("9007199254740991"), "shape"), Number.MAX_SAFE_INTEGER);
});

Deno.test("readObject() refuses a key that comes twice, however it is written", () => {
  for (const text of ['{"a":1,"a":2}', '{"a":1,"\\u0061":1}', '{"__proto__":1,"__proto__":1}']) {
    const error = assertThrows(() => parse(text), FormatError, "must have each key once");
    assertEquals(error.field, "value");
  }
});

Deno.test("readText() refuses what is too long before reading it, and what is not UTF-8", async () => {
  const unread = { name: "long", byteLength: 11, read: () => Promise.reject(new Error("read")) };
  await assertRejects(
    () => readText(unread, "header", 10),
    FormatError,
    'Cannot read "long" as header must take at most 10 bytes: current length is 11',
  );
  await assertRejects(
    () => readText(bytesSource(Uint8Array.of(0x7b, 0xff), "bytes"), "header", 10),
    FormatError,
    "must be UTF-8",
  );
  // A byte order mark is not white space.
  const marked = await readText(
    bytesSource(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31), "marked"),
    "x",
    10,
  );
  assertThrows(() => readValue(marked, "x"), FormatError, "x must be valid JSON");
});
