// What compress prints: the plan of a dry run, and the result.

import { type LayerRecord, type Manifest, type PlannedJob, sizeOfLayers } from "@pare/pipeline";
import { byteLengthOf } from "@pare/operators";
import { statOf } from "./files.ts";
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

/** The sizes of the model before and after. */
interface Sizes {
  /** Linear layers of the blocks. */
  readonly decoder: { readonly before: number; readonly after: number; readonly weights: number };
  /** Every file. */
  readonly files: { readonly before: number; readonly after: number };
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
  input: ReportInput & { readonly manifest: Manifest; readonly seconds: number },
): Promise<string> {
  const { output, manifest, seconds, json, planned } = input;
  const sizes = await sizesOf(input);
  if (json) {
    const { layers } = manifest;
    return JSON.stringify(
      { output, byteLength: planned.byteLength, seconds, sizes, layers },
      null,
      2,
    );
  }
  return [
    sizeTable(sizes),
    "",
    errorTable(manifest),
    "",
    `Wrote ${output} in ${formatDuration(seconds)}.`,
  ].join("\n");
}

async function sizesOf({ source, tokenizer, planned }: ReportInput): Promise<Sizes> {
  const layers = planned.plan.parts.flatMap(({ block, layers }) => block === null ? [] : layers);
  const { weights, byteLength: after } = sizeOfLayers(layers);
  const before = layers.reduce((sum, { name }) => sum + byteLengthOf(source.model.node(name)), 0);
  let bytes = tokenizer?.sourceByteLength ?? 0;
  for (const file of source.files) bytes += (await statOf(file)).size;
  return {
    decoder: { before, after, weights },
    files: { before: bytes, after: planned.byteLength },
  };
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
  const header = ["worst layer of its kind", "method", "relative error"];
  const rows = [...worst.values()].map((
    { name, method, nmse },
  ) => [name, method ?? "", formatShare(nmse)]);
  if (!calibration) return formatTable(header, rows, ["left", "left", "right"]);
  const outputs = [...worst.values()].map(({ activationNmse }) =>
    activationNmse === null ? "" : formatShare(activationNmse)
  );
  return formatTable(
    [...header, "of its outputs"],
    rows.map((row, i) => [...row, outputs[i]]),
    ["left", "left", "right", "right"],
  );
}
