import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { agreeUpTo, learningRateAt, type Schedule } from "./learning_rate.ts";

const SCHEDULE: Schedule = { steps: 100, warmupSteps: 10, cooldownSteps: 24, learningRate: 0.5 };

Deno.test("learningRateAt() rises in a line, stays, and falls by a root to almost nothing", () => {
  const rates = Array.from({ length: 100 }, (_, step) => learningRateAt(step, SCHEDULE));
  assertAlmostEquals(rates[0], 0.05, 1e-15);
  assertAlmostEquals(rates[4], 0.25, 1e-15);
  assert(rates.slice(9, 76).every((rate) => rate === 0.5));
  // The first step of the cooldown has 1 − √(1/25), the last one 1 − √(24/25).
  assertAlmostEquals(rates[76], 0.5 * 0.8, 1e-15);
  assertAlmostEquals(rates[99], 0.5 * (1 - Math.sqrt(0.96)), 1e-15);
  assert(rates.slice(76).every((rate, i) => rate > 0 && rate < rates[75 + i]));
});

Deno.test("learningRateAt() does without warm-up and cooldown", () => {
  const flat = { ...SCHEDULE, warmupSteps: 0, cooldownSteps: 0 };
  assertEquals([0, 50, 99].map((step) => learningRateAt(step, flat)), [0.5, 0.5, 0.5]);
});

Deno.test("agreeUpTo() says yes until the rate falls in one of two runs", () => {
  const longer = { ...SCHEDULE, steps: 120, cooldownSteps: 30 };
  assert(agreeUpTo(76, SCHEDULE, longer));
  assert(!agreeUpTo(77, SCHEDULE, longer));
  assert(agreeUpTo(100, SCHEDULE, SCHEDULE));
  assert(!agreeUpTo(101, SCHEDULE, SCHEDULE));
  // A run of 60 steps begins to fall in step 36.
  assert(agreeUpTo(36, SCHEDULE, { ...SCHEDULE, steps: 60 }));
  assert(!agreeUpTo(37, SCHEDULE, { ...SCHEDULE, steps: 60 }));
  assert(!agreeUpTo(5, SCHEDULE, { ...SCHEDULE, warmupSteps: 11 }));
});
