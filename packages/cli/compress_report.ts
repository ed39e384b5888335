// What compress prints: the plan of a dry run, and the result.

import type { LayerRecord, Manifest, PlannedJob } from "@pare/pipeline";
import type { Comparison } from "./compare_models.ts";
import { reportDemo } from "./demo_report.ts";
import { type Sizes, sizesOf } from "./compress_sizes.ts";
import type { OpenedSource } from "./open_source.ts";
import type { OpenedTokenizer } from "./open_tokenizer.ts";
import { formatDuration } from "./progress.ts";
import { formatBytes, formatShare, formatTable } from "./table.ts";

/** What both reports are made of. */
interface ReportInput {
  readonly source: OpenedSource;
  readonly tokenizer: OpenedTokenizer | null;
  readonly output: string;
  readonly planned: PlannedJob;
  readonly json: boolean;
}

/** What a dry run prints. */
export async function reportPlan(
  input: ReportInput & { readonly memory: number },
): Promise<string> {
  const { output, planned, memory, json, source, tokenizer } = input;
  const sizes = await sizesOf(input);
  const files = Object.fromEntries(planned.files);
  if (json) {
    return JSON.stringify(
      { output, reads: source.files, files, byteLength: planned.byteLength, memory, sizes },
      null,
      2,
    );
  }
  return [
    `Would read   ${source.files.join(", ")}${tokenizer ? " and the tokenizer" : ""} (${
      formatBytes(sizes.files.before)
    })`,
    `Would write  ${output}: ${planned.byteLength} bytes (${formatBytes(planned.byteLength)})`,
    ...[...planned.files].map(([name, bytes]) => `             ${name}: ${bytes} bytes`),
    `Memory       about ${formatBytes(memory)}`,
    "",
    sizeTable(sizes),
  ].join("\n");
}

/** What compress prints when it is done. */
export async function reportCompression(
  input: ReportInput & {
    readonly manifest: Manifest;
    readonly comparisons: readonly Comparison[];
    readonly seconds: number;
  },
): Promise<string> {
  const { source, output, manifest, comparisons, seconds, json, planned } = input;
  const sizes = await sizesOf(input);
  if (json) {
    const { layers } = manifest;
    return JSON.stringify(
      { output, byteLength: planned.byteLength, seconds, sizes, comparisons, layers },
      null,
      2,
    );
  }
  if (source.isDemo) {
    const { vocabularySize } = source.model.config;
    return reportDemo({ output, recipe: manifest.recipe, vocabularySize, sizes, comparisons });
  }
  return [
    sizeTable(sizes),
    "",
    errorTable(manifest),
    "",
    ...(comparisons.length > 0 ? [comparisonTable(comparisons), ""] : []),
    `Wrote ${output} in ${formatDuration(seconds)}.`,
  ].join("\n");
}

function sizeTable({ decoder, files }: Sizes): string {
  const row = (name: string, before: number, after: number, weights?: number) => [
    name,
    formatBytes(before),
    formatBytes(after),
    `${(100 * after / before).toFixed(1)} %`,
    weights ? (8 * after / weights).toFixed(3) : "",
  ];
  return formatTable(["", "before", "after", "share", "bits per weight"], [
    row("layers of the blocks", decoder.before, decoder.after, decoder.weights),
    row("all files", files.before, files.after),
  ]);
}

/** What the texts say, the original against the result. */
function comparisonTable(comparisons: readonly Comparison[]): string {
  const header = ["text", "perplexity before", "after", "KL, nats per token", "same first choice"];
  return formatTable(
    header,
    comparisons.map(({ name, summary: { perplexity, against } }) => [
      name,
      against?.perplexity.mean.toFixed(4) ?? "",
      perplexity.mean.toFixed(4),
      against ? formatShare(against.kl.mean) : "",
      against ? `${(100 * against.top1Agreement.mean).toFixed(1)} %` : "",
    ]),
  );
}

/** The errors of the layers by what they are, the worst of all blocks. */
function errorTable({ layers, calibration }: Manifest): string {
  const worst = new Map<string, LayerRecord & { name: string }>();
  for (const [name, layer] of Object.entries(layers)) {
    if (layer.method === null) continue;
    const kind = name.replace(/\.\d+\./g, ".*.");
    const found = worst.get(kind);
    if (!found || layer.nmse > found.nmse) worst.set(kind, { ...layer, name });
  }
  if (worst.size === 0) return "No layer was compressed.";
  const found = [...worst.values()];
  const share = (value: number | null = null) => value === null ? "" : formatShare(value);
  const columns: [header: string, cell: (layer: typeof found[number]) => string][] = [
    ["worst layer of its kind", ({ name }) => name],
    ["method", ({ method }) => method ?? ""],
    ["relative error", ({ nmse }) => share(nmse)],
  ];
  if (calibration) columns.push(["of its outputs", ({ activationNmse }) => share(activationNmse)]);
  if (found.some(({ predictedLoss }) => predictedLoss !== undefined)) {
    columns.push(["predicted", ({ predictedLoss }) => share(predictedLoss)]);
  }
  return formatTable(
    columns.map(([header]) => header),
    found.map((layer) => columns.map(([, cell]) => cell(layer))),
    columns.map((_, i) => i < 2 ? "left" : "right"),
  );
}
