// Reading JSON that cannot be trusted, one field at a time.

import { FormatError } from "@pare/tensor";
import type { Reject } from "./check_tensor.ts";
import type { MatrixShape } from "./operator.ts";

/** What every error about a manifest or its tensors begins with. */
export const ACTION = "Cannot read an operator";

/** The longest side of a matrix. */
const MAX_SIDE = 2 ** 31 - 1;

/** The most elements of a matrix, so that its size in bytes is an exact number. */
const MAX_ELEMENTS = 2 ** 48;

/** A value somewhere in a JSON document. */
export interface Field {
  /** Where it stands, for example `model.layers.0.mlp.up_proj.left.bits`. */
  readonly path: string;
  /** What stands there. */
  readonly value: unknown;
}

/** Puts the parts of a path together. */
export function joinPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(".");
}

/** Makes errors about the fields of what stands at `path`. */
export function rejectAt(path: string): Reject {
  return (field, problem) => {
    throw new FormatError(ACTION, joinPath(path, field), problem);
  };
}

/** Throws unless `isRight`. */
export function expect(isRight: boolean, field: Field, wanted: string): asserts isRight {
  if (!isRight) {
    throw new FormatError(
      ACTION,
      field.path,
      `must be ${wanted}: current value is ${show(field.value)}`,
    );
  }
}

/** Reads an object that has exactly the given keys. */
export function readObject<K extends string>(
  field: Field,
  keys: readonly K[],
): Readonly<Record<K, Field>> {
  const { path, value } = field;
  expect(isObject(value), field, "an object");
  const known: readonly string[] = keys;
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      const problem = `is unknown: known fields are ${keys.join(", ")}`;
      throw new FormatError(ACTION, joinPath(path, key), problem);
    }
  }
  const entries = keys.map((key) => [key, fieldOf(value, key, path)]);
  return Object.fromEntries(entries) as Record<K, Field>;
}

/** Takes one field of an object, whatever its other fields are. */
export function readKey(field: Field, key: string): Field {
  expect(isObject(field.value), field, "an object");
  return fieldOf(field.value, key, field.path);
}

/** Reads an array of at least `minimum` elements. */
export function readList(field: Field, minimum: number): readonly Field[] {
  const { path, value } = field;
  const isLong = Array.isArray(value) && value.length >= minimum;
  expect(isLong, field, `an array of ${minimum} or more`);
  return Array.from(value as unknown[], (element, i) => ({
    path: joinPath(path, `${i}`),
    value: element,
  }));
}

/** Reads a whole number from `minimum` on. */
export function readInteger(
  field: Field,
  minimum: number,
  maximum: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = field.value as number;
  const isRight = Number.isSafeInteger(value) && value >= minimum && value <= maximum;
  const wanted = maximum === Number.MAX_SAFE_INTEGER
    ? `an integer of ${minimum} or more`
    : `an integer from ${minimum} to ${maximum}`;
  expect(isRight, field, wanted);
  return value;
}

/** Reads a number within bounds. */
export function readNumber(field: Field, minimum: number, maximum: number): number {
  const value = field.value as number;
  const isRight = typeof value === "number" && value >= minimum && value <= maximum;
  expect(isRight, field, `a number from ${minimum} to ${maximum}`);
  return value;
}

/** Reads `true` or `false`. */
export function readBoolean(field: Field): boolean {
  expect(typeof field.value === "boolean", field, "true or false");
  return field.value as boolean;
}

/** Reads one of the given words. */
export function readWord<W extends string>(field: Field, words: readonly W[]): W {
  const word = words.find((word) => word === field.value);
  expect(word !== undefined, field, `one of ${words.map((word) => `"${word}"`).join(", ")}`);
  return word as W;
}

/** Reads what `read` reads, or `null`. */
export function readNullable<T>(field: Field, read: (field: Field) => T): T | null {
  return field.value === null ? null : read(field);
}

/** Reads the number of rows and columns. */
export function readShape(field: Field): MatrixShape {
  const sides = readList(field, 2);
  expect(sides.length === 2, field, "an array of 2");
  const [rows, cols] = sides.map((side) => readInteger(side, 1, MAX_SIDE));
  if (rows * cols > MAX_ELEMENTS) {
    const problem = `must be of 2^48 elements or fewer: current shape is [${rows}, ${cols}]`;
    throw new FormatError(ACTION, field.path, problem);
  }
  return [rows, cols];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldOf(value: object, key: string, path: string): Field {
  const own: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
  return { path: joinPath(path, key), value: own };
}

/** A value as an error message shows it: short, whatever it is. */
function show(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  }
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
