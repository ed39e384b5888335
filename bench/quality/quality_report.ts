// Tables of what methods cost a model: as text, and as Markdown to keep.

import { formatTable } from "../../packages/cli/table.ts";
import { formatMean } from "./format_mean.ts";
import type { FailedRow, QualityRow } from "./quality_row.ts";

/** What is reported. */
export interface QualityReport {
  readonly rows: readonly QualityRow[];
  readonly failures: readonly FailedRow[];
  /** The original's perplexity, by text. */
  readonly originals: Readonly<Record<string, number>>;
}

const SIZES = ["", "method", "bits/weight", "layers", "vs. first", "folder", "error of outputs"];
const SCORES = ["perplexity", "KL", "top-1 agreement"];

/** How much more bytes a row's layers take than those of the first of its group. */
function formatDifference(row: QualityRow, rows: readonly QualityRow[]): string {
  const first = rows.find(({ group }) => group === row.group) ?? row;
  const share = row.layerBytes / first.layerBytes - 1;
  return `${share < 0 ? "" : "+"}${(100 * share).toFixed(2)} %`;
}

/** The cells of a row's size and its mean error. */
function sizesOf(row: QualityRow, rows: readonly QualityRow[]): string[] {
  return [
    row.group,
    row.name,
    row.bitsPerWeight.toFixed(3),
    String(row.layerBytes),
    formatDifference(row, rows),
    String(row.folderBytes),
    row.meanActivationNmse.toPrecision(3),
  ];
}

/** The cells of a row's scores on one text. */
function scoresOf({ scores }: QualityRow, text: string): string[] {
  const { perplexity, kl, top1Agreement: { mean, standardError } } = scores[text];
  const percent = { mean: 100 * mean, standardError: 100 * standardError };
  return [formatMean(perplexity), formatMean(kl), `${formatMean(percent)} %`];
}

function titleOf(text: string, { originals }: QualityReport): string {
  return `${text} (the original's perplexity is ${originals[text].toPrecision(4)})`;
}

function failuresOf({ failures }: QualityReport): string[] {
  return failures.map(({ group, name, failed }) => `${group}, ${name}: ${failed}`);
}

/** Lays a report out as text: sizes first, then each text. */
export function formatQuality(report: QualityReport): string {
  const { rows, originals } = report;
  const align = ["left", "left", "right", "right", "right", "right", "right"] as const;
  const sizes = formatTable(SIZES, rows.map((row) => sizesOf(row, rows)), align);
  const texts = Object.keys(originals).map((text) => {
    const cells = rows.map((row) => [row.group, row.name, ...scoresOf(row, text)]);
    const table = formatTable([...SIZES.slice(0, 2), ...SCORES], cells, align.slice(0, 5));
    return `${titleOf(text, report)}\n${table}`;
  });
  const failed = failuresOf(report).map((line) => `failed: ${line}`);
  return [sizes, ...texts, ...failed.length ? [failed.join("\n")] : []].join("\n\n");
}

/**
 * Lays a report out as Markdown: one table for each text, with the sizes.
 *
 * @param title What it is of.
 * @param command How it was measured.
 */
export function qualityMarkdown(report: QualityReport, title: string, command: string): string {
  const { rows, originals } = report;
  const tables = Object.keys(originals).map((text) => {
    const lines = rows.map((row) => [...sizesOf(row, rows), ...scoresOf(row, text)]);
    const rule = [...SIZES, ...SCORES].map((_, i) => i < 2 ? "---" : "---:");
    const table = [[...SIZES, ...SCORES], rule, ...lines].map((cells) =>
      `| ${cells.join(" | ")} |`
    );
    return `## ${titleOf(text, report)}\n\n${table.join("\n")}`;
  });
  const failed = failuresOf(report).map((line) => `- ${line}`);
  const parts = [
    `# ${title}`,
    `\`\`\`sh\n${command}\n\`\`\``,
    ...tables,
    ...failed.length ? [`## Not measured\n\n${failed.join("\n")}`] : [],
  ];
  return `${parts.join("\n\n")}\n`;
}
