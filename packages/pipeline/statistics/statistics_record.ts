// What saved statistics are of, and the address that follows from it.

import type { Device } from "@pare/linalg";
import type { Model, Tokens } from "@pare/model";
import { FormatError } from "@pare/tensor";
import type { InputRecord } from "../manifest.ts";
import { sha256 } from "../sha256.ts";

/** The version of the file format; it changes with whatever is gathered, or how. */
export const STATISTICS_VERSION = 1;

/** The most characters that a record may have; one has some 800, more with long names. */
const MAX_LENGTH = 100_000;

/** Everything that decides what calibration sees. */
export interface StatisticsJob {
  /** The program that does it, as `pare 0.1.0`. */
  readonly creator: string;
  /** The model. */
  readonly model: Model;
  /** The files the model came from. */
  readonly source: InputRecord;
  /** Where it is computed. */
  readonly device: Device;
  /** The calibration text. */
  readonly text: InputRecord;
  /** The windows sampled from it. */
  readonly windows: readonly Tokens[];
  /** How many tokens at the beginning of each window are not counted. */
  readonly skipFirstTokens: number;
}

/** What saved statistics say of themselves. */
export interface StatisticsRecord {
  /** The version of the file format. */
  readonly version: 1;
  /** The program that gathered them. */
  readonly creator: string;
  /** The kernels that made the bytes, so far as they decide the last bit. */
  readonly kernels: string;
  /** The model. */
  readonly model: InputRecord;
  /** The text. */
  readonly text: InputRecord;
  /** The windows sampled from it: digest of the tokens, how many windows and tokens there are. */
  readonly windows: { readonly sha256: string; readonly count: number; readonly tokens: number };
  /** How many tokens at the beginning of each window are not counted. */
  readonly skipFirstTokens: number;
  /** The tokens that are counted: every input has seen as many. */
  readonly tokens: number;
}

/** Tells what statistics of a job say of themselves. */
export async function statisticsRecord(job: StatisticsJob): Promise<StatisticsRecord> {
  const { creator, source, device, text, windows, skipFirstTokens } = job;
  const lengths = windows.map(({ length }) => length);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
  return {
    version: STATISTICS_VERSION,
    creator,
    kernels: device.description,
    model: source,
    text,
    windows: {
      sha256: await windowsDigest(windows),
      count: windows.length,
      tokens: sum(lengths),
    },
    skipFirstTokens,
    tokens: sum(lengths.map((length) => Math.max(0, length - skipFirstTokens))),
  };
}

/** Digest of the tokens of windows; it stands for text, tokenizer and sampling at once. */
export async function windowsDigest(windows: readonly Tokens[]): Promise<string> {
  return await textDigest(JSON.stringify(windows.map((window) => Array.from(window))));
}

/**
 * Tells the address of statistics: a digest of everything that decides their numbers. What the model
 * and the text were called is not part of it.
 *
 * @param record What they are of.
 * @returns SHA-256 in hexadecimal.
 */
export async function statisticsDigest(record: StatisticsRecord): Promise<string> {
  const { version, creator, kernels, model, windows, skipFirstTokens } = record;
  return await textDigest(JSON.stringify({
    version,
    creator,
    kernels,
    model: model.sha256,
    windows: windows.sha256,
    skipFirstTokens,
  }));
}

/** Digest of a text in UTF-8. */
export async function textDigest(text: string): Promise<string> {
  return await sha256(new TextEncoder().encode(text));
}

/**
 * Reads a record; it is untrusted.
 *
 * @throws {FormatError} If it is not JSON, or a field is missing or wrong.
 */
export function parseStatisticsRecord(action: string, text: string): StatisticsRecord {
  const fail = (field: string, wanted: string, value: unknown): never => {
    const found = JSON.stringify(value)?.slice(0, 100);
    throw new FormatError(action, field, `${wanted}: current value is ${found}`);
  };
  const object = (value: unknown, field: string): Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : fail(field, "must be an object", value);
  const string = (value: unknown, field: string): string =>
    typeof value === "string" ? value : fail(field, "must be a string", value);
  const count = (value: unknown, field: string, minimum: number): number =>
    Number.isSafeInteger(value) && value as number >= minimum
      ? value as number
      : fail(field, `must be an integer of ${minimum} or more`, value);
  const digest = (value: unknown, field: string): string =>
    /^[0-9a-f]{64}$/.test(String(value))
      ? String(value)
      : fail(field, "must be 64 hexadecimal digits", value);
  const input = (value: unknown, field: string): InputRecord => {
    const { name, sha256 } = object(value, field);
    return { name: string(name, `${field}.name`), sha256: digest(sha256, `${field}.sha256`) };
  };
  if (text.length > MAX_LENGTH) {
    fail("record", `must have at most ${MAX_LENGTH} characters`, text.length);
  }
  const record = object(parseJson(action, text), "record");
  if (record.version !== STATISTICS_VERSION) {
    fail("version", `must be ${STATISTICS_VERSION}`, record.version);
  }
  const windows = object(record.windows, "windows");
  return {
    version: STATISTICS_VERSION,
    creator: string(record.creator, "creator"),
    kernels: string(record.kernels, "kernels"),
    model: input(record.model, "model"),
    text: input(record.text, "text"),
    windows: {
      sha256: digest(windows.sha256, "windows.sha256"),
      count: count(windows.count, "windows.count", 1),
      tokens: count(windows.tokens, "windows.tokens", 1),
    },
    skipFirstTokens: count(record.skipFirstTokens, "skipFirstTokens", 0),
    tokens: count(record.tokens, "tokens", 1),
  };
}

function parseJson(action: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FormatError(action, "record", `must be JSON: ${(error as Error).message}`);
  }
}
