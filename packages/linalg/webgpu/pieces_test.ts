import { assert, assertEquals } from "@std/assert";
import { assert as assertProperty, nat, property } from "fast-check";
import { pieces } from "./pieces.ts";

Deno.test("pieces() cover everything once, in order, none longer than allowed", () => {
  assertProperty(property(nat(1000), nat(99), nat(9), (count, most, unit) => {
    let next = 0;
    for (const [start, length] of pieces(count, most + 1, unit + 1)) {
      assertEquals(start, next);
      assert(length > 0 && length <= Math.max(most + 1, unit + 1));
      next += length;
      assert(next === count || length % (unit + 1) === 0);
    }
    assertEquals(next, count);
  }));
});

Deno.test("pieces() of a unit longer than allowed are one unit each", () => {
  assertEquals([...pieces(7, 2, 3)], [[0, 3], [3, 3], [6, 1]]);
  assertEquals([...pieces(3, 0.5)], [[0, 1], [1, 1], [2, 1]]);
});
