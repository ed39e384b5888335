import { assert, assertEquals } from "@std/assert";
import { joinTexts, prepareText } from "./prepare_text.ts";
import { DEMO_RECIPE } from "./recipe.ts";
import { DOMAINS } from "./text/domains.ts";
import { splitOfDocument } from "./text/split.ts";
import { trainingDocuments } from "./training_documents.ts";

const TEXT = await prepareText({ ...DEMO_RECIPE, heldOutWindows: 4 });

Deno.test("prepareText() trains on windows of documents as the tokenizer cuts them", () => {
  const { tokenizer, window } = TEXT;
  const documents = trainingDocuments(DEMO_RECIPE.seed, 6 * 64);
  const tokens: number[] = [];
  while (tokens.length < 257) tokens.push(...tokenizer.encode(documents.next().value.text));
  assertEquals([...window(6)], tokens.slice(0, 257));
  assert(window(7).length === 257);
});

Deno.test("prepareText() has about half of its text in stories, a quarter in each other domain", () => {
  const { stories, arithmetic, russian } = TEXT.shares;
  assert(Math.abs(stories - 0.5) < 0.03, `${stories}`);
  assert(Math.abs(arithmetic - 0.25) < 0.03, `${arithmetic}`);
  assert(Math.abs(stories + arithmetic + russian - 1) < 1e-12);
});

Deno.test("prepareText() keeps splits apart", () => {
  for (const domain of DOMAINS) {
    assertEquals(TEXT.heldOut[domain].map(({ length }) => length), [257, 257, 257, 257]);
    assert(TEXT.texts[domain].every((text) => splitOfDocument(text) === "test"));
    assert(TEXT.texts[domain].join("").length >= 36_000);
    for (const prompt of TEXT.prompts[domain]) {
      assert(!TEXT.texts[domain].some((text) => text.startsWith(prompt)), prompt);
    }
  }
  assert(TEXT.calibration.every((text) => splitOfDocument(text) === "train"));
});

Deno.test("joinTexts() puts the separator on lines of its own", () => {
  assertEquals(joinTexts(["a\nb", "c"]), "a\nb\n<|endoftext|>\nc\n");
});
