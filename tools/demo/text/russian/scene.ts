import { ANIMAL_LOOKS, LOOKS } from "./adjectives.ts";
import type { Adjective } from "./adjectives.ts";
import type { Dice } from "../dice.ts";
import type { Roles } from "./inflect.ts";
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
  readonly place: RussianPlace;
  readonly roles: {
    readonly hero: RussianNoun;
    readonly friend: RussianNoun;
    readonly adult: RussianNoun;
    readonly thing: RussianNoun;
    readonly look: Adjective;
    readonly animal: RussianAnimal;
    readonly animalLook: Adjective;
    readonly goods: RussianNoun;
  };
}

/** What happens, with slots to fill. */
export interface SceneText {
  readonly paragraphs: readonly string[];
  /** Roles of this scene alone, and those that differ in it. */
  readonly roles?: Roles;
}

/** A kind of scene. */
export type SceneWriter = (scene: Scene) => SceneText;

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
  const roles = {
    hero,
    friend,
    adult: dice.pick(FAMILY),
    thing: dice.pick(BELONGINGS),
    look: dice.pick(LOOKS),
    animal: dice.pick(RUSSIAN_ANIMALS),
    animalLook: dice.pick(ANIMAL_LOOKS),
    goods: dice.pick(RUSSIAN_GOODS),
  };
  return { dice, roles, place: dice.pick(RUSSIAN_PLACES) };
}
