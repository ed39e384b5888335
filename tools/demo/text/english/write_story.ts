import type { Dice } from "../dice.ts";
import { PLOTS } from "./plots.ts";
import { drawTale, ending, opening } from "./tale.ts";

/**
 * Writes a small story: who it is about, what happens, and how it ends, a paragraph each.
 *
 * @param dice Where the choices come from.
 * @returns The story.
 */
export function writeStory(dice: Dice): string {
  const tale = drawTale(dice);
  const plot = dice.pick(PLOTS)(tale);
  const [first, ...rest] = plot.body;
  return [`${opening(tale)} ${first}`, ...rest, ending(tale, plot)].join("\n");
}
