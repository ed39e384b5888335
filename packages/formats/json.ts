// A strict reader of JSON (RFC 8259) from files that nobody vouches for.
//
// JSON.parse would keep the last of two equal keys in silence, and build whatever the text holds
// before anyone can refuse it: nested brackets take 58 bytes of heap a pair, so that a header of the
// 100 MB that safetensors allows could take 3 GB and end the process. Here whoever reads says what
// comes next, and the first character that does not fit is refused; scalars alone are left to
// JSON.parse.

import { FormatError } from "@pare/tensor";
import { quoted } from "./names.ts";
import type { ByteSource } from "./source.ts";

/** A place in a text that is being read. */
export interface JsonCursor {
  /** The whole text. */
  readonly text: string;
  /** What cannot be done if the text does not fit; begins the error messages. */
  readonly action: string;
  /** The index of the next character. */
  position: number;
}

const MAX_DEPTH = 64;

/**
 * Reads a part of a file as text and stands at its beginning.
 *
 * @param field What error messages call the part.
 * @throws {FormatError} If it is longer than `maxBytes` or not UTF-8.
 */
export async function readText(
  source: ByteSource,
  field: string,
  maxBytes: number,
  offset = 0,
  length: number = source.byteLength - offset,
): Promise<JsonCursor> {
  const action = `Cannot read "${source.name}"`;
  if (length > maxBytes) {
    throw new FormatError(
      action,
      field,
      `must take at most ${maxBytes} bytes: current length is ${length}`,
    );
  }
  const bytes = await source.read(offset, length);
  try {
    // A byte order mark is kept, to be refused: it belongs in none of these files.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text, action, position: 0 };
  } catch {
    throw new FormatError(action, field, "must be UTF-8: current bytes are not");
  }
}

/** Reads an object; `readValue` is called after each key and has to read its value. */
export function readObject(
  cursor: JsonCursor,
  field: string,
  readValue: (key: string) => void,
): void {
  const keys = new Set<string>();
  readList(cursor, field, "an object", "{", "}", () => {
    const key = readString(cursor, `key of ${field}`);
    if (keys.has(key)) {
      throw new FormatError(
        cursor.action,
        field,
        `must have each key once: current value has ${quoted(key)} twice`,
      );
    }
    keys.add(key);
    if (peek(cursor) !== ":") refuse(cursor, field, `":" after the key ${quoted(key)}`);
    cursor.position++;
    readValue(key);
  });
}

/** Reads an array; `readItem` is called before each item and has to read it. */
export function readArray(cursor: JsonCursor, field: string, readItem: () => void): void {
  readList(cursor, field, "an array", "[", "]", readItem);
}

function readList(
  cursor: JsonCursor,
  field: string,
  wanted: string,
  open: string,
  close: string,
  readItem: () => void,
): void {
  if (peek(cursor) !== open) refuse(cursor, field, wanted);
  cursor.position++;
  if (peek(cursor) === close) {
    cursor.position++;
    return;
  }
  while (true) {
    readItem();
    const next = peek(cursor);
    if (next !== "," && next !== close) refuse(cursor, field, `"," or "${close}" after each item`);
    cursor.position++;
    if (next === close) return;
  }
}

/** Reads a string. */
export function readString(cursor: JsonCursor, field: string): string {
  if (peek(cursor) !== '"') refuse(cursor, field, "a string");
  const { text, position } = cursor;
  let end = position + 1;
  let escaped = false;
  for (let code = text.charCodeAt(end); code !== 0x22; code = text.charCodeAt(++end)) {
    // Past the end of the text the code is NaN.
    if (!(code >= 0x20)) refuse(cursor, field, "a string that ends, without control characters");
    if (code === 0x5c) {
      escaped = true;
      end++;
    }
  }
  const value = escaped ? parseScalar(cursor, field, end + 1) : text.slice(position + 1, end);
  // Half a surrogate pair, escaped, would not survive being written.
  if (typeof value !== "string" || !value.isWellFormed()) {
    refuse(cursor, field, "a string of whole characters");
  }
  cursor.position = end + 1;
  return value;
}

/** Reads an integer from 0 to 2^53 - 1, written as digits alone. */
export function readCount(cursor: JsonCursor, field: string): number {
  peek(cursor);
  const end = numberEnd(cursor);
  const token = cursor.text.slice(cursor.position, end);
  const value = Number(token);
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(token) || !Number.isSafeInteger(value)) {
    refuse(cursor, field, "an integer from 0 to 2^53 - 1");
  }
  cursor.position = end;
  return value;
}

/** Reads any value, nested at most 64 levels deep. */
export function readValue(cursor: JsonCursor, field: string, depth = 0): unknown {
  if (depth > MAX_DEPTH) refuse(cursor, field, `nested at most ${MAX_DEPTH} levels deep`);
  switch (peek(cursor)) {
    case "{": {
      const entries: [string, unknown][] = [];
      readObject(cursor, field, (key) => entries.push([key, readValue(cursor, field, depth + 1)]));
      // Unlike an assignment, this makes "__proto__" a key like any other.
      return Object.fromEntries(entries);
    }
    case "[": {
      const items: unknown[] = [];
      readArray(cursor, field, () => items.push(readValue(cursor, field, depth + 1)));
      return items;
    }
    case '"':
      return readString(cursor, field);
    default: {
      const word = ["true", "false", "null"].find((w) =>
        cursor.text.startsWith(w, cursor.position)
      );
      const end = word === undefined ? numberEnd(cursor) : cursor.position + word.length;
      const value = parseScalar(cursor, field, end);
      cursor.position = end;
      return value;
    }
  }
}

/** Makes sure that nothing but white space is left. */
export function expectEnd(cursor: JsonCursor, field: string): void {
  if (peek(cursor) !== "") refuse(cursor, field, "at its end after the JSON value");
}

/** Skips white space and returns the next character, `""` at the end. */
function peek(cursor: JsonCursor): string {
  while (true) {
    const character = cursor.text.charAt(cursor.position);
    if (character === "" || !" \n\r\t".includes(character)) return character;
    cursor.position++;
  }
}

function numberEnd({ text, position }: JsonCursor): number {
  let end = position;
  while (end < text.length && "0123456789+-.eE".includes(text[end])) end++;
  return end;
}

function parseScalar(cursor: JsonCursor, field: string, end: number): unknown {
  try {
    return JSON.parse(cursor.text.slice(cursor.position, end));
  } catch {
    refuse(cursor, field, "valid JSON");
  }
}

function refuse({ text, action, position }: JsonCursor, field: string, wanted: string): never {
  const found = position < text.length ? quoted(text.slice(position, position + 24)) : "at its end";
  const problem = `must be ${wanted}: current text at character ${position} is ${found}`;
  throw new FormatError(action, field, problem);
}
