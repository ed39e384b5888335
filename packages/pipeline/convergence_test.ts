import { assertEquals, assertThrows } from "@std/assert";
import { roundConvergence } from "./convergence.ts";

Deno.test("roundConvergence() keeps six digits, and a loss without end as a number", () => {
  assertEquals(
    roundConvergence({ losses: [Infinity, 2e9, 0.123456789, 0], chosen: 3 }, 4),
    { losses: [1e9, 1e9, 0.123457, 0], chosen: 3 },
  );
});

Deno.test("roundConvergence() refuses what is not as announced, and what is no loss", () => {
  const at = (losses: readonly number[], chosen: number, message: string) =>
    assertThrows(() => roundConvergence({ losses, chosen }, 2), RangeError, message);
  at(
    [],
    0,
    "must be one or more, and at most the 2 that the method announces: current number is 0",
  );
  at([1, 1, 1], 0, "current number is 3");
  at([1, NaN], 0, "a loss must be 0 or more: current value is NaN");
  at([1, -1], 0, "a loss must be 0 or more: current value is -1");
  for (const chosen of [2, -1, 0.5]) {
    at([1, 1], chosen, `must be an integer from 0 to 1: current value is ${chosen}`);
  }
});
