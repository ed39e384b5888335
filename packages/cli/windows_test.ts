import type { Tokenizer } from "@pare/model";
import { assertEquals } from "@std/assert";
import { packDocuments, windowPerDocument } from "./windows.ts";

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
