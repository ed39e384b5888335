// Reading `pare.json`, which is untrusted.

import { FormatError } from "@pare/tensor";

/** Reads an object. */
export function readRecord(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    failAt(field, "must be an object", value);
  }
  return value as Record<string, unknown>;
}

/** Says what is wrong with a field. */
export function failAt(field: string, wanted: string, value: unknown): never {
  throw new FormatError(
    "Cannot read pare.json",
    field,
    `${wanted}: current value is ${JSON.stringify(value)?.slice(0, 100)}`,
  );
}
