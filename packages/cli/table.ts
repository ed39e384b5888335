/** How the cells of a column stand. */
export type Align = "left" | "right";

/**
 * Lays out a table as text.
 *
 * @param header The titles of the columns.
 * @param rows The cells.
 * @param align How each column stands; to the right by default, the first to the left.
 * @returns Lines, without one at the end.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly Align[] = header.map((_, i) => i === 0 ? "left" : "right"),
): string {
  const widths = header.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i].length))
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => align[i] === "left" ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))
      .join("  ").trimEnd();
  return [line(header), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)]
    .join("\n");
}

/** Bytes as people say them, to three digits: `3.35 MB`; powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return power === 0 ? `${bytes} B` : `${(bytes / 1000 ** power).toPrecision(3)} ${units[power]}`;
}

/** A small number to three digits: `0.0123`, `4.56e-7`. */
export function formatShare(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  return Math.abs(value) < 1e-4 ? value.toExponential(2) : value.toPrecision(3);
}
