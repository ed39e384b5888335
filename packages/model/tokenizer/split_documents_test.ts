import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { splitDocuments } from "./split_documents.ts";

Deno.test("splitDocuments() gives back what was joined", () => {
  const document = fc.string({ unit: fc.constantFrom("a", " ", "\n", "é"), minLength: 1 })
    .filter((text) => !/^\n|\n$/.test(text));
  fc.assert(
    fc.property(fc.array(document), (documents) => {
      assertEquals(splitDocuments(documents.join("\n<|x|>\n"), "<|x|>"), documents);
    }),
    { seed: 1 },
  );
});

Deno.test("splitDocuments() keeps spaces and leaves out what is empty", () => {
  assertEquals(splitDocuments("\r\n a \r\n--\n\n--  --", "--"), [" a ", "  "]);
  assertEquals(splitDocuments("", "--"), []);
  assertEquals(splitDocuments("a", "--"), ["a"]);
});

Deno.test("splitDocuments() takes time in proportion to long runs of newlines", () => {
  const text = `a${"\n".repeat(200_000)}b`;
  assertEquals(splitDocuments(`${text}\n`, "--"), [text]);
});

Deno.test("splitDocuments() refuses to split by nothing", () => {
  assertThrows(() => splitDocuments("a", ""), RangeError, `current separator is ""`);
});
