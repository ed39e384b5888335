import { convertLlama2cTokenizer } from "@pare/model";
import { assertEquals } from "@std/assert";
import { openSource } from "../packages/cli/open_source.ts";
import { openModelTokenizer } from "../packages/cli/open_tokenizer.ts";

/** A vocabulary of llama2.c: the longest length, then a score, a length and a text for each token. */
function vocabularyOf(tokens: readonly string[]): Uint8Array<ArrayBuffer> {
  const longest = 6;
  const parts = tokens.flatMap((token) => {
    const text = new TextEncoder().encode(token);
    return [...new Uint8Array(Int32Array.of(0, text.length).buffer), ...text];
  });
  return Uint8Array.of(longest, 0, 0, 0, ...parts);
}

Deno.test("openModelTokenizer() converts a vocabulary of llama2.c, and writes no whitespace", async () => {
  const source = await openSource("demo");
  const { vocabularySize } = source.model.config;
  const letters = Array.from(
    { length: vocabularySize - 3 },
    (_, i) => String.fromCharCode(0x400 + i),
  );
  const bytes = vocabularyOf(["<unk>", "\n<s>\n", "\n</s>\n", ...letters]);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/letters.bin`, bytes);
    const opened = await openModelTokenizer(source, `${folder}/letters.bin`);
    assertEquals(opened?.sourceByteLength, bytes.length);
    assertEquals(opened?.tokenizer.encode(letters[0]).at(-1), 3);
    const { tokenizerJson, tokenizerConfig } = convertLlama2cTokenizer(bytes, vocabularySize);
    assertEquals(
      [...opened?.files ?? []],
      [
        ["tokenizer.json", JSON.stringify(tokenizerJson) + "\n"],
        ["tokenizer_config.json", JSON.stringify(tokenizerConfig) + "\n"],
      ],
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
