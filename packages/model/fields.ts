import { FormatError } from "@pare/tensor";

/** The fields of a JSON object that is not trusted; `null` counts as absent but for `get`. */
export interface Fields {
  /** How error messages begin. */
  readonly action: string;
  /** The object itself. */
  readonly record: Readonly<Record<string, unknown>>;
  /** Whether a field is there and not `null`. */
  has(field: string): boolean;
  /** The field as it stands. */
  get(field: string): unknown;
  /** An integer; `fallback` where it is absent, an error if there is none. */
  integer(field: string, minimum: number, maximum: number, fallback?: number): number;
  /** A list of integers. */
  integers(field: string, minimum: number, maximum: number): number[];
  /** A finite number. */
  number(field: string, minimum: number, maximum: number, fallback?: number): number;
  /** True or false. */
  boolean(field: string, fallback: boolean): boolean;
  /** The fields of an object inside, or `null` where it is absent. */
  nested(field: string): Fields | null;
  /** Throws: `field` must be something else than it is. */
  fail(field: string, wanted: string): never;
}

/** Reads the fields of what must be a JSON object; `path` names the object it is nested in. */
export function fieldsOf(json: unknown, action: string, path = ""): Fields {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new FormatError(
      action,
      path || "it",
      `must be an object: current value is ${show(json)}`,
    );
  }
  const record = json as Readonly<Record<string, unknown>>;
  const prefix = path && `${path}.`;
  const get = (field: string) => Object.hasOwn(record, field) ? record[field] : undefined;
  const has = (field: string) => get(field) !== undefined && get(field) !== null;
  const fail = (field: string, wanted: string): never => {
    throw new FormatError(
      action,
      prefix + field,
      `${wanted}: current value is ${show(get(field))}`,
    );
  };
  const isWhole = (value: unknown, minimum: number, maximum: number): value is number =>
    Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum;
  return {
    action,
    record,
    has,
    get,
    fail,
    integer: (field, minimum, maximum, fallback) => {
      const value = has(field) ? get(field) : fallback;
      if (isWhole(value, minimum, maximum)) return value;
      return fail(field, `must be an integer from ${minimum} to ${maximum}`);
    },
    integers: (field, minimum, maximum) => {
      const values = get(field);
      const fits = Array.isArray(values) &&
        values.every((value) => isWhole(value, minimum, maximum));
      return fits ? values : fail(field, `must be integers from ${minimum} to ${maximum}`);
    },
    number: (field, minimum, maximum, fallback) => {
      const value = has(field) ? get(field) : fallback;
      const fits = typeof value === "number" && value >= minimum && value <= maximum;
      return fits ? value : fail(field, `must be a number from ${minimum} to ${maximum}`);
    },
    boolean: (field, fallback) => {
      const value = has(field) ? get(field) : fallback;
      return typeof value === "boolean" ? value : fail(field, "must be true or false");
    },
    nested: (field) => has(field) ? fieldsOf(get(field), action, prefix + field) : null,
  };
}

/** A value as JSON, cut to a length that a message bears. */
function show(value: unknown): string {
  const text = String(JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
