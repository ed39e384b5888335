import { summarize } from "@pare/evaluators";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { reportDemo } from "./demo_report.ts";

/** A text of `tokens` tokens that the models waver on among so many. */
function summaryOf(before: number, after: number) {
  const tokens = 10;
  const against = { kl: 0, agreements: tokens, nll: tokens * Math.log(before) };
  return summarize([{ tokens, nll: tokens * Math.log(after), against }]);
}

const REPORT = reportDemo({
  output: "demo-rtn",
  recipe: {
    version: 1,
    seed: 0,
    dtype: "source",
    calibration: { windows: 1, windowLength: null, skipFirstTokens: 0, sequential: false },
    steps: [{ method: "rtn", layers: ["**"], except: [], options: { bits: 4, groupSize: 32 } }],
  },
  vocabularySize: 1024,
  sizes: {
    decoder: { before: 2, after: 1, weights: 1 },
    layers: { before: 4_000_000, after: 1_156_250, weights: 2_000_000 },
    files: { before: 4_100_000, after: 1_025_000 },
  },
  comparisons: [
    {
      name: "stories",
      path: "stories.txt",
      summary: summaryOf(2, 2.5),
      sample: { prompt: "Once", before: " upon\na time. ".repeat(20), after: "" },
    },
    { name: "noise", path: "noise.txt", summary: summaryOf(20_000, 5000), sample: null },
  ],
});

Deno.test("reportDemo() shows sizes and perplexities with their change", () => {
  const rows = [
    "                        before      after   change",
    "───────────────────  ─────────  ─────────  ───────",
    "bytes on disk        4,100,000  1,025,000  −75.0 %",
    "bits per weight          16.00      4.625  −71.1 %",
    "perplexity, stories      2.000      2.500  +25.0 %",
    "perplexity, noise       20,000      5,000  −75.0 %",
  ];
  assertStringIncludes(REPORT, `2,000,000 weights, before and after:\n\n${rows.join("\n")}\n`);
});

Deno.test("reportDemo() wraps samples below their titles and says where one is empty", () => {
  const lines = REPORT.split("\n");
  const first = lines.indexOf("stories: Once …") + 1;
  assert(first > 0, REPORT);
  const last = lines.indexOf("  after    (ends there)");
  assertEquals(lines[last + 1], "");
  const sample = lines.slice(first, last);
  assert(sample.length > 1);
  assertEquals(
    sample.map((line) => line.slice(11)).join(" "),
    Array(20).fill("upon a time.").join(" "),
  );
  assertEquals(
    sample.map((line) => line.slice(0, 11)),
    sample.map((_, i) => i === 0 ? "  before   " : " ".repeat(11)),
  );
  for (const line of sample) assert(line.length <= 100, line);
});

Deno.test("reportDemo() says what was done, where the result is and what to try", () => {
  assertStringIncludes(REPORT, "How: rtn (bits 4, groupSize 32). Rounds every weight");
  assertStringIncludes(REPORT, "The result is in demo-rtn.");
  for (
    const command of ["generate demo-rtn", "evaluate demo-rtn", "inspect demo-rtn", "compress"]
  ) {
    assert(new RegExp(`task ${command} ?.*$`, "m").test(REPORT), command);
  }
});
