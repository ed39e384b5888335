import type { Tokenizer } from "@pare/model";
import { assertEquals, assertThrows } from "@std/assert";
import { packDocuments, sampleDocuments, windowPerDocument } from "./windows.ts";

/** A tokenizer that begins every text with a 0 and makes a token of each character. */
const TOKENIZER: Pick<Tokenizer, "encode"> = {
  encode: (text) => Uint32Array.from([0, ...Array.from(text, (letter) => letter.charCodeAt(0))]),
};
const tokenizer = TOKENIZER as Tokenizer;

Deno.test("packDocuments() cuts one run of tokens and leaves the rest out", () => {
  const windows = packDocuments(["\x01\x02", "\x03", "\x04\x05\x06"], tokenizer, 4);
  assertEquals(windows.map((window) => [...window]), [[0, 1, 2, 0], [3, 0, 4, 5]]);
});

Deno.test("windowPerDocument() cuts long documents and leaves out those that predict nothing", () => {
  const windows = windowPerDocument(["", "\x01", "\x02\x03\x04"], tokenizer, 3);
  assertEquals(windows.map((window) => [...window]), [[0, 1], [0, 2, 3]]);
});

Deno.test("sampleDocuments() takes the windows asked for, or all of a short text, but never fewer", () => {
  // Ten tokens: three windows of three.
  const sample = (count: number | null) =>
    sampleDocuments(["\x01\x02\x03\x04\x05\x06\x07\x08\x09"], tokenizer, 3, count, 1);
  const all = sample(3).map((window) => [...window]);
  assertEquals(all.toSorted((a, b) => a[0] - b[0]), [[0, 1, 2], [3, 4, 5], [6, 7, 8]]);
  assertEquals(sample(2).map((window) => [...window]), all.slice(0, 2));
  assertEquals(sample(null), sample(3));
  assertEquals(sampleDocuments(["\x01".repeat(400)], tokenizer, 3, null, 0).length, 128);
  assertThrows(
    () => sample(4),
    RangeError,
    "must have 12 tokens or more for 4 of 3: current length",
  );
  assertThrows(
    () => sampleDocuments(["\x01"], tokenizer, 3, null, 0),
    RangeError,
    "must have 3 tokens or more for 1 of 3: current length is 2",
  );
});
