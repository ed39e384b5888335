import { assertEquals } from "@std/assert";
import { markdownTable } from "./markdown_table.ts";

Deno.test("markdownTable() pads cells and aligns the first column left, others right", () => {
  assertEquals(
    markdownTable(["kind", "n"], [["a", "12345"], ["longer", "1"]]),
    "| kind   |     n |\n| ------ | ----: |\n| a      | 12345 |\n| longer |     1 |",
  );
});
