import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { interleave, median, minimum, type Run } from "./measure.ts";

/** Runs that move a clock of their own by as many ms as told, one after the other. */
function clockwork(...durations: (number | readonly number[])[]) {
  let time = 0;
  const calls: number[] = [];
  const runs = durations.map((duration, i): Run => {
    let turn = 0;
    return () => {
      calls.push(i);
      time += typeof duration === "number"
        ? duration
        : duration[Math.min(turn++, duration.length - 1)];
    };
  });
  return { runs, calls, now: () => time };
}

Deno.test("interleave() lets everyone take a turn in every round", async () => {
  const { runs, calls, now } = clockwork(10, 20);
  const samples = await interleave(runs, { budgetMs: 120, now });
  // Two runs each before, then 120 / (10 + 20) rounds.
  assertEquals(calls, [0, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
  assertEquals(samples, [[10, 10, 10, 10], [20, 20, 20, 20]]);
});

Deno.test("interleave() keeps nothing of the runs that warm up", async () => {
  const { runs, now } = clockwork([900, 30, 10, 11, 12]);
  assertEquals(await interleave(runs, { budgetMs: 90, now }), [[10, 11, 12]]);
});

Deno.test("interleave() counts the first run of what takes longer than a second", async () => {
  const { runs, calls, now } = clockwork([2000, 1900, 2100], 10);
  const samples = await interleave(runs, { budgetMs: 1, now });
  assertEquals(samples, [[2000, 1900, 2100], [10, 10, 10]]);
  assertEquals(calls.filter((i) => i === 0).length, 3);
});

Deno.test("interleave() repeats what is short and takes the mean", async () => {
  const { runs, calls, now } = clockwork(0.5);
  const samples = await interleave(runs, { budgetMs: 15, minSampleMs: 5, now });
  assertEquals(samples, [[0.5, 0.5, 0.5]]);
  assertEquals(calls.length, 2 + 3 * 10);
});

Deno.test("interleave() takes the time that a run tells, and waits for promises", async () => {
  let time = 0;
  const run = () => {
    time += 100;
    return Promise.resolve(7);
  };
  assertEquals(await interleave([run], { budgetMs: 0, now: () => time }), [[7, 7, 7]]);
});

Deno.test("interleave() keeps to the most rounds, and ends where a clock stands still", async () => {
  const { runs, calls, now } = clockwork(0);
  const [samples] = await interleave(runs, { budgetMs: 1000, maxRounds: 4, now });
  assertEquals(samples, [0, 0, 0, 0]);
  assertEquals(calls.length, 2 + 4 * 1000);
});

Deno.test("interleave() measures real time", async () => {
  const wait = () => new Promise<void>((resolve) => setTimeout(resolve, 20));
  const [samples] = await interleave([wait], { budgetMs: 0 });
  // Timers may be a little early by the clock of performance.now().
  assert(minimum(samples) > 15, `${samples}`);
});

Deno.test("interleave() pauses before every sample, out of the time it measures", async () => {
  let last = 0;
  const gaps: number[] = [];
  const run = () => {
    gaps.push(performance.now() - last);
    last = performance.now();
    return 1;
  };
  await interleave([run, run], { budgetMs: 0, minSampleMs: 1, pauseMs: 20 });
  // After two runs each that warm up.
  assert(minimum(gaps.slice(4)) > 15, `${gaps}`);
  assertEquals(gaps.length, 4 + 2 * 3);
});

Deno.test("minimum() and median() of odd, even and single counts", () => {
  assertEquals(minimum([3, 1, 2]), 1);
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertEquals(median([7]), 7);
  // Sorted as numbers, not as text.
  assertAlmostEquals(median([10, 9, 2]), 9);
});
