import { assertEquals } from "@std/assert";
import { formatBytes, formatShare, formatTable } from "./table.ts";

Deno.test("formatTable() aligns the first column left and the others right", () => {
  assertEquals(
    formatTable(["name", "n"], [["a", "1"], ["long name", "1000"]]),
    ["name          n", "─────────  ────", "a             1", "long name  1000"].join("\n"),
  );
});

const BYTES: readonly [bytes: number, text: string][] = [
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.00 kB"],
  [3352576, "3.35 MB"],
  [1.5e12, "1.50 TB"],
];
for (const [bytes, text] of BYTES) {
  Deno.test(`formatBytes() says "${text}"`, () => assertEquals(formatBytes(bytes), text));
}

const SHARES: readonly [value: number, text: string][] = [
  [0, "0"],
  [0.012345, "0.0123"],
  [4.5678e-7, "4.57e-7"],
  [Infinity, "Infinity"],
];
for (const [value, text] of SHARES) {
  Deno.test(`formatShare() says "${text}"`, () => assertEquals(formatShare(value), text));
}
