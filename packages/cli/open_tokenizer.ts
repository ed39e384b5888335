// The tokenizer of a model: of its folder, or the one named by --tokenizer.

import {
  checkTokenizerFits,
  convertLlama2cTokenizer,
  convertSentencePiece,
  openTokenizer,
  type Tokenizer,
} from "@pare/model";
import { exists, fileSource, readText, statOf } from "./files.ts";
import type { Flag } from "./flags.ts";
import type { OpenedSource } from "./open_source.ts";
import { UserError } from "./user_error.ts";

/** The flag that names a tokenizer. */
export const TOKENIZER_FLAG: Flag = {
  kind: "text",
  value: "<file>",
  help: "tokenizer.json, SentencePiece .model or llama2.c .bin; the model's by default",
};

/** A tokenizer and the files that others read it from. */
export interface OpenedTokenizer {
  /** The tokenizer. */
  readonly tokenizer: Tokenizer;
  /** `tokenizer.json` and, where there is one, `tokenizer_config.json`. */
  readonly files: ReadonlyMap<string, string>;
  /** The bytes of what it was read from. */
  readonly sourceByteLength: number;
}

const FILES = ["tokenizer.json", "tokenizer_config.json"] as const;

/**
 * Opens the tokenizer of a model and checks that it fits.
 *
 * @param source The model.
 * @param path The value of --tokenizer.
 * @returns The tokenizer; `null` where the model has none and none was named.
 */
export async function openModelTokenizer(
  source: OpenedSource,
  path: string | undefined,
): Promise<OpenedTokenizer | null> {
  const files = path !== undefined
    ? await readTokenizerFiles(path, source)
    : source.isFolder
    ? await readFolder(source.path)
    : null;
  if (!files) return null;
  const [json, config] = FILES.map((name) => files.get(name));
  const tokenizer = openTokenizer({
    tokenizerJson: parseJson(path ?? source.path, json ?? ""),
    tokenizerConfig: config === undefined ? undefined : parseJson(path ?? source.path, config),
  });
  checkTokenizerFits(tokenizer, source.model.config.vocabularySize);
  return { tokenizer, files, sourceByteLength: await sizeOfSource(files, path) };
}

/** The size of the file that was named, or of those that were found. */
async function sizeOfSource(
  files: ReadonlyMap<string, string>,
  path: string | undefined,
): Promise<number> {
  if (path !== undefined && !path.endsWith(".json")) {
    const { isFile, size } = await statOf(path);
    if (isFile) return size;
  }
  const encoder = new TextEncoder();
  return [...files.values()].reduce((sum, text) => sum + encoder.encode(text).length, 0);
}

/** Opens the tokenizer of a model, which the work cannot do without. */
export async function requireTokenizer(
  source: OpenedSource,
  path: string | undefined,
): Promise<OpenedTokenizer> {
  return checkTokenizer(source, await openModelTokenizer(source, path));
}

/** Refuses to go on without a tokenizer. */
export function checkTokenizer(
  source: OpenedSource,
  opened: OpenedTokenizer | null,
): OpenedTokenizer {
  if (opened) return opened;
  throw new UserError(
    `Cannot read text for ${source.name} as it has no tokenizer: name one with --tokenizer`,
  );
}

async function readTokenizerFiles(
  path: string,
  source: OpenedSource,
): Promise<Map<string, string>> {
  if ((await statOf(path)).isDirectory) {
    const files = await readFolder(path);
    if (files) return files;
    throw new UserError(
      `Cannot read the tokenizer as ${path} must hold a tokenizer.json: there is none`,
    );
  }
  if (path.endsWith(".json")) {
    const folder = path.replace(/[^/]*$/, "");
    const files = new Map([["tokenizer.json", await readText(path)]]);
    const config = `${folder}tokenizer_config.json`;
    if (await exists(config)) files.set("tokenizer_config.json", await readText(config));
    return files;
  }
  const bytes = await (async () => {
    const file = await fileSource(path);
    return await file.read(0, file.byteLength);
  })();
  const { tokenizerJson, tokenizerConfig } = path.endsWith(".model")
    ? convertSentencePiece(bytes)
    : convertLlama2cTokenizer(bytes, source.model.config.vocabularySize);
  return new Map([
    ["tokenizer.json", JSON.stringify(tokenizerJson) + "\n"],
    ["tokenizer_config.json", JSON.stringify(tokenizerConfig) + "\n"],
  ]);
}

async function readFolder(path: string): Promise<Map<string, string> | null> {
  const files = new Map<string, string>();
  for (const name of FILES) {
    if (await exists(`${path}/${name}`)) files.set(name, await readText(`${path}/${name}`));
  }
  return files.has("tokenizer.json") ? files : null;
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(
      `Cannot read the tokenizer of ${name} as it must be JSON: ${(error as Error).message}`,
    );
  }
}
