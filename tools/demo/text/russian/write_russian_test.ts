import { assert, assertEquals, assertThrows } from "@std/assert";
import { createDice } from "../dice.ts";
import { documents } from "../generate_document.ts";
import { adjective } from "./adjectives.ts";
import { agreeInGender } from "./agreement.ts";
import { inflect } from "./inflect.ts";
import {
  BELONGINGS,
  type Case,
  CASES,
  DISHES,
  FAMILY,
  PLANTS,
  RUSSIAN_ANIMALS,
  RUSSIAN_CHILDREN,
  RUSSIAN_GOODS,
  type RussianGender,
  type RussianNoun,
} from "./nouns.ts";
import { drawScene } from "./scene.ts";
import { SCENES, writeScene } from "./write_russian.ts";

const TEXTS = [...documents("russian", "train", { seed: 12 }).take(6000)];
const NOUNS = [BELONGINGS, RUSSIAN_GOODS, PLANTS, RUSSIAN_ANIMALS, FAMILY, RUSSIAN_CHILDREN, DISHES]
  .flat();

/** What a form can be: "feminine genitive". */
const READINGS = new Map<string, Set<string>>();
for (const noun of NOUNS) {
  for (const name of CASES) {
    const readings = READINGS.get(noun[name]) ?? new Set();
    // The accusative of an animate masculine asks for another ending.
    const isAnimate = name === "accusative" && noun.gender === "masculine" && noun.isAnimate;
    readings.add(`${noun.gender} ${isAnimate ? "genitive" : name}`);
    READINGS.set(noun[name], readings);
  }
}

/** The endings of adjectives in the singular, as a grammar lists them by ending. */
const ENDINGS: readonly (readonly [ending: RegExp, readings: string])[] = [
  [/(ый|ий)$/, "masculine nominative|masculine accusative"],
  [
    /ой$/,
    "masculine nominative|masculine accusative|feminine genitive|feminine dative|feminine instrumental|feminine prepositional",
  ],
  [/(ая|яя)$/, "feminine nominative"],
  [/(ую|юю)$/, "feminine accusative"],
  [/ей$/, "feminine genitive|feminine dative|feminine instrumental|feminine prepositional"],
  [/(ое|ее)$/, "neuter nominative|neuter accusative"],
  [/(ого|его)$/, "masculine genitive|neuter genitive"],
  [/(ому|ему)$/, "masculine dative|neuter dative"],
  [/(ым|им)$/, "masculine instrumental|neuter instrumental"],
  [/(ом|ем)$/, "masculine prepositional|neuter prepositional"],
];
const ADJECTIVE =
  /(?<![а-яё])((?:красн|зелён|жёлт|бел|чёрн|нов|стар|красив|сер|син|маленьк|больш|весёл|добр|умн|пушист|смел|тих|рыж|вкусн)(?:ый|ий|ой|ая|яя|ую|юю|ей|ое|ее|ого|его|ому|ему|ым|им|ом|ем)) ([а-яё]+)/gi;

Deno.test("adjectives agree with their nouns in gender and case", () => {
  const seen = new Map<string, number>();
  for (const text of TEXTS) {
    for (const [pair, adjective, noun] of text.matchAll(ADJECTIVE)) {
      const readings = READINGS.get(noun);
      if (!readings) continue;
      const allowed = ENDINGS.find(([ending]) => ending.test(adjective))?.[1].split("|") ?? [];
      const shared = allowed.filter((reading) => readings.has(reading));
      assert(shared.length > 0, `${pair} in: ${text}`);
      if (shared.length === 1) seen.set(shared[0], (seen.get(shared[0]) ?? 0) + 1);
    }
  }
  // Most cases of most genders can be told apart by form, and occur.
  assert(seen.size >= 10, [...seen].join("; "));
  const total = seen.values().reduce((sum, count) => sum + count);
  assert(total > 5000, `${total} pairs`);
});

