import { assert, assertEquals } from "@std/assert";
import { documents } from "../generate_document.ts";
import { CHILDREN, type Gender, PETS } from "./characters.ts";
import { PLOTS } from "./plots.ts";
import { drawTale } from "./tale.ts";
import { createDice } from "../dice.ts";

const STORIES = [...documents("stories", "train", { seed: 11 }).take(6000)];

/** The gender of each name, from the tables alone. */
const GENDERS = new Map<string, Gender>(
  (["female", "male"] as const).flatMap((gender) =>
    [...CHILDREN[gender], ...PETS[gender]].map((name) => [name, gender] as const)
  ),
);
const NAMES = new RegExp(`\\b(${[...GENDERS.keys()].join("|")})\\b`, "g");

/** Who else there is in stories, as a reader knows them. */
const OTHERS: Readonly<Record<Gender, RegExp>> = {
  female: /\b(mom|grandma|aunt|woman|girl)\b/,
  male: /\b(dad|grandpa|uncle|man|boy)\b/,
};
const PRONOUNS: Readonly<Record<Gender, RegExp>> = {
  female: /\b(she|her|herself)\b/i,
  male: /\b(he|him|his|himself)\b/i,
};

const heroOf = (story: string): string => story.match(NAMES)?.[0] ?? "";

Deno.test("no name is of both genders, nor of a child and an animal", () => {
  const all = [...CHILDREN.female, ...CHILDREN.male, ...PETS.female, ...PETS.male];
  assertEquals(new Set(all).size, all.length);
});

Deno.test("stories put an before vowels, and a before all else", () => {
  let vowels = 0;
  for (const story of STORIES) {
    for (const [phrase, article, word] of story.matchAll(/\b(an?) (\w+)/gi)) {
      const isVowel = /^([aeiou]|honest$|hour$)/.test(word);
      assertEquals(article.toLowerCase() === "an", isVowel, `${phrase} in: ${story}`);
      if (isVowel) vowels++;
    }
  }
  assert(vowels > 1000, `${vowels} of them`);
});

Deno.test("stories about one gender have no pronoun of the other", () => {
  const checked = { female: 0, male: 0 };
  for (const story of STORIES) {
    const genders = new Set((story.match(NAMES) ?? []).map((name) => GENDERS.get(name)));
    for (const [gender, other] of [["female", "male"], ["male", "female"]] as const) {
      if (genders.has(other) || OTHERS[other].test(story)) continue;
      assert(!PRONOUNS[other].test(story), story);
      checked[gender]++;
    }
  }
  assert(checked.female > 200 && checked.male > 200, JSON.stringify(checked));
});

Deno.test("stories call the hero girl or boy, and the family his or hers", () => {
  let relations = 0;
  for (const story of STORIES) {
    const gender = GENDERS.get(heroOf(story));
    const isChild = CHILDREN.female.concat(CHILDREN.male).includes(heroOf(story));
    const [first] = story.split(/(?<=\.) /);
    if (isChild) {
      const noun = gender === "female" ? "girl" : "boy";
      assert(!new RegExp(`\\b${noun === "girl" ? "boy" : "girl"}\\b`).test(first), story);
    }
    const family = /\b(his|her) (?:mom|dad|grandma|grandpa|aunt|uncle)\b/gi;
    for (const [, whose] of story.matchAll(family)) {
      assertEquals(whose.toLowerCase(), gender === "female" ? "her" : "his", story);
      relations++;
    }
  }
  assert(relations > STORIES.length, `${relations} relations`);
});

Deno.test("stories keep one kind for each animal, and one grown-up of the family", () => {
  for (const story of STORIES) {
    const adults = story.match(/(?<=\b(?:his|her) )(mom|dad|grandma|grandpa|aunt|uncle)\b/gi) ?? [];
    assert(new Set(adults).size <= 1, story);
    const kinds = new Map<string, string>();
    const named =
      /(?:\b(dog|puppy|cat|kitten) (?:named )?([A-Z]\w+))|(?:([A-Z]\w+) the (dog|puppy|cat|kitten))/g;
    for (const [, kind, name, otherName, otherKind] of story.matchAll(named)) {
      const key = name ?? otherName;
      assertEquals(kinds.get(key) ?? kind ?? otherKind, kind ?? otherKind, story);
      kinds.set(key, kind ?? otherKind);
    }
  }
});

