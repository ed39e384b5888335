import type { Dice } from "../dice.ts";
import {
  ADULTS,
  type Character,
  drawAnimal,
  drawChild,
  drawPet,
  PRONOUNS,
  type Pronouns,
} from "./characters.ts";
import { a } from "./grammar.ts";
import { COLORS, HOMES, type Toy, TOYS, TRAITS } from "./things.ts";

/** What a story keeps from its first sentence to its last. */
export interface Tale {
  readonly dice: Dice;
  readonly hero: Character;
  readonly friend: Character;
  readonly pet: Character;
  /** Whether the pet is presented at the beginning. */
  readonly hasPet: boolean;
  /** A grown-up of the hero's family, as "his mom", and "His mom" to begin with. */
  readonly adult: Pronouns & { readonly name: string; readonly Name: string };
  readonly trait: string;
  readonly home: { readonly in: string; readonly the: string };
  /** Something of the hero's, and how it looks: "red kite". */
  readonly toy: Toy;
  readonly color: string;
  readonly treasure: string;
}

/** How a plot goes on after the opening. */
export interface PlotText {
  /** What happens, a paragraph each. */
  readonly body: readonly string[];
  /** What may be said at the end because of it. */
  readonly morals: readonly string[];
  /** Where and when it ends, as the last sentences must fit. */
  readonly ends: "away" | "home" | "morning";
}

/** A kind of story. */
export type Plot = (tale: Tale) => PlotText;

/** Draws who and what a story is about. */
export function drawTale(dice: Dice): Tale {
  const hero = dice.chance(0.8) ? drawChild(dice) : drawAnimal(dice);
  const friend = hero.noun === "girl" || hero.noun === "boy"
    ? drawChild(dice, [hero.name])
    : drawAnimal(dice, [hero.name]);
  const pet = drawPet(dice, [hero.name, friend.name]);
  const { noun, gender } = dice.pick(ADULTS);
  const toy = dice.pick(TOYS);
  const color = dice.pick(COLORS);
  return {
    dice,
    hero,
    friend,
    pet,
    hasPet: dice.chance(0.35),
    adult: { name: `${hero.his} ${noun}`, Name: `${hero.His} ${noun}`, ...PRONOUNS[gender] },
    trait: dice.pick(TRAITS),
    home: dice.pick(HOMES),
    toy,
    color,
    treasure: `${color} ${toy.one}`,
  };
}

/** Presents the hero. */
export function opening({ dice, hero, pet, hasPet, trait, home, adult }: Tale): string {
  const { name, noun, he, He, His } = hero;
  const aKind = a(`${trait} ${noun}`);
  const presentation = dice.pick([
    `Once upon a time there was ${aKind} named ${name}. ${He} lived ${home.in} with ${adult.name}.`,
    `${name} was ${aKind} who lived ${home.in}.`,
    `Once there was a little ${noun} named ${name}. ${name} was very ${trait}, and ${he} lived ${home.in}.`,
    `There once was ${aKind} called ${name}. ${He} and ${adult.name} lived ${home.in}.`,
    `${name} lived ${home.in} with ${adult.name}. Everyone knew that ${name} was ${aKind}.`,
    `A little ${noun} named ${name} lived ${home.in}. ${His} friends liked ${name}, because ${he} was so ${trait}.`,
  ]);
  if (!hasPet) return presentation;
  return `${presentation} ${name} had ${a(pet.noun)} named ${pet.name}.`;
}

/** Ends the story with what was said at its beginning. */
export function ending(tale: Tale, { morals, ends }: PlotText): string {
  const { dice, hero, pet, hasPet, trait, home, adult } = tale;
  const { name, he, him, his, noun } = hero;
  const lasts = [
    `${adult.Name} was proud of ${name} and gave ${him} a big hug.`,
    `Everyone said that ${name} was ${a(`very ${trait} ${noun}`)}.`,
    `${name} was the happiest ${noun} in the world.`,
    `${name} talked about it with ${his} friends for a long time.`,
  ];
  if (ends !== "morning") {
    lasts.push(`What a day it was!`, `That night ${name} fell asleep with a smile.`);
  }
  if (ends === "away") {
    lasts.push(
      `Then ${name} went back to ${home.the} and told ${adult.name} all about it.`,
      `In the evening ${name} was tired but happy, and ${he} went home to ${home.the}.`,
      hasPet
        ? `At home the ${pet.noun} ${pet.name} was waiting for ${him}.`
        : `At home ${adult.name} was waiting for ${him}.`,
    );
  }
  if (hasPet) {
    lasts.push(
      `${name} told it all to ${pet.name}, and the ${pet.noun} listened.`,
      `${pet.name} the ${pet.noun} was happy too, because ${pet.he} loved ${name}.`,
    );
  }
  const last = dice.pick(lasts);
  if (dice.chance(0.4)) return last;
  const moral = dice.pick(morals);
  return dice.chance(0.75) ? moral : `${last} ${moral}`;
}
