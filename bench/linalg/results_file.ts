// Where everything measured is written, as JSON with a line for each row, so that two files can be
// compared.

import { UsageError } from "../../packages/cli/user_error.ts";

/**
 * Readies a file for results, and refuses one that cannot be written now rather than when all is
 * measured.
 *
 * @param given The file that was asked for.
 * @param fallback Where results go if nothing else is said: a file in the folder that git leaves out.
 * @returns The file.
 * @throws {UsageError} If it cannot be written.
 */
export function readyResults(given: string | undefined, fallback: string): string {
  const path = given ?? fallback;
  if (given === undefined) Deno.mkdirSync(".tmp", { recursive: true });
  try {
    Deno.openSync(path, { append: true, create: true }).close();
  } catch (error) {
    throw new UsageError(
      `Cannot measure as --output must be a file that can be written, below this repository: ` +
        `current value is ${path}`,
      error,
    );
  }
  return path;
}

/** Writes results with the date and what they were measured with, and says so. */
export function writeResults(path: string, rows: readonly unknown[]): void {
  saveResults(path, rows);
  console.error(`Written to ${path}`);
}

/** Writes what there is of results so far, as a program that takes long does after each. */
export function saveResults(path: string, rows: readonly unknown[]): void {
  const date = new Date().toISOString();
  const head = { date, deno: Deno.version.deno, processors: navigator.hardwareConcurrency };
  const lines = rows.map((row) => JSON.stringify(row)).join(",\n");
  const opening = JSON.stringify(head).slice(0, -1);
  Deno.writeTextFileSync(path, `${opening},"rows":[\n${lines}\n]}\n`);
}
