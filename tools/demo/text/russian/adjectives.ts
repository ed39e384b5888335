// Adjectives, declined in the singular so that they agree with a noun in gender, case and animacy.

import type { Case, RussianGender, RussianNoun } from "./nouns.ts";

/** How the stem of an adjective ends, which decides its endings. */
type Declension = "hard" | "stressed" | "mixed" | "soft" | "velar" | "sibilant";

/** An adjective: stem and declension. */
export interface Adjective {
  readonly stem: string;
  readonly declension: Declension;
}

type Endings = readonly [
  nominative: string,
  genitive: string,
  dative: string,
  accusative: string,
  instrumental: string,
  prepositional: string,
];

const ORDER: Readonly<Record<Case, number>> = {
  nominative: 0,
  genitive: 1,
  dative: 2,
  accusative: 3,
  instrumental: 4,
  prepositional: 5,
};

/** The endings of the singular; the accusative of masculine ones is that of things. */
const ENDINGS: Readonly<Record<Declension, Readonly<Record<RussianGender, Endings>>>> = {
  hard: {
    masculine: ["ый", "ого", "ому", "ый", "ым", "ом"],
    feminine: ["ая", "ой", "ой", "ую", "ой", "ой"],
    neuter: ["ое", "ого", "ому", "ое", "ым", "ом"],
  },
  stressed: {
    masculine: ["ой", "ого", "ому", "ой", "ым", "ом"],
    feminine: ["ая", "ой", "ой", "ую", "ой", "ой"],
    neuter: ["ое", "ого", "ому", "ое", "ым", "ом"],
  },
  mixed: {
    masculine: ["ой", "ого", "ому", "ой", "им", "ом"],
    feminine: ["ая", "ой", "ой", "ую", "ой", "ой"],
    neuter: ["ое", "ого", "ому", "ое", "им", "ом"],
  },
  soft: {
    masculine: ["ий", "его", "ему", "ий", "им", "ем"],
    feminine: ["яя", "ей", "ей", "юю", "ей", "ей"],
    neuter: ["ее", "его", "ему", "ее", "им", "ем"],
  },
  velar: {
    masculine: ["ий", "ого", "ому", "ий", "им", "ом"],
    feminine: ["ая", "ой", "ой", "ую", "ой", "ой"],
    neuter: ["ое", "ого", "ому", "ое", "им", "ом"],
  },
  sibilant: {
    masculine: ["ий", "его", "ему", "ий", "им", "ем"],
    feminine: ["ая", "ей", "ей", "ую", "ей", "ей"],
    neuter: ["ее", "его", "ему", "ее", "им", "ем"],
  },
};

/** All adjectives by their form in the dictionary, which is the masculine nominative. */
const ADJECTIVES: ReadonlyMap<string, Adjective> = new Map([
  ...adjectives("hard", "красн зелён жёлт бел чёрн нов стар красив сер"),
  ...adjectives("hard", "весёл добр умн смел мокр вкусн"),
  ...adjectives("stressed", "жив"),
  ...adjectives("mixed", "больш так"),
  ...adjectives("soft", "син"),
  ...adjectives("velar", "маленьк тих"),
  ...adjectives("sibilant", "рыж"),
]);

function adjectives(declension: Declension, stems: string): [string, Adjective][] {
  const [ending] = ENDINGS[declension].masculine;
  return stems.split(" ").map((stem) => [stem + ending, { stem, declension }]);
}

/** Finds an adjective by its masculine nominative. */
export function adjective(name: string): Adjective {
  const found = ADJECTIVES.get(name);
  if (found) return found;
  throw new RangeError(
    `Cannot decline an adjective as it must be in the table: current one is "${name}"`,
  );
}

/** Tells whether a word is an adjective of the table. */
export function isAdjective(word: string): boolean {
  return ADJECTIVES.has(word);
}

/** How things look. */
export const LOOKS: readonly Adjective[] =
  "красный зелёный жёлтый белый чёрный новый старый красивый серый синий маленький большой"
    .split(" ").map(adjective);

/** How animals are. */
export const ANIMAL_LOOKS: readonly Adjective[] =
  "весёлый добрый умный красивый смелый старый маленький тихий рыжий большой"
    .split(" ").map(adjective);

/** Declines an adjective so that it agrees with a noun in the singular. */
export function decline({ stem, declension }: Adjective, noun: RussianNoun, as: Case): string {
  const { gender, isAnimate } = noun;
  const isGenitive = as === "accusative" && gender === "masculine" && isAnimate;
  return stem + ENDINGS[declension][gender][ORDER[isGenitive ? "genitive" : as]];
}
