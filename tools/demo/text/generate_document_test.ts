import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { DOMAINS } from "./domains.ts";
import { documents, generateDocument } from "./generate_document.ts";
import { mixture } from "./mixture.ts";
import { hashText, splitOfDocument, SPLITS } from "./split.ts";

const take = (
  domain: typeof DOMAINS[number],
  split: typeof SPLITS[number],
  count: number,
  seed = 1,
) => [...documents(domain, split, { seed }).take(count)];

Deno.test("hashText() mixes every character into every bit", () => {
  assertEquals(hashText("a"), hashText("a"));
  const text = generateDocument("stories", { split: "train", seed: 1, index: 0 });
  // Of 32 bits half should change: 16 with a standard deviation of 2.83 for one text.
  let flipped = 0;
  const places = 200;
  for (let i = 0; i < places; i++) {
    const changed = `${text.slice(0, i)}#${text.slice(i + 1)}`;
    let bits = hashText(changed) ^ hashText(text);
    for (; bits !== 0; bits &= bits - 1) flipped++;
  }
  assert(
    Math.abs(flipped / places - 16) < 5 * 2.83 / Math.sqrt(places),
    `${flipped / places} bits`,
  );
});

for (const domain of DOMAINS) {
  Deno.test(`generateDocument() of ${domain} needs no other document before it`, () => {
    const ten = take(domain, "train", 10);
    for (const index of [7, 0, 9]) {
      assertEquals(generateDocument(domain, { split: "train", seed: 1, index }), ten[index]);
    }
    assertEquals([...documents(domain, "train", { seed: 1, first: 4 }).take(3)], ten.slice(4, 7));
    assertNotEquals(take(domain, "train", 10, 2), ten);
  });

  Deno.test(`documents() of ${domain} are in the split that their text selects`, () => {
    const seen = new Set<string>();
    for (const split of SPLITS) {
      const count = split === "train" ? 3000 : 100;
      for (const seed of [1, 2]) {
        for (const text of take(domain, split, count, seed)) {
          assertEquals(splitOfDocument(text), split);
          seen.add(`${split} ${text}`);
        }
      }
    }
    const texts = new Set([...seen].map((entry) => entry.slice(entry.indexOf(" ") + 1)));
    assertEquals(texts.size, seen.size);
  });

  Deno.test(`documents() of ${domain} hardly ever repeat, and leave nothing of a template`, () => {
    const count = 10_000;
    const texts = take(domain, "train", count);
    assert(new Set(texts).size > 0.99 * count, `${new Set(texts).size} different ones`);
    for (const text of texts) {
      assert(!/undefined|null|NaN|\[object|\$\{|[{}]/.test(text), text);
      assert(!/ {2}| [.,!?;:]|[ \n]$|^\s|\n\n| \n|\n |\.\.|,,|[!?]\./.test(text), text);
    }
  });
}

Deno.test("mixture() keeps to its shares, and to its order", () => {
  const length = { stories: 0, arithmetic: 0, russian: 0 };
  const first = [...mixture("train", { seed: 3 }).take(2000)];
  for (const { domain, text } of first) length[domain] += text.length;
  // Tokens for a character, as mixture() estimates them; no document is 1/1000 of all.
  const tokens = [length.stories * 0.35, length.arithmetic * 0.7, length.russian * 0.5];
  const total = tokens[0] + tokens[1] + tokens[2];
  for (const [i, share] of [0.5, 0.25, 0.25].entries()) {
    assert(Math.abs(tokens[i] / total - share) < 0.002, `share ${tokens[i] / total}`);
  }
  assertEquals([...mixture("train", { seed: 3 }).take(50)], first.slice(0, 50));
  const shares = { stories: 0, arithmetic: 1, russian: 1 };
  for (const { domain } of mixture("test", { seed: 3, shares }).take(20)) {
    assertNotEquals(domain, "stories");
  }
});

Deno.test("mixture() writes the bytes that the demo model was trained on", () => {
  // Any change of a table, a sentence or the order of choices changes these.
  const hashes = SPLITS.map((split) => {
    const texts = [...mixture(split, { seed: 0 }).take(split === "train" ? 3000 : 100)];
    return hashText(texts.map(({ text }) => text).join("\n\n")).toString(16);
  });
  assertEquals(hashes, ["2006b2aa", "7ee1c6ae", "c07ac7b"]);
});
