// Agreement: adjectives with nouns in gender, case and animacy; verbs of the past in gender; nouns
// with numbers.

import type { Case, RussianGender, RussianNoun } from "./nouns.ts";

/** How the stem of an adjective ends, which decides its endings. */
type Declension = "hard" | "stressed" | "stressedSibilant" | "soft" | "velar" | "sibilant";

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
  stressedSibilant: {
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

function adjectives(declension: Declension, stems: string): Adjective[] {
  return stems.split(" ").map((stem) => ({ stem, declension }));
}

/** How things look. */
export const LOOKS: readonly Adjective[] = [
  ...adjectives("hard", "красн зелён жёлт бел чёрн нов стар красив сер"),
  ...adjectives("soft", "син"),
  ...adjectives("velar", "маленьк"),
  ...adjectives("stressedSibilant", "больш"),
];

/** How animals are. */
export const ANIMAL_LOOKS: readonly Adjective[] = [
  ...adjectives("hard", "весёл добр умн красив смел стар"),
  ...adjectives("velar", "маленьк тих"),
  ...adjectives("sibilant", "рыж"),
  ...adjectives("stressedSibilant", "больш"),
];

/** Declines an adjective so that it agrees with a noun in the singular. */
export function agree({ stem, declension }: Adjective, noun: RussianNoun, as: Case): string {
  const { gender, isAnimate } = noun;
  const isGenitive = as === "accusative" && gender === "masculine" && isAnimate;
  return stem + ENDINGS[declension][gender][ORDER[isGenitive ? "genitive" : as]];
}

/** Writes an adjective and its noun in a case. */
export function phrase(adjective: Adjective, noun: RussianNoun, as: Case): string {
  return `${agree(adjective, noun, as)} ${noun[as]}`;
}

/** Verbs whose masculine past does not end in a plain л; the feminine one. */
const FEMININE_PAST: Readonly<Record<string, string>> = {
  нашёл: "нашла",
  пошёл: "пошла",
  пришёл: "пришла",
  ушёл: "ушла",
  подошёл: "подошла",
  вышел: "вышла",
  шёл: "шла",
  промок: "промокла",
  высох: "высохла",
  замёрз: "замёрзла",
  принёс: "принесла",
  испёк: "испекла",
  помог: "помогла",
  смог: "смогла",
  вырос: "выросла",
  лёг: "легла",
  залез: "залезла",
  спас: "спасла",
  расцвёл: "расцвела",
};

/** Puts the past of a verb, given as masculine, into the gender of its subject. */
export function past(verb: string, { gender }: { readonly gender: RussianGender }): string {
  if (gender === "masculine") return verb;
  const isReflexive = verb.endsWith("ся");
  const active = isReflexive ? verb.slice(0, -2) : verb;
  const feminine = FEMININE_PAST[active] ?? `${active}а`;
  const agreed = gender === "feminine" ? feminine : `${feminine.slice(0, -1)}о`;
  return isReflexive ? `${agreed}сь` : agreed;
}

/** Short forms that do not just add an а in the feminine. */
const FEMININE_SHORT: Readonly<Record<string, string>> = {
  голоден: "голодна",
  доволен: "довольна",
};

/** Puts what is said of a subject, given as masculine, into its gender: рад, сам, голоден. */
export function short(form: string, { gender }: { readonly gender: RussianGender }): string {
  if (gender === "masculine") return form;
  const feminine = FEMININE_SHORT[form] ?? `${form}а`;
  return gender === "feminine" ? feminine : `${feminine.slice(0, -1)}о`;
}

/** Writes "both" of two people: обе only if both are feminine. */
export function both(first: RussianNoun, second: RussianNoun): string {
  return first.gender === "feminine" && second.gender === "feminine" ? "Обе" : "Оба";
}

/** Puts "с" before an instrumental, or "со" where two consonants would follow a sibilant. */
export function together(text: string): string {
  return `${/^[сзшж][бвгджзклмнпрстфхцчшщ]/i.test(text) ? "со" : "с"} ${text}`;
}

/** Puts "о" before a prepositional, or "об" where a vowel follows. */
export function about(text: string): string {
  return `${/^[аэиоу]/i.test(text) ? "об" : "о"} ${text}`;
}

/** Writes a number of things: 1 груша, 2 груши, 5 груш. */
export function countNouns(number: number, noun: RussianNoun): string {
  const isTeen = number % 100 >= 11 && number % 100 <= 14;
  const last = number % 10;
  const form = isTeen || last === 0 || last > 4
    ? noun.pluralGenitive
    : last === 1
    ? noun.nominative
    : noun.genitive;
  return `${number} ${form}`;
}

/** The pronouns of the third person. */
export interface RussianPronouns {
  /** он */
  readonly subject: string;
  /** его, which also says whose something is. */
  readonly object: string;
  /** ему */
  readonly dative: string;
  /** него: the object after a preposition. */
  readonly afterPreposition: string;
  /** ним: as in "с ним". */
  readonly companion: string;
}

const MASCULINE: RussianPronouns = {
  subject: "он",
  object: "его",
  dative: "ему",
  afterPreposition: "него",
  companion: "ним",
};

const PRONOUNS: Readonly<Record<RussianGender, RussianPronouns>> = {
  masculine: MASCULINE,
  feminine: {
    subject: "она",
    object: "её",
    dative: "ей",
    afterPreposition: "неё",
    companion: "ней",
  },
  neuter: { ...MASCULINE, subject: "оно" },
};

/** Gives the pronouns that stand for a noun. */
export function pronounsOf({ gender }: { readonly gender: RussianGender }): RussianPronouns {
  return PRONOUNS[gender];
}

/** Writes "мой" in the nominative. */
export function my({ gender }: { readonly gender: RussianGender }): string {
  return gender === "masculine" ? "мой" : gender === "feminine" ? "моя" : "моё";
}

/** Lets somebody say something; the mark at its end decides the verb. */
export function speak(line: string, speaker: RussianNoun): string {
  const mark = line.charAt(line.length - 1);
  const verb = mark === "?" ? "спросил" : mark === "!" ? "воскликнул" : "сказал";
  const spoken = mark === "." ? `«${line.slice(0, -1)}»,` : `«${line}»`;
  return `${spoken} — ${past(verb, speaker)} ${speaker.nominative}.`;
}
