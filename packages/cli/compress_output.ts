// Where compress writes: what may stand there already, and what becomes of it.

import { MANIFEST_FILE, parseManifest, type Recipe } from "@pare/pipeline";
import { DEMO_SOURCE } from "./demo.ts";
import { checkFree, exists, fileDigest, partialPath, readText, statOf } from "./files.ts";
import type { FlagValues } from "./flags.ts";
import type { OpenedSource } from "./open_source.ts";
import { tell } from "./terminal.ts";
import { UserError } from "./user_error.ts";

/** The folder that a result is written to. */
export interface OutputPlace {
  /** Its path. */
  readonly path: string;
  /** Whether a result of the demo model that stands there is replaced. */
  readonly isReplaceable: boolean;
}

/**
 * Tells where a result goes.
 *
 * What somebody has named is never replaced; the first command that a newcomer runs, without a
 * name, works the second time as well.
 */
export function placeOf(
  values: FlagValues,
  source: OpenedSource,
  recipe: Recipe,
  format: string,
): OutputPlace {
  const named = values.text("output");
  return {
    path: named ?? defaultOutput(source, recipe, format),
    isReplaceable: source.isDemo && named === undefined,
  };
}

/** Refuses a place where something stands that is not to be replaced; says what is. */
export async function checkPlace({ path, isReplaceable }: OutputPlace): Promise<void> {
  if (isReplaceable && await demoResultFiles(path)) {
    tell(`Replacing ${path}, which was made of the demo model before.`);
  } else await checkFree(path);
}

/** Makes room for the result: removes one of the demo model, and refuses whatever else is there. */
export async function clearPlace({ path, isReplaceable }: OutputPlace): Promise<void> {
  const files = isReplaceable ? await demoResultFiles(path) : null;
  if (!files) return await checkFree(path);
  for (const file of files) await Deno.remove(`${path}/${file}`);
  // Not with what is inside: whatever came since then makes this fail.
  await Deno.remove(path);
}

/** The files of a folder that holds a result of the demo model, unchanged, and nothing else. */
async function demoResultFiles(path: string): Promise<string[] | null> {
  if (!await exists(path) || !(await Deno.lstat(path)).isDirectory) return null;
  const entries = await Array.fromAsync(Deno.readDir(path));
  const names = entries.map(({ name }) => name);
  if (!names.includes(MANIFEST_FILE) || entries.some(({ isFile }) => !isFile)) return null;
  try {
    const { source, files } = parseManifest(await readText(`${path}/${MANIFEST_FILE}`));
    if (source.name !== DEMO_SOURCE || names.length !== Object.keys(files).length + 1) return null;
    for (const [name, { sha256 }] of Object.entries(files)) {
      if (!names.includes(name) || await fileDigest(`${path}/${name}`) !== sha256) return null;
    }
    return names;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof UserError) return null;
    throw error;
  }
}

function defaultOutput(source: OpenedSource, recipe: Recipe, format: string): string {
  const methods = [...new Set(recipe.steps.map(({ method }) => method))];
  return `${outputStem(source)}-${methods.length ? methods.join("-") : format}`;
}

/** What the names of results begin with that are given none. */
export function outputStem({ name }: OpenedSource): string {
  // "." and ".." have a name only when they are followed.
  const path = /(^|\/)\.{1,2}\/*$/.test(name) ? Deno.realPathSync(name) : name;
  return path.replace(/\/+$/, "").replace(/\.bin$/, "");
}

/** Says so where the work of an interrupted run goes on, and throws it away where that is asked. */
export async function announceResume(output: string, values: FlagValues): Promise<void> {
  const partial = partialPath(output);
  if (!await exists(partial)) return;
  const names = (await statOf(partial)).isDirectory
    ? await Array.fromAsync(Deno.readDir(partial), ({ name }) => name)
    : [""];
  // A run that ended before its journal stood has left nothing else.
  if (names.every((name) => name === "progress.jsonl.new")) return;
  if (!names.includes("progress.jsonl")) {
    throw new UserError(
      `Cannot write to ${partial} as it must be the work of an interrupted run: ` +
        "remove it, or name another folder with --output",
    );
  }
  if (!values.on("restart")) return tell(`Going on from ${partial}; --restart throws it away.`);
  await Deno.remove(partial, { recursive: true });
}
