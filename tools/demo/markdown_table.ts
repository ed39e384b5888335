/** How the cells of a column stand. */
export type Align = "left" | "right";

/**
 * Lays out a table in Markdown as `deno fmt` does.
 *
 * @param header The titles of the columns.
 * @param rows The cells.
 * @param align How each column stands; the first to the left, all others to the right by default.
 * @returns Lines, without a line feed at the end.
 */
export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly Align[] = header.map((_, i) => i === 0 ? "left" : "right"),
): string {
  const widths = header.map((title, i) =>
    Math.max(3, title.length, ...rows.map((row) => row[i].length))
  );
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, i) =>
        align[i] === "left" ? cell.padEnd(widths[i]) : cell.padStart(widths[i])
      ).join(" | ")
    } |`;
  const rule = widths.map((width, i) =>
    align[i] === "left" ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  );
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}
