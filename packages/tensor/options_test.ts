import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  boolean,
  type Check,
  checkOptions,
  integer,
  number,
  oneOf,
  optionsSchema,
  record,
} from "./options.ts";

const RULES: readonly [
  name: string,
  check: Check,
  accepted: readonly unknown[],
  refused: readonly unknown[],
][] = [
  ["integer() with bounds", integer(2, 8), [2, 5, 8], [1, 9, 2.5, NaN, Infinity, "4", 4n, null]],
  ["integer() without a largest", integer(0), [0, 2 ** 53 - 1], [-1, 2 ** 53, Infinity, -0.5]],
  ["number()", number(0, 1), [0, 0.5, 1], [-1e-9, 1.1, NaN, Infinity, "0.5", true]],
  ["boolean()", boolean(), [true, false], [0, 1, "true", null]],
  ["oneOf()", oneOf("left", "right"), ["left", "right"], ["", "Left", 0, null, ["left"]]],
  ["record()", record(), [{}, { a: 1 }], [null, [], "{}", 1]],
];

for (const [name, check, accepted, refused] of RULES) {
  Deno.test(`${name} accepts what it says and nothing else`, () => {
    for (const value of accepted) assert(check.test(value), String(value));
    for (const value of refused) assert(!check.test(value), String(value));
  });
}

Deno.test("rules say the same in words and as JSON Schema", () => {
  assertEquals(integer(2, 8).wanted, "an integer from 2 to 8");
  assertEquals(integer(2, 8).schema, { type: "integer", minimum: 2, maximum: 8 });
  assertEquals(integer(1).wanted, "an integer of 1 or more");
  assertEquals(integer(1).schema, { type: "integer", minimum: 1 });
  assertEquals(number(0, 1).wanted, "a number from 0 to 1");
  assertEquals(number(0, 1).schema, { type: "number", minimum: 0, maximum: 1 });
  assertEquals(boolean().schema, { type: "boolean" });
  assertEquals(oneOf("a", "b").wanted, `one of "a", "b"`);
  assertEquals(oneOf("a", "b").schema, { enum: ["a", "b"] });
  assertEquals(optionsSchema({ bits: integer(1), exact: boolean() }), {
    type: "object",
    properties: { bits: { type: "integer", minimum: 1 }, exact: { type: "boolean" } },
    additionalProperties: false,
  });
});

Deno.test("checkOptions() takes undefined for the default", () => {
  checkOptions("Cannot test", {}, { bits: integer(1) });
  checkOptions("Cannot test", { bits: undefined }, { bits: integer(1) });
  checkOptions("Cannot test", { bits: 3 }, { bits: integer(1) });
});

Deno.test("checkOptions() refuses unknown options by name", () => {
  const checks = { bits: integer(1), group: integer(1) };
  assertThrows(
    () => checkOptions("Cannot test", { bit: undefined }, checks),
    TypeError,
    `Cannot test as option "bit" is unknown: known options are "bits", "group"`,
  );
  assertThrows(
    () => checkOptions("Cannot test", { x: 1 }, {}),
    TypeError,
    "known options are none",
  );
  // What every object inherits is no option.
  assertThrows(() => checkOptions("Cannot test", { toString: 1 }, checks), TypeError, "toString");
});

Deno.test("checkOptions() checks options within options, and says where they are", () => {
  const inner = (action: string, value: unknown) =>
    checkOptions(action, value as object, { bits: integer(1, 8) });
  const checks = { left: { ...record(), inner } };
  checkOptions("Cannot test", { left: undefined }, checks);
  checkOptions("Cannot test", { left: { bits: 8 } }, checks);
  assertThrows(() => checkOptions("Cannot test", { left: 8 }, checks), RangeError, "an object");
  assertThrows(
    () => checkOptions("Cannot test", { left: { bits: 9 } }, checks),
    RangeError,
    "Cannot test (left) as bits must be an integer from 1 to 8: current value is 9",
  );
  assertThrows(
    () => checkOptions("Cannot test", { left: { bit: 4 } }, checks),
    TypeError,
    `Cannot test (left) as option "bit" is unknown: known options are "bits"`,
  );
});

Deno.test("checkOptions() shows the value it refuses, whatever it is", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const shown: readonly [unknown, string][] = [
    [9, "9"],
    ["9", `"9"`],
    [NaN, "NaN"],
    [-Infinity, "-Infinity"],
    [9n, "9"],
    [null, "null"],
    [[1, "a"], `[1,"a"]`],
    [{ a: 1 }, `{"a":1}`],
    [Symbol("bits"), "Symbol(bits)"],
    [cycle, "an object that holds itself"],
  ];
  for (const [value, text] of shown) {
    const error = assertThrows(
      () => checkOptions("Cannot test", { bits: value }, { bits: integer(1, 8) }),
      RangeError,
    );
    const message = `Cannot test as bits must be an integer from 1 to 8: current value is ${text}`;
    assertEquals(error.message, message);
  }
});

Deno.test("number() says above 0 where it means that", () => {
  const { wanted, schema, test } = number(Number.MIN_VALUE, 1);
  assertEquals(wanted, "a number above 0 and at most 1");
  assertEquals(schema, { type: "number", exclusiveMinimum: 0, maximum: 1 });
  assertEquals([0, Number.MIN_VALUE, 1, 1.5].map(test), [false, true, true, false]);
});
