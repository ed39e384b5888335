// Fills the slots of a text with words in the form that the sentence asks for.
//
//   {hero}  {hero gen}           a noun in a case; the nominative by default
//   {look thing acc}             an adjective of the roles, and the noun it agrees with
//   {весёлый animal ins}         an adjective of the language alone, in the form of the noun
//   {взял hero}  {он hero}       a verb of the past, a short adjective, a pronoun: in its gender
//   {3 goods}                    a number of things
//
// A capital in front makes the first letter of what is written one. Afterwards "с" and "о" become
// "со" and "об" where the next word asks for it.

import { capitalize } from "../capitalize.ts";
import { type Adjective, adjective, decline, isAdjective } from "./adjectives.ts";
import { agreeInGender, countNouns } from "./agreement.ts";
import type { Case, RussianNoun } from "./nouns.ts";

/** Whom and what a text is about, and how they look, by the names that slots use. */
export type Roles = Readonly<Record<string, RussianNoun | Adjective>>;

const CASE_NAMES: Readonly<Record<string, Case>> = {
  gen: "genitive",
  dat: "dative",
  acc: "accusative",
  ins: "instrumental",
  loc: "prepositional",
};

/**
 * Fills the slots of a text.
 *
 * @example A verb and an adjective agree
 * ```ts
 * import { inflect } from "./inflect.ts";
 * import { adjective } from "./adjectives.ts";
 * import { RUSSIAN_ANIMALS } from "./nouns.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [animal] = RUSSIAN_ANIMALS.filter(({ nominative }) => nominative === "кошка");
 * const text = inflect("{Look animal} {спал animal} с {look animal ins}.", {
 *   animal,
 *   look: adjective("старый"),
 * });
 * assertEquals(text, "Старая кошка спала со старой кошкой.");
 * ```
 *
 * @param text The text with its slots.
 * @param roles Who is who.
 * @returns The text.
 * @throws {RangeError} If a slot names no role.
 */
export function inflect(text: string, roles: Roles): string {
  return text.replace(/\{([^{}]+)\}/g, (_, slot: string) => fill(slot, roles))
    .replace(/(?<![а-яё])с (?=[сзшж][бвгджзклмнпрстфхцчшщ])/gi, "со ")
    .replace(/(?<![а-яё])о (?=[аэиоу])/gi, "об ");
}

function fill(slot: string, roles: Roles): string {
  const lower = slot.charAt(0).toLowerCase() + slot.slice(1);
  const words = lower.split(" ");
  const as = CASE_NAMES[words[words.length - 1]] ?? "nominative";
  if (as !== "nominative") words.pop();
  const noun = roles[words[words.length - 1]];
  if (!noun || !("gender" in noun)) {
    throw new RangeError(`Cannot fill a slot as it must name a noun: current slot is {${slot}}`);
  }
  const filled = words.length === 1 ? noun[as] : modify(words[0], noun, as, roles);
  return lower === slot ? filled : capitalize(filled);
}

/** Writes what stands before the role in a slot; the noun too, if that is an adjective's role. */
function modify(word: string, noun: RussianNoun, as: Case, roles: Roles): string {
  if (/^\d/.test(word)) return countNouns(Number(word), noun);
  const role = roles[word];
  if (role && "stem" in role) return `${decline(role, noun, as)} ${noun[as]}`;
  return isAdjective(word) ? decline(adjective(word), noun, as) : agreeInGender(word, noun);
}

/**
 * Lets somebody say something; the mark at its end decides the verb.
 *
 * @param line What is said, with slots and the mark.
 * @param speaker The role of who says it.
 * @returns The sentence, with slots.
 */
export function speech(line: string, speaker: string): string {
  const mark = line.charAt(line.length - 1);
  const verb = mark === "?" ? "спросил" : mark === "!" ? "воскликнул" : "сказал";
  const spoken = mark === "." ? `«${line.slice(0, -1)}»,` : `«${line}»`;
  return `${spoken} — {${verb} ${speaker}} {${speaker}}.`;
}
