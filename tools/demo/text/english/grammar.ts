import { capitalize } from "../capitalize.ts";
import type { Dice } from "../dice.ts";
import type { Noun } from "./things.ts";

/** Puts the indefinite article before a phrase; every vowel letter of the lexicon sounds as one. */
export function a(phrase: string): string {
  // The h of "honest" is silent.
  return /^([aeiou]|honest)/.test(phrase) ? `an ${phrase}` : `a ${phrase}`;
}

/** Writes a number of things. */
export function count(number: number, { one, many }: Noun): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Writes `a, b and c`. */
export function list(items: readonly string[]): string {
  if (items.length < 2) return items.join();
  return `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}

/**
 * Lets somebody say something, before or after the name; the verb follows from the last mark.
 *
 * @param dice Which order, which verb.
 * @param speaker Who, as inside a sentence.
 * @param line What, with the mark at its end.
 */
export function say(dice: Dice, speaker: string, line: string): string {
  const mark = line.charAt(line.length - 1);
  const verb = mark === "?" ? "asked" : mark === "!" ? dice.pick(["cried", "called"]) : "said";
  if (dice.chance(0.4)) return `${capitalize(speaker)} ${verb}, "${line}"`;
  const spoken = mark === "." ? `${line.slice(0, -1)},` : line;
  return `"${spoken}" ${verb} ${speaker}.`;
}
