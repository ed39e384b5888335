import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { warmupCosine } from "./warmup_cosine.ts";

// Golden values of an independent program: 100 steps, 10 of warm-up, from and to a tenth of 1.
const GOLDEN = [
  [0, 0.1],
  [1, 0.19],
  [5, 0.55],
  [9, 0.91],
  [10, 1],
  [11, 1],
  [12, 0.99972],
  [55, 0.557942],
  [99, 0.10028],
];

Deno.test("warmupCosine() rises in a line and falls along a cosine", () => {
  for (const [step, wanted] of GOLDEN) {
    const rate = warmupCosine(step, { steps: 100, warmupSteps: 10, peak: 1 });
    assertAlmostEquals(rate, wanted, 5e-6, `step ${step}`);
  }
});

Deno.test("warmupCosine() stays at its end beyond the last step", () => {
  const schedule = { steps: 10, warmupSteps: 2, peak: 2, final: 0.25 };
  assertEquals(warmupCosine(10, schedule), 0.5);
  assertEquals(warmupCosine(1000, schedule), 0.5);
});

Deno.test("warmupCosine() begins at the peak without warm-up", () => {
  assertEquals(warmupCosine(0, { steps: 10, peak: 3 }), 3);
  assertEquals(warmupCosine(0, { steps: 1, peak: 3 }), 3);
});

Deno.test("warmupCosine() refuses what is no schedule", () => {
  assertThrows(() => warmupCosine(0, { steps: 0, peak: 1 }), RangeError, "steps");
  assertThrows(() => warmupCosine(0, { steps: 1, peak: -1 }), RangeError, "peak");
  assertThrows(() => warmupCosine(0, { steps: 1, peak: 1, final: 2 }), RangeError, "final");
});