/** The case that a preposition asks for. */
const PREPOSITIONS: Readonly<Record<string, Case>> = {
  с: "instrumental",
  со: "instrumental",
  у: "genitive",
  к: "dative",
  о: "prepositional",
  об: "prepositional",
  про: "accusative",
  без: "genitive",
  нет: "genitive",
};

Deno.test("nouns stand in the case that the preposition asks for", () => {
  const seen = new Map<string, number>();
  for (const text of TEXTS) {
    const phrases = text.matchAll(
      /(?<![а-яё])(со?|у|к|об?|про|без|нет) ((?:[а-яё]+(?:ым|им|ой|ей|ого|его|ому|ему|ом|ем|ый|ий|ую|юю|ое|ее) )?)([а-яё]+)/gi,
    );
    for (const [phrase, preposition, , form] of phrases) {
      const name = PREPOSITIONS[preposition.toLowerCase()];
      const nouns = NOUNS.filter((noun) => CASES.some((other) => noun[other] === form));
      if (nouns.length === 0) continue;
      // Of things the accusative of the plural is its nominative.
      const isPlural = name === "accusative" && nouns.some(({ plural }) => plural === form);
      assert(isPlural || nouns.some((noun) => noun[name] === form), `${phrase} in: ${text}`);
      seen.set(preposition.toLowerCase(), (seen.get(preposition.toLowerCase()) ?? 0) + 1);
    }
  }
  assert(seen.size >= 8, [...seen].join("; "));
});

Deno.test("verbs of the past agree with the noun before them", () => {
  const seen = { masculine: 0, feminine: 0, neuter: 0 };
  const subjects = new Map<string, RussianGender>(
    [...RUSSIAN_CHILDREN, ...FAMILY, ...RUSSIAN_ANIMALS].map((
      noun,
    ) => [noun.nominative, noun.gender]),
  );
  for (const text of TEXTS) {
    const sentences = text.matchAll(
      /(?<=[.!?»] |\n|^)([А-ЯЁ][а-яё]+) (?:тоже |долго |тихо |не |никогда не )?([а-яё]+?)(л|ла|ло|лся|лась|лось|шёл|шла)(?=[ .,:])/g,
    );
    for (const [found, subject, , ending] of sentences) {
      const gender = subjects.get(subject) ?? subjects.get(subject.toLowerCase());
      if (!gender) continue;
      const wanted = /^(л|лся|шёл)$/.test(ending)
        ? "masculine"
        : /^(ла|лась|шла)$/.test(ending)
        ? "feminine"
        : "neuter";
      assertEquals(gender, wanted, `${found} in: ${text}`);
      seen[gender]++;
    }
  }
  assert(seen.masculine > 3000 && seen.feminine > 3000, JSON.stringify(seen));
});

Deno.test("numbers ask for the form that the plural rules of Russian name", () => {
  const rules = new Intl.PluralRules("ru");
  const forms: Readonly<Record<string, (noun: RussianNoun) => string>> = {
    one: (noun) => noun.nominative,
    few: (noun) => noun.genitive,
    many: (noun) => noun.pluralGenitive,
  };
  let counted = 0;
  for (const text of TEXTS) {
    for (const [phrase, number, form] of text.matchAll(/(\d+) ([а-яё]+)/gi)) {
      const nouns = RUSSIAN_GOODS.filter((noun) =>
        [noun.nominative, noun.genitive, noun.pluralGenitive].includes(form)
      );
      if (nouns.length === 0) continue;
      const wanted = forms[rules.select(Number(number))];
      assert(nouns.some((noun) => wanted(noun) === form), `${phrase} in: ${text}`);
      counted++;
    }
  }
  assert(counted > 1000);
});

