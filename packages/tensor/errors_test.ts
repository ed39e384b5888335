import { assert, assertEquals } from "@std/assert";
import { FormatError, ShapeError } from "./errors.ts";

Deno.test("ShapeError says and carries both shapes", () => {
  const error = new ShapeError("Cannot multiply", [2, 3], []);
  assertEquals(error.message, "Cannot multiply as the shape must be [2, 3]: current shape is []");
  assertEquals(error.name, "ShapeError");
  assertEquals([error.expected, error.actual], [[2, 3], []]);
  assert(error instanceof RangeError);
});

Deno.test("FormatError says and carries the field", () => {
  const error = new FormatError("Cannot read a file", "version", "must be 1: current value is 7");
  assertEquals(error.message, "Cannot read a file as version must be 1: current value is 7");
  assertEquals(error.name, "FormatError");
  assertEquals(error.field, "version");
  assert(error instanceof SyntaxError);
});
