// Who can be in a story. A name tells the gender, and no name is a girl's and a boy's.

import type { Dice } from "../dice.ts";

/** The forms that agree with a gender. */
export interface Pronouns {
  readonly he: string;
  readonly him: string;
  readonly his: string;
  readonly himself: string;
  /** `he` and `his` at the beginning of a sentence. */
  readonly He: string;
  readonly His: string;
}

/** Someone with a name. */
export interface Character extends Pronouns {
  readonly name: string;
  /** What it is: girl, boy, or an animal. */
  readonly noun: string;
  readonly gender: Gender;
}

/** The genders that English pronouns tell. */
export type Gender = "female" | "male";

/** The pronouns of each gender. */
export const PRONOUNS: Readonly<Record<Gender, Pronouns>> = {
  female: { he: "she", him: "her", his: "her", himself: "herself", He: "She", His: "Her" },
  male: { he: "he", him: "him", his: "his", himself: "himself", He: "He", His: "His" },
};

/** The names of children. */
export const CHILDREN: Readonly<Record<Gender, readonly string[]>> = {
  female: [
    "Mia",
    "Lily",
    "Anna",
    "Lucy",
    "Emma",
    "Sara",
    "Nora",
    "Rose",
    "Amy",
    "Jane",
    "Kate",
    "Zoe",
  ],
  male: ["Tom", "Ben", "Sam", "Max", "Jack", "Leo", "Tim", "Nick", "Dan", "Adam", "Finn", "Luke"],
};

/** The names of animals. */
export const PETS: Readonly<Record<Gender, readonly string[]>> = {
  female: ["Daisy", "Bella", "Coco", "Luna", "Penny", "Honey"],
  male: ["Rex", "Pip", "Buddy", "Spot", "Toby", "Rusty"],
};

/** Animals that can be heroes. */
const ANIMALS = ["rabbit", "fox", "bear", "mouse", "squirrel", "cat", "duck", "hedgehog"] as const;

/** Animals that live with people. */
const COMPANIONS = ["dog", "puppy", "cat", "kitten"] as const;

const GENDERS: readonly Gender[] = ["female", "male"];

/** Grown-ups of a family; they have no names. */
export const ADULTS: readonly { readonly noun: string; readonly gender: Gender }[] = [
  { noun: "mom", gender: "female" },
  { noun: "dad", gender: "male" },
  { noun: "grandma", gender: "female" },
  { noun: "grandpa", gender: "male" },
  { noun: "aunt", gender: "female" },
  { noun: "uncle", gender: "male" },
];

/** Draws a child whose name is not taken. */
export function drawChild(dice: Dice, taken: readonly string[] = []): Character {
  const gender = dice.pick(GENDERS);
  const name = drawName(dice, CHILDREN[gender], taken);
  return { name, gender, noun: gender === "female" ? "girl" : "boy", ...PRONOUNS[gender] };
}

/** Draws an animal that is a hero of its own. */
export function drawAnimal(dice: Dice, taken: readonly string[] = []): Character {
  return drawNamedAnimal(dice, ANIMALS, taken);
}

/** Draws an animal that belongs to somebody. */
export function drawPet(dice: Dice, taken: readonly string[] = []): Character {
  return drawNamedAnimal(dice, COMPANIONS, taken);
}

function drawNamedAnimal(
  dice: Dice,
  nouns: readonly string[],
  taken: readonly string[],
): Character {
  const gender = dice.pick(GENDERS);
  const name = drawName(dice, PETS[gender], taken);
  return { name, gender, noun: dice.pick(nouns), ...PRONOUNS[gender] };
}

function drawName(dice: Dice, names: readonly string[], taken: readonly string[]): string {
  let name = dice.pick(names);
  while (taken.includes(name)) name = dice.pick(names);
  return name;
}