Deno.test("sums add up", () => {
  let checked = 0;
  for (const text of TEXTS) {
    if (!/ ещё \d/.test(text)) continue;
    const [first, more, total, given, left] = (text.match(/\d+/g) ?? []).map(Number);
    assertEquals([first + more, total - given], [total, left], text);
    checked++;
    const difference = /(\d+) - (\d+) = (\d+)/.exec(text);
    if (difference) assertEquals(difference.slice(1).map(Number), [total, given, left], text);
  }
  assert(checked > 200);
});

Deno.test("what is lost is found where it was left", () => {
  let checked = 0;
  for (const text of TEXTS) {
    const left = /оставила? \S+ (.+?)\.|села? (.+?), положил/.exec(text);
    if (!left || !/пропал/.test(text)) continue;
    const spot = left[1] ?? left[2];
    assert(new RegExp(`лежал[ао]? ${spot}!`).test(text), text);
    checked++;
  }
  assert(checked > 200);
});

Deno.test("texts have 35 to 110 words, and whole sentences with their quotes", () => {
  for (const text of TEXTS) {
    const words = text.split(/\s+/).length;
    assert(words >= 35 && words <= 110, `${words} words: ${text}`);
    assert(!/[a-z]/i.test(text), text);
    assertEquals(text.split("«").length, text.split("»").length, text);
    assert(!/[.] [а-яё]/.test(text), text);
    for (const paragraph of text.split("\n")) {
      assert(/^[«А-ЯЁ].*[.!?»]$/.test(paragraph), paragraph);
    }
  }
});

Deno.test("agreeInGender() knows what does not just add an а", () => {
  const she = { gender: "feminine" } as const;
  const it = { gender: "neuter" } as const;
  for (
    const [he, feminine, neuter] of [
      ["взял", "взяла", "взяло"],
      ["шёл", "шла", "шло"],
      ["вышел", "вышла", "вышло"],
      ["принёс", "принесла", "принесло"],
      ["лёг", "легла", "легло"],
      ["вырос", "выросла", "выросло"],
      ["испугался", "испугалась", "испугалось"],
      ["рад", "рада", "радо"],
      ["голоден", "голодна", "голодно"],
      ["он", "она", "оно"],
      ["ему", "ей", "ему"],
      ["мой", "моя", "моё"],
    ]
  ) {
    assertEquals(agreeInGender(he, { gender: "masculine" }), he);
    assertEquals([agreeInGender(he, she), agreeInGender(he, it)], [feminine, neuter]);
  }
});

Deno.test("inflect() fills slots, and softens с and о before what asks for it", () => {
  const find = (name: string) => {
    const found = NOUNS.find(({ nominative }) => nominative === name);
    assert(found);
    return found;
  };
  const roles = {
    hero: find("Соня"),
    animal: find("кот"),
    goods: find("груша"),
    look: adjective("умный"),
    old: adjective("старый"),
  };
  for (
    const [text, wanted] of [
      ["{Он hero} {видел hero} {look animal acc}.", "Она видела умного кота."],
      ["{2 goods}, {5 goods}, {21 goods}", "2 груши, 5 груш, 21 груша"],
      ["о {look animal loc}, о {old animal loc}", "об умном коте, о старом коте"],
      [
        "с {old animal ins}, с {hero ins}, с {look goods ins}",
        "со старым котом, с Соней, с умной грушей",
      ],
      ["{Look animal} {стал animal} {весёлый animal ins}", "Умный кот стал весёлым"],
    ]
  ) assertEquals(inflect(text, roles), wanted);
  assertThrows(() => inflect("{взял nobody}", roles), RangeError, "{взял nobody}");
  assertThrows(() => inflect("{look old}", roles), RangeError, "{look old}");
});

for (const writer of SCENES) {
  Deno.test(`${writer.name}() writes the same of the same scene, and many others`, () => {
    const write = (index: number) =>
      writeScene(writer, drawScene(createDice({ seed: 4, index, salt: 0 })));
    assertEquals(write(1), write(1));
    assert(new Set(Array.from({ length: 200 }, (_, i) => write(i))).size > 180);
  });
}
