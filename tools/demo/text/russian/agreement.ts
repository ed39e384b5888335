// What agrees with a noun in gender: verbs of the past, short adjectives, pronouns; and what a number
// asks of a noun.

import type { RussianGender, RussianNoun } from "./nouns.ts";

/** Something that has a gender. */
type Gendered = Pick<RussianNoun, "gender">;

/** Words whose feminine is not the masculine and an а. */
const FEMININE: Readonly<Record<string, string>> = {
  шёл: "шла",
  вышел: "вышла",
  нашёл: "нашла",
  пошёл: "пошла",
  пришёл: "пришла",
  ушёл: "ушла",
  принёс: "принесла",
  промок: "промокла",
  замёрз: "замёрзла",
  смог: "смогла",
  вырос: "выросла",
  лёг: "легла",
  голоден: "голодна",
};

/** The feminine and the neuter of pronouns; него and ним stand after prepositions. */
const PRONOUNS: Readonly<Record<string, Readonly<Record<RussianGender, string>>>> = {
  он: { masculine: "он", feminine: "она", neuter: "оно" },
  его: { masculine: "его", feminine: "её", neuter: "его" },
  ему: { masculine: "ему", feminine: "ей", neuter: "ему" },
  него: { masculine: "него", feminine: "неё", neuter: "него" },
  ним: { masculine: "ним", feminine: "ней", neuter: "ним" },
  мой: { masculine: "мой", feminine: "моя", neuter: "моё" },
};

/**
 * Puts a verb of the past, a short adjective or a pronoun into the gender of a noun.
 *
 * @param word The masculine form: взял, рад, он.
 * @param noun What it agrees with.
 * @returns The form: взяла, рада, она.
 */
export function agreeInGender(word: string, { gender }: Gendered): string {
  if (Object.hasOwn(PRONOUNS, word)) return PRONOUNS[word][gender];
  if (gender === "masculine") return word;
  const isReflexive = word.endsWith("ся");
  const stem = isReflexive ? word.slice(0, -2) : word;
  const feminine = FEMININE[stem] ?? `${stem}а`;
  const agreed = gender === "feminine" ? feminine : `${feminine.slice(0, -1)}о`;
  return isReflexive ? `${agreed}сь` : agreed;
}

/** Writes "both" of two people: обе only if both are feminine. */
export function both(first: Gendered, second: Gendered): string {
  return first.gender === "feminine" && second.gender === "feminine" ? "Обе" : "Оба";
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
