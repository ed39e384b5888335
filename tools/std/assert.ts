// The assertions of @std/assert with their types, over the npm mirror, which has none.
//
// Where JSR can be reached, map "@std/assert" to jsr:@std/assert in deno.json and drop this file.

// @ts-types="./assert_types.d.ts"
export {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertExists,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std-mirror/assert";
