import { assertEquals } from "@std/assert";
import { isPlainFileName, listed, quoted } from "./names.ts";

Deno.test("isPlainFileName() takes names of files directly inside a folder only", () => {
  for (const name of ["model.safetensors", "a", "...", ".hidden", "a..b", "é b"]) {
    assertEquals(isPlainFileName(name), true, name);
  }
  const bad = [
    "",
    ".",
    "..",
    "/a",
    "a/b",
    "../a",
    "a\\b",
    "\\\\host\\a",
    "C:a",
    "C:\\a",
    "a:b",
    "a\0",
  ];
  for (const name of bad) assertEquals(isPlainFileName(name), false, name);
});

Deno.test("quoted() escapes what it shows and cuts what is long", () => {
  assertEquals(quoted('a"\n'), '"a\\"\\n"');
  assertEquals(quoted(undefined), "undefined");
  assertEquals(quoted([1, 2]), "[1,2]");
  for (const long of ["x".repeat(1e6), Array(1e6).fill(1), { a: "x".repeat(1e6) }]) {
    assertEquals(quoted(long).length, 81);
  }
});

Deno.test("listed() shows the first few of many", () => {
  assertEquals(listed([]), "nothing");
  assertEquals(listed(["a", "b"]), '"a", "b"');
  assertEquals(listed([..."abcdefgh"]), '"a", "b", "c", "d", "e", "f" and 2 more');
});
