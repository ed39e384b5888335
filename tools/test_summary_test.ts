import { assertEquals } from "@std/assert";
import { formatCounts, parseTestOutput } from "./test_summary.ts";

Deno.test("parseTestOutput() reads the counts and the names of skipped tests", () => {
  const output = `running 3 tests from ./a_test.ts
rtn() stays within half a scale ... ok (5ms)
rtn() on webgpu ... ignored (0ms)
  a step of it ... ignored (0ms)

ok | 2 passed (3 steps) | 0 failed | 1 ignored (1 step) (29ms)
`;
  assertEquals(parseTestOutput(output), {
    passed: 2,
    failed: 0,
    skipped: 1,
    skippedNames: ["rtn() on webgpu", "a step of it"],
  });
});

Deno.test("parseTestOutput() reads a failing run, coloured, with nothing skipped", () => {
  const output = "\u001b[0m\u001b[31mFAILED\u001b[0m | 12 passed | 3 failed (1 step) (2s)\n\n";
  const { passed, failed, skipped } = parseTestOutput(output) ?? {};
  assertEquals([passed, failed, skipped], [12, 3, 0]);
});

Deno.test("parseTestOutput() takes the last summary, not one that a test printed", () => {
  const output = "ok | 9 passed | 0 failed (1ms)\nFAILED | 1 passed | 1 failed (1ms)\n";
  assertEquals(parseTestOutput(output)?.failed, 1);
});

Deno.test("parseTestOutput() finds none in a run that broke off", () => {
  assertEquals(parseTestOutput("Check packages/a.ts\nerror: Type checking failed.\n"), null);
  assertEquals(parseTestOutput(""), null);
});

Deno.test("formatCounts() writes all three counts", () => {
  const counts = { passed: 12, failed: 0, skipped: 3 };
  assertEquals(formatCounts(counts), "12 passed, 0 failed, 3 skipped");
});
