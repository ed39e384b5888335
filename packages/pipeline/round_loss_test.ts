import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LONGEST_LOSS, roundLoss } from "./round_loss.ts";

Deno.test("roundLoss() keeps six digits, in no more room than the longest takes", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, noNaN: true }), (loss) => {
      const rounded = roundLoss(loss);
      assert(JSON.stringify(rounded).length <= JSON.stringify(LONGEST_LOSS).length, `${rounded}`);
      const wanted = Math.min(loss, 1e9);
      // Half a unit of the sixth digit; of numbers near 0, which have fewer digits, half of theirs.
      const bound = wanted * 5e-6 + Number.MIN_VALUE;
      assert(Math.abs(rounded - wanted) <= bound, `${loss}, ${rounded}`);
    }),
    { seed: 1, numRuns: 1000 },
  );
  assertEquals([0, 1 / 3, Infinity].map(roundLoss), [0, 0.333333, 1e9]);
});
