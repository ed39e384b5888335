/**
 * Tells whether a name can only be that of a file directly inside a folder: no path, no drive, no
 * stream, nothing hidden behind a NUL.
 */
export function isPlainFileName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\\:\0]/.test(name);
}

/** Quotes a name or value from a file for an error message, cut to a bearable length. */
export function quoted(value: unknown): string {
  const long = (typeof value === "string" || Array.isArray(value)) && value.length > 80;
  const text = JSON.stringify(long ? value.slice(0, 80) : value) ?? String(value);
  return long || text.length > 100 ? `${text.slice(0, 80)}…` : text;
}

/** Lists names for an error message, the first few of many. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const shown = names.slice(0, 6).map(quoted).join(", ");
  return names.length > 6 ? `${shown} and ${names.length - 6} more` : shown;
}
