import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { evaluate } from "./result.ts";

const contenders = [
  { name: "ours", flops: 100 },
  { name: "slow", flops: 100 },
  { name: "fast", flops: 100 },
  { name: "peak", flops: 1000 },
];
const samples = [[2, 4, 9], [8, 8, 8], [3, 6, 7], [10, 10, 10]];

Deno.test("evaluate() compares with the fastest, by minimum and by median", () => {
  const { ratios: [ratio] } = evaluate(
    { contenders, comparisons: [{ against: ["slow", "fast"], goal: 1.3 }] },
    samples,
  );
  assertEquals([ratio.of, ratio.against, ratio.goal], ["ours", "fast", 1.3]);
  assertEquals([ratio.ofMinima, ratio.ofMedians], [3 / 2, 6 / 4]);
});

Deno.test("evaluate() compares rates where the work differs", () => {
  const { ratios: [ratio] } = evaluate(
    { contenders, comparisons: [{ of: "fast", against: ["peak"] }] },
    samples,
  );
  assertAlmostEquals(Number(ratio.ofMinima), (100 / 3) / (1000 / 10), 1e-15);
});

Deno.test("evaluate() leaves a ratio out whose other side is missing", () => {
  const { ratios: [ratio] } = evaluate(
    { contenders, comparisons: [{ against: ["numpy"], goal: 0.25 }] },
    samples,
  );
  assertEquals([ratio.against, ratio.ofMinima, ratio.ofMedians], ["numpy", null, null]);
});

Deno.test("evaluate() refuses a ratio of somebody who is not there", () => {
  assertThrows(
    () => evaluate({ contenders, comparisons: [{ of: "theirs", against: ["slow"] }] }, samples),
    RangeError,
    "theirs must be in the row",
  );
});
