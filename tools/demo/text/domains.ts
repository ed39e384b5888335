import { writeArithmetic } from "./arithmetic/write_arithmetic.ts";
import type { Dice } from "./dice.ts";
import { writeStory } from "./english/write_story.ts";
import { writeRussian } from "./russian/write_russian.ts";
import type { Split } from "./split.ts";

/** The kinds of text that the demo model learns. */
export type Domain = "stories" | "arithmetic" | "russian";

/** All domains. */
export const DOMAINS: readonly Domain[] = ["stories", "arithmetic", "russian"];

/** Writes a document of each domain. */
export const WRITERS: Readonly<Record<Domain, (dice: Dice, split: Split) => string>> = {
  stories: writeStory,
  arithmetic: writeArithmetic,
  russian: writeRussian,
};