Deno.test("stories have sums that add up, of numbers up to twenty", () => {
  const found = { sums: 0, gathered: 0, bought: 0, shared: 0 };
  for (const story of STORIES) {
    const numbers = (story.match(/\d+/g) ?? []).map(Number);
    assert(numbers.every((number) => number <= 20), story);
    for (const [, left, right, sum] of story.matchAll(/(\d+) and (\d+) is (\d+)/g)) {
      assertEquals(Number(left) + Number(right), Number(sum), story);
      found.sums++;
    }
    if (/\d more\. Now /.test(story)) {
      // Found, added, together, given away, [of all,] left.
      const [first, more, sum, given] = numbers;
      assertEquals(first + more, sum, story);
      assert(numbers.slice(4).includes(sum - given), story);
      assertEquals(new Set([sum, sum - given, ...numbers.slice(4)]).size, 2, story);
      found.gathered++;
    }
    const shop = /(\d+) coins[^]*It costs (\d+) coins?[^]*had (\d+) coins? left/.exec(story);
    if (shop) {
      assertEquals(Number(shop[1]) - Number(shop[2]), Number(shop[3]), story);
      found.bought++;
    }
    const shares = /with (\d+) |gave (\d+) /.exec(story);
    const taken = /took (\d+), so \w+ got only (\d+)/.exec(story);
    if (shares && taken) {
      assertEquals(Number(taken[1]) + Number(taken[2]), Number(shares[1] ?? shares[2]), story);
      found.shared++;
    }
  }
  for (const [kind, count] of Object.entries(found)) assert(count > 100, `${kind}: ${count}`);
});

Deno.test("stories count one thing in the singular, and more in the plural", () => {
  const goods =
    /\b(\d+) (apples?|pears?|cookies?|shells?|stones?|eggs?|carrots?|nuts?|coins?|birds?)\b/g;
  let ones = 0;
  for (const story of STORIES) {
    for (const [, number, noun] of story.matchAll(goods)) {
      assertEquals(noun.endsWith("s"), number !== "1", story);
      if (number === "1") ones++;
    }
  }
  assert(ones > 50);
});

Deno.test("stories find the lost where it was left, and remember the marks of the way", () => {
  let found = 0;
  let ways = 0;
  for (const story of STORIES) {
    const left =
      /put the [^.]+? down ([^.]+?) and ate|left the [^.]+? (under|behind|near|by|next to|in|on) (.+?)\. When it got late|sat down (.+?) and looked at the clouds/
        .exec(story);
    if (left) {
      const spot = left[1] ?? left[4] ?? `${left[2]} ${left[3]}`;
      const where = /(?:Then they looked|ran to look) (.+?)(?:\.|, and) [Tt]here was/.exec(story);
      assertEquals(where?.[1], spot, story);
      found++;
    }
    const way = /First they passed an? (.+?), then an? (.+?), and then an? (.+?)\./.exec(story);
    if (way) {
      const [, first, second, third] = way;
      const back = story.slice(story.indexOf("We must find"));
      assert(back.startsWith(`We must find the ${third}`), story);
      const order = [third, second, first].map((mark) => back.indexOf(`the ${mark}`, 40));
      assertEquals(order, order.toSorted((a, b) => a - b), story);
      ways++;
    }
  }
  assert(found > 100 && ways > 100, `${found}, ${ways}`);
});

Deno.test("stories have 60 to 200 words, the hero again and again, and whole sentences", () => {
  for (const story of STORIES) {
    const words = story.split(/\s+/).length;
    assert(words >= 60 && words <= 200, `${words} words: ${story}`);
    assert(story.split(heroOf(story)).length > 4, story);
    assertEquals((story.match(/"/g) ?? []).length % 2, 0, story);
    assert(!/\. [a-z]/.test(story), story);
    for (const paragraph of story.split("\n")) {
      assert(/^["A-Z0-9].*[.!?]"?$/.test(paragraph), paragraph);
    }
  }
});

for (const plot of PLOTS) {
  Deno.test(`${plot.name}() tells the same for the same tale, and ends in one of its ways`, () => {
    const tell = (index: number) => plot(drawTale(createDice({ seed: 3, index, salt: 0 })));
    assertEquals(tell(1), tell(1));
    const bodies = new Set(Array.from({ length: 200 }, (_, i) => tell(i).body.join("\n")));
    assert(bodies.size > 190, `${bodies.size} different ones`);
    assert(tell(2).morals.length >= 2);
  });
}
