import { assert, assertEquals, assertMatch } from "@std/assert";
import { formatQuality, qualityMarkdown } from "./quality_report.ts";
import type { QualityRow } from "./quality_row.ts";

function row(group: string, name: string, layerBytes: number): QualityRow {
  const mean = { mean: 0.5, standardError: 0.025 };
  return {
    group,
    name,
    steps: [{ method: "rtn" }],
    bitsPerWeight: 2.25,
    layerBytes,
    folderBytes: 5000,
    meanActivationNmse: 0.0123,
    compressMs: 1,
    scores: { "a.txt": { perplexity: mean, kl: mean, top1Agreement: mean } },
  };
}

const REPORT = {
  rows: [row("2", "rtn", 1000), row("2", "gptq", 990), row("3", "rtn", 1500)],
  failures: [{ group: "3", name: "gptq", failed: "Cannot round" }],
  originals: { "a.txt": 1.25 },
};

Deno.test("formatQuality() tells how much larger each is than the first of its group, and what failed", () => {
  const lines = formatQuality(REPORT).split("\n");
  assertMatch(lines[2], /^2\s+rtn\s+2\.250\s+1000\s+\+0\.00 %\s+5000\s+0\.0123$/);
  assertMatch(lines[3], /gptq\s+2\.250\s+990\s+-1\.00 %/);
  assertMatch(lines[4], /^3\s+rtn\s+2\.250\s+1500\s+\+0\.00 %/);
  assert(lines.includes("a.txt (the original's perplexity is 1.250)"));
  assert(
    lines.some((line) => /gptq\s+0\.500 ± 0\.025\s+0\.500 ± 0\.025\s+50\.0 ± 2\.5 %/.test(line)),
  );
  assertEquals(lines.at(-1), "failed: 3, gptq: Cannot round");
});

Deno.test("qualityMarkdown() has a table for each text, and the command", () => {
  const lines = qualityMarkdown(REPORT, "Methods", "deno run it").split("\n");
  assertEquals(lines.slice(0, 5), ["# Methods", "", "```sh", "deno run it", "```"]);
  const table = lines.filter((line) => line.startsWith("|"));
  assertEquals(table.length, 5);
  // As many cells in the rule and in every row as in the header.
  assertEquals(new Set(table.map((line) => line.split("|").length)), new Set([12]));
  assertEquals(lines.at(-2), "- 3, gptq: Cannot round");
});
