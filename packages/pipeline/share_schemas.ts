/** A JSON Schema, or a part of one. */
type Schema = Readonly<Record<string, unknown>>;

/** What is shorter, in characters, is repeated rather than referred to. */
const SHORT = 200;

/**
 * Writes what a JSON Schema says several times once, under `$defs`, and refers to it from there.
 *
 * @param schema A schema without references.
 * @returns One that accepts the same.
 */
export function shareSchemas(schema: Schema): Record<string, unknown> {
  const counts = new Map<string, number>();
  count(schema, counts);
  const names = new Map<string, string>();
  const definitions: Record<string, unknown> = {};
  const shared = (value: unknown): unknown => {
    if (!isLong(value)) return value;
    const text = JSON.stringify(value);
    if (Array.isArray(value) || counts.get(text) === 1) return inside(value, shared);
    const known = names.get(text);
    if (known !== undefined) return { $ref: `#/$defs/${known}` };
    const name = `shared${names.size + 1}`;
    names.set(text, name);
    definitions[name] = inside(value, shared);
    return { $ref: `#/$defs/${name}` };
  };
  const result = inside(schema, shared) as Record<string, unknown>;
  return names.size === 0 ? result : { ...result, $defs: definitions };
}

/** Counts how often each long object stands in a value; the insides of one seen before count once. */
function count(value: unknown, counts: Map<string, number>): void {
  if (!isLong(value)) return;
  if (!Array.isArray(value)) {
    const text = JSON.stringify(value);
    const before = counts.get(text) ?? 0;
    counts.set(text, before + 1);
    if (before > 0) return;
  }
  for (const part of Object.values(value)) count(part, counts);
}

function isLong(value: unknown): value is object {
  return typeof value === "object" && value !== null && JSON.stringify(value).length > SHORT;
}

function inside(value: object, change: (part: unknown) => unknown): unknown {
  return Array.isArray(value)
    ? value.map(change)
    : Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(part)]));
}
