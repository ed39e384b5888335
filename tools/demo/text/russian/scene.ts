import type { Dice } from "../dice.ts";
import {
  type Adjective,
  ANIMAL_LOOKS,
  LOOKS,
  pronounsOf,
  type RussianPronouns,
} from "./grammar.ts";
import {
  BELONGINGS,
  FAMILY,
  RUSSIAN_ANIMALS,
  RUSSIAN_CHILDREN,
  RUSSIAN_GOODS,
  type RussianAnimal,
  type RussianNoun,
} from "./nouns.ts";

/** Where one is and where one goes. */
export interface RussianPlace {
  readonly at: string;
  readonly to: string;
  readonly spots: readonly string[];
}

/** Whom and what a scene is about. */
export interface Scene {
  readonly dice: Dice;
  readonly hero: RussianNoun;
  readonly pronouns: RussianPronouns;
  readonly friend: RussianNoun;
  readonly friendPronouns: RussianPronouns;
  readonly adult: RussianNoun;
  readonly thing: RussianNoun;
  readonly look: Adjective;
  readonly animal: RussianAnimal;
  readonly animalLook: Adjective;
  readonly goods: RussianNoun;
  readonly place: RussianPlace;
}

/** A kind of scene: its paragraphs. */
export type SceneWriter = (scene: Scene) => readonly string[];

/** Places with what can hide a thing there. */
export const RUSSIAN_PLACES: readonly RussianPlace[] = [
  {
    at: "в парке",
    to: "в парк",
    spots: ["под скамейкой", "за деревом", "у пруда", "около фонтана"],
  },
  { at: "в лесу", to: "в лес", spots: ["под ёлкой", "у ручья", "за кустом", "на старом пне"] },
  { at: "в саду", to: "в сад", spots: ["под яблоней", "у забора", "за сараем", "около калитки"] },
  {
    at: "на реке",
    to: "на реку",
    spots: ["на берегу", "под мостом", "у старой лодки", "за камнем"],
  },
  {
    at: "на лугу",
    to: "на луг",
    spots: ["в высокой траве", "под дубом", "у дороги", "за стогом сена"],
  },
  { at: "во дворе", to: "во двор", spots: ["под окном", "у колодца", "за домом", "около качелей"] },
  { at: "в школе", to: "в школу", spots: ["под партой", "у окна", "за дверью", "около доски"] },
  {
    at: "на рынке",
    to: "на рынок",
    spots: ["под столом", "у входа", "за прилавком", "около весов"],
  },
];

/** Where things hide in a house. */
export const RUSSIAN_INDOORS: readonly string[] = [
  "под кроватью",
  "под столом",
  "в шкафу",
  "за диваном",
  "на полке",
  "на кухне",
  "за дверью",
  "в коробке",
];

/** Draws whom and what a scene is about. */
export function drawScene(dice: Dice): Scene {
  const [hero, friend] = dice.sample(RUSSIAN_CHILDREN, 2);
  return {
    dice,
    hero,
    pronouns: pronounsOf(hero),
    friend,
    friendPronouns: pronounsOf(friend),
    adult: dice.pick(FAMILY),
    thing: dice.pick(BELONGINGS),
    look: dice.pick(LOOKS),
    animal: dice.pick(RUSSIAN_ANIMALS),
    animalLook: dice.pick(ANIMAL_LOOKS),
    goods: dice.pick(RUSSIAN_GOODS),
    place: dice.pick(RUSSIAN_PLACES),
  };
}

/** Begins a sentence. */
export function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
