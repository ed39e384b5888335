import { assertEquals } from "@std/assert";
import { formatProgress, formatReport } from "./report.ts";
import type { RowResult } from "./result.ts";

const contender = (name: string, minMs: number, flops?: number) => {
  return { name, minMs, medianMs: minMs, rounds: 3, flops };
};
const ratio = (ofMinima: number | null, ofMedians: number | null, goal?: number) => {
  return { of: "pare", against: "peer", ofMinima, ofMedians, goal };
};
const base: Omit<RowResult, "ratios"> = {
  section: "matmul",
  name: "a row",
  threads: 2,
  contenders: [contender("pare", 2, 4e7), contender("peer", 2500)],
};

/** The cells of the lines below the header. */
function cells(result: RowResult): string[][] {
  return formatReport([result]).split("\n").slice(2).map((line) => line.trim().split(/\s{2,}/));
}

Deno.test("formatReport() judges a goal by minimum and by median", () => {
  const ratios = [ratio(1.5, 1.4, 1.3), ratio(1.5, 1.2, 1.3), ratio(1.1, 1.2, 1.3), ratio(2, 2)];
  assertEquals(cells({ ...base, ratios }), [
    ["a row", "2", "20.0 GFLOP/s", "peer", "1.50", "1.40", "≥ 1.3", "reached"],
    ["peer", "1.50", "1.20", "≥ 1.3", "nearly"],
    ["peer", "1.10", "1.20", "≥ 1.3", "missed"],
    ["peer", "2.00", "2.00"],
  ]);
});

Deno.test("formatReport() says who is not installed, and never that a goal was reached there", () => {
  const [line] = cells({ ...base, ratios: [ratio(null, null, 0.25)] });
  assertEquals(line.slice(3), ["peer", "not installed", "not installed", "≥ 0.25"]);
});

Deno.test("formatReport() says who a line is about where that is not the first", () => {
  const [, line] = cells({ ...base, ratios: [ratio(1, 1), { ...ratio(2, 3), of: "peer" }] });
  assertEquals(line, ["peer", "2.50 s", "peer", "2.00", "3.00"]);
});

Deno.test("formatReport() gives a row a line of its own where no ratio is about the first", () => {
  const lines = cells({ ...base, ratios: [{ ...ratio(2, 3), of: "peer", against: "pare" }] });
  assertEquals(lines, [
    ["a row", "2", "20.0 GFLOP/s", "pare"],
    ["peer", "2.50 s", "pare", "2.00", "3.00"],
  ]);
});

Deno.test("formatReport() tells notes below the table", () => {
  const [, note] = cells({ ...base, ratios: [ratio(1, 1)], notes: ["so it is"] });
  assertEquals(note, ["a row, 2 threads: so it is"]);
});

Deno.test("formatProgress() names everyone with rate or time", () => {
  assertEquals(
    formatProgress({ ...base, ratios: [] }),
    "a row, 2 threads: pare 20.0 GFLOP/s, peer 2.50 s",
  );
});
