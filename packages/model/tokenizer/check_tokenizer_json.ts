import { FormatError } from "@pare/tensor";
import { describe, isRecord } from "./describe.ts";

/** What cannot be done with a bad file. */
export const OPEN_ACTION = "Cannot open tokenizer";

/** No vocabulary is near this size; ids index an array that must stay small. */
const MAX_IDS = 2 ** 24;

/** A `tokenizer.json` whose vocabulary can be trusted. */
export interface CheckedTokenizerJson {
  /** The file with its optional parts there. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The id of every token by its text, added tokens included. */
  readonly ids: ReadonlyMap<string, number>;
  /** The largest id, plus one. */
  readonly vocabularySize: number;
}

/**
 * Checks what `npm:@huggingface/tokenizers` takes on trust: the kinds of the vocabulary, merges,
 * added tokens and patterns of a `tokenizer.json`, and that ids are small.
 */
export function checkTokenizerJson(tokenizerJson: unknown): CheckedTokenizerJson {
  if (!isRecord(tokenizerJson)) refuse("tokenizer.json", "an object", tokenizerJson);
  const { model, added_tokens: added = [] } = tokenizerJson;
  if (!isRecord(model)) refuse("model", "an object", model);

  const { vocab, merges } = model;
  // Early files do not say the type.
  const { type = Array.isArray(vocab) ? "Unigram" : merges ? "BPE" : "WordPiece" } = model;
  if (type !== "BPE" && type !== "Unigram" && type !== "WordPiece") {
    refuse("model.type", "BPE, Unigram or WordPiece", type);
  }
  const ids = new Map(type === "Unigram" ? scoredIds(vocab) : namedIds(vocab));
  if (ids.size === 0) refuse("model.vocab", "of one token or more", vocab);
  if (type === "BPE") checkMerges(merges);
  if (type === "Unigram") checkUnigram(model, ids.size);

  if (!Array.isArray(added)) refuse("added_tokens", "an array", added);
  added.forEach((token: unknown, i) => {
    if (!isRecord(token)) refuse(`added_tokens[${i}]`, "an object", token);
    const { content, id } = token;
    if (typeof content !== "string" || content === "") {
      refuse(`added_tokens[${i}].content`, "a text", content);
    }
    ids.set(content, checkId(`added_tokens[${i}].id`, id));
  });

  const { normalizer = null, pre_tokenizer = null, post_processor = null, decoder = null } =
    tokenizerJson;
  for (const part of [normalizer, pre_tokenizer, decoder]) checkPatterns(part);
  let vocabularySize = 0;
  for (const id of ids.values()) vocabularySize = Math.max(vocabularySize, id + 1);
  return {
    json: {
      ...tokenizerJson,
      model: { ...model, type },
      added_tokens: added,
      normalizer,
      pre_tokenizer,
      post_processor,
      decoder,
    },
    ids,
    vocabularySize,
  };
}

/** Refuses a field of the file. */
function refuse(field: string, wanted: string, value: unknown): never {
  throw new FormatError(
    OPEN_ACTION,
    field,
    `must be ${wanted}: current value is ${describe(value)}`,
  );
}

function checkId(field: string, id: unknown): number {
  if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= MAX_IDS) {
    refuse(field, `an integer from 0 to ${MAX_IDS - 1}`, id);
  }
  return id;
}

function namedIds(vocab: unknown): [string, number][] {
  if (!isRecord(vocab)) refuse("model.vocab", "an object", vocab);
  return Object.entries(vocab).map((
    [text, id],
  ) => [text, checkId(`model.vocab[${describe(text)}]`, id)]);
}

function scoredIds(vocab: unknown): [string, number][] {
  if (!Array.isArray(vocab)) refuse("model.vocab", "an array", vocab);
  return vocab.map((entry: unknown, id) => {
    const [text, score] = Array.isArray(entry) ? entry : [];
    if (typeof text !== "string" || !Number.isFinite(score)) {
      refuse(`model.vocab[${id}]`, "a text and a score", entry);
    }
    return [text, checkId(`model.vocab[${id}]`, id)];
  });
}

function checkUnigram(model: Readonly<Record<string, unknown>>, size: number): void {
  const { unk_id: unknown, byte_fallback: byteFallback } = model;
  if (typeof unknown !== "number" || !Number.isInteger(unknown) || unknown < 0 || unknown >= size) {
    refuse("model.unk_id", `an integer from 0 to ${size - 1}`, unknown);
  }
  // The package would give the unknown token instead of bytes, without a word.
  if (byteFallback === true) refuse("model.byte_fallback", "false in a unigram model", true);
}

function checkMerges(merges: unknown): void {
  if (!Array.isArray(merges)) refuse("model.merges", "an array", merges);
  // The first entry tells in which of the two ways all are written.
  const pairs = Array.isArray(merges[0]);
  merges.forEach((merge: unknown, i) => {
    const parts = !pairs && typeof merge === "string" ? merge.split(" ") : merge;
    const fits = Array.isArray(parts) && parts.length === 2 &&
      parts.every((part) => typeof part === "string" && part !== "");
    if (!fits) refuse(`model.merges[${i}]`, "two tokens", merge);
  });
}

/** Checks every `pattern` inside, at any depth; the package would leave out what has none. */
function checkPatterns(part: unknown): void {
  const open = [part];
  while (open.length > 0) {
    const value = open.pop();
    if (Array.isArray(value)) {
      for (const item of value) open.push(item);
    } else if (isRecord(value)) {
      const { type, pattern } = value;
      if (type === "Replace" || type === "Split" || pattern !== undefined) {
        const fits = isRecord(pattern) &&
          (typeof pattern.String === "string" || typeof pattern.Regex === "string");
        if (!fits) refuse("pattern", "a String or a Regex", pattern);
      }
      for (const item of Object.values(value)) open.push(item);
    }
  }
}
