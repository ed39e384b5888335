import { assertEquals } from "@std/assert";
import { createProgress, formatDuration } from "./progress.ts";

function record(isTerminal: boolean, columns = 80) {
  const written: string[] = [];
  let time = 0;
  const sink = {
    isTerminal,
    colors: false,
    columns,
    write: (text: string) => void written.push(text),
  };
  const progress = createProgress(sink, () => time);
  return { written, progress, wait: (ms: number) => void (time += ms) };
}

Deno.test("createProgress() writes a JSON line for each event where there is no terminal", () => {
  const { written, progress, wait } = record(false);
  progress.update({ stage: "Working", done: 0, total: 4, item: "a" });
  wait(3000);
  progress.update({ stage: "Working", done: 1, total: 4, item: "b" });
  progress.clear();
  assertEquals(written.map((line) => JSON.parse(line)), [
    { stage: "Working", done: 0, total: 4, item: "a", secondsLeft: null },
    { stage: "Working", done: 1, total: 4, item: "b", secondsLeft: 9 },
  ]);
});

Deno.test("createProgress() draws over one line of a terminal, with the time left", () => {
  const { written, progress, wait } = record(true);
  progress.update({ stage: "Working", done: 6, total: 24, item: "a" });
  wait(60_000);
  progress.update({ stage: "Working", done: 12, total: 24, item: "b" });
  progress.clear();
  assertEquals(written, [
    `\r\x1b[2KWorking ${"█".repeat(6)}${"░".repeat(18)} 6/24  a`,
    `\r\x1b[2KWorking ${"█".repeat(12)}${"░".repeat(12)} 12/24 2 min 0 s left  b`,
    "\r\x1b[2K",
  ]);
});

Deno.test("createProgress() says nothing twice, but again after other output", () => {
  const { written, progress } = record(false);
  const event = { stage: "Working", done: 1, total: 2, item: "a" };
  progress.update(event);
  progress.update({ ...event });
  assertEquals(written.length, 1);
  progress.clear();
  progress.update(event);
  assertEquals(written.length, 2);
});

Deno.test("createProgress() times each stage by itself", () => {
  const { written, progress, wait } = record(false);
  progress.update({ stage: "One", done: 0, total: 2, item: "" });
  wait(50_000);
  progress.update({ stage: "Two", done: 0, total: 2, item: "" });
  wait(1000);
  progress.update({ stage: "Two", done: 1, total: 2, item: "" });
  assertEquals(written.map((line) => JSON.parse(line).secondsLeft), [null, null, 1]);
});

Deno.test("createProgress() never draws past the end of the line", () => {
  const { written, progress } = record(true, 50);
  progress.update({ stage: "Working", done: 1, total: 2, item: "x".repeat(100) });
  assertEquals(written[0].replace("\r\x1b[2K", "").length <= 50, true);
});

const DURATIONS: readonly [seconds: number, text: string][] = [
  [0.2, "0 s"],
  [59.4, "59 s"],
  [59.6, "1 min 0 s"],
  [3599.9, "1 h 0 min"],
  [7325, "2 h 2 min"],
];
for (const [seconds, text] of DURATIONS) {
  Deno.test(`formatDuration() says "${text}"`, () => assertEquals(formatDuration(seconds), text));
}
