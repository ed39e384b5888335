// Texts for calibration and evaluation: documents out of a file.

import { readText } from "./files.ts";
import { UserError } from "./user_error.ts";

/** What stands between documents in a plain text file, where there is more than one. */
const SEPARATOR = "<|endoftext|>";

/**
 * Reads the documents of a text file.
 *
 * A `.json` file is a list of strings, a `.jsonl` file has a string or an object with a field
 * `text` on each line; any other file is plain text, cut at `<|endoftext|>` where that occurs.
 *
 * @param path The file.
 * @returns The documents, line feeds at both ends stripped, empty ones left out.
 */
export async function readDocuments(path: string): Promise<string[]> {
  const text = await readText(path);
  const documents = path.endsWith(".json")
    ? parseList(path, text)
    : path.endsWith(".jsonl")
    ? text.split("\n").filter((line) => line.trim() !== "").map((line, i) =>
      parseRow(path, line, i)
    )
    : text.includes(SEPARATOR)
    ? text.split(SEPARATOR)
    : [text];
  const kept = documents.map((document) => document.replace(/^\n+|\n+$/g, "")).filter(Boolean);
  if (kept.length === 0) {
    throw new UserError(`Cannot use ${path} as it must hold text: it is empty`);
  }
  return kept;
}

function parseList(path: string, text: string): string[] {
  const value = parseJson(path, text);
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new UserError(
    `Cannot use ${path} as a .json file must be a list of strings: current one is something else`,
  );
}

function parseRow(path: string, line: string, index: number): string {
  const value = parseJson(`line ${index + 1} of ${path}`, line);
  if (typeof value === "string") return value;
  const text = (value as { text?: unknown } | null)?.text;
  if (typeof text === "string") return text;
  throw new UserError(
    `Cannot use line ${
      index + 1
    } of ${path} as it must be a string or an object with a field "text": current one is neither`,
  );
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`Cannot use ${name} as it must be JSON: ${(error as Error).message}`);
  }
}
