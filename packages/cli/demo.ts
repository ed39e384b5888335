// The demo model: a small language model of our own that comes with the program, so that the first
// command has something to compress. `deno task train:demo` makes it.

import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** What the demo model is called on the command line; a file or folder of that name comes first. */
export const DEMO_NAME = "demo";

/** What the demo model is called in manifests: no folder can have that name. */
export const DEMO_SOURCE = "pare/demo";

/** Where the demo model and its texts are. */
const DEMO_FOLDER = new URL("demo/", import.meta.url);

/** A text of the demo model, held out from its training. */
export interface DemoText {
  /** What it is about, as the table says it. */
  readonly name: string;
  /** The file. */
  readonly file: string;
  /** How a sample begins. */
  readonly prompt: string;
}

/** The texts that the demo model is measured on, one of each domain that it was trained on. */
export const DEMO_TEXTS: readonly DemoText[] = [
  {
    name: "stories",
    file: "text/stories.txt",
    prompt: "There once was a brave duck",
  },
  {
    name: "arithmetic",
    file: "text/arithmetic.txt",
    prompt: "Mia has 50 cookies. She finds 25 more.",
  },
  {
    name: "Russian",
    file: "text/russian.txt",
    prompt: "Однажды Егор увидел в парке большого ёжика.",
  },
];

/** The text that methods calibrate the demo model on. */
export const DEMO_CALIBRATION = "text/calibration.txt";

/**
 * What `compress` does to the demo model unless it is told otherwise.
 *
 * Rounding to 4 bits in groups of 32 needs no text and no time, and makes the model 3.2 times as
 * small for a two-hundredth of its perplexity. 3 bits cost four times as much for a fifth of the
 * bytes; leaving the embedding as it is would halve the loss and add a sixth.
 */
export const DEMO_RECIPE: unknown = {
  version: 1,
  steps: [{
    method: "rtn",
    layers: "**",
    options: { bits: 4, groupSize: 32 },
  }],
};

/**
 * The path of a file of the demo model: from the current directory where it is below that.
 *
 * @param file The path below the demo's folder.
 * @returns The path.
 */
export function demoPath(file: string): string {
  // A program that was loaded from elsewhere has no files beside it.
  if (DEMO_FOLDER.protocol !== "file:") return new URL(file, DEMO_FOLDER).href;
  const path = fileURLToPath(new URL(file, DEMO_FOLDER));
  const near = relative(Deno.cwd(), path);
  return near.startsWith("..") ? path : near;
}
