import type { Dice } from "../dice.ts";
import { inflect } from "./inflect.ts";
import { drawScene, type Scene, type SceneWriter } from "./scene.ts";
import { hunger, newFriend, puzzle, rescue } from "./scenes_of_animals.ts";
import { evening, garden, kitchen, rain, visit, winter } from "./scenes_of_days.ts";
import { loss, present, sum, swap } from "./scenes_of_things.ts";

/** Every kind of scene there is. */
export const SCENES: readonly SceneWriter[] = [
  loss,
  present,
  swap,
  sum,
  hunger,
  rescue,
  puzzle,
  newFriend,
  rain,
  winter,
  kitchen,
  garden,
  visit,
  evening,
];

/** Writes a kind of scene about somebody. */
export function writeScene(writer: SceneWriter, scene: Scene): string {
  const { paragraphs, roles } = writer(scene);
  return inflect(paragraphs.join("\n"), { ...scene.roles, ...roles });
}

/**
 * Writes a scene in Russian.
 *
 * @param dice Where the choices come from.
 * @returns The scene.
 */
export function writeRussian(dice: Dice): string {
  return writeScene(dice.pick(SCENES), drawScene(dice));
}
