// Every method at several sizes on one model: what it takes on disk and what it costs.
//
//   deno run --allow-read bench/quality/compare_methods.ts <model> <calibration> <test> [tokenizer]
//
// Prints a table in Markdown. The size is that of the whole folder; bits per weight count the linear
// layers of the blocks alone, side information included. A last line says on how many layers the
// error of the outputs keeps the order that theory demands: ASVD-I at or below ASVD-0 and SVD.

import { evaluate } from "@pare/evaluators";
import { createWasmDevice } from "@pare/linalg";
import { compress, type Manifest, openCompressed, parseRecipe, sizeOfLayers } from "@pare/pipeline";
import { folderOf, openShardedSafetensors } from "@pare/formats";
import { requireTokenizer } from "../../packages/cli/open_tokenizer.ts";
import { openSource } from "../../packages/cli/open_source.ts";
import { REGISTRY } from "../../packages/cli/registry.ts";
import { formatTable } from "../../packages/cli/table.ts";
import { readDocuments } from "../../packages/cli/text.ts";
import { packDocuments, sampleDocuments } from "../../packages/cli/windows.ts";
import { memoryOutput } from "../../packages/pipeline/testing/memory_output.ts";

const RTN = [8, 4, 3, 2].flatMap((bits) =>
  [64, 32].map((groupSize) => ({
    name: `rtn ${bits}-bit g${groupSize}`,
    method: "rtn",
    options: { bits, groupSize, partialGroups: true },
  }))
);
const LOW_RANK = [0.9, 0.8, 0.6].flatMap((keep) => [
  { name: `svd ${keep}`, method: "svd", options: { keep } },
  ...["0", "I", "II"].map((variant) => ({
    name: `asvd-${variant} ${keep}`,
    method: "asvd",
    options: { keep, variant },
  })),
]);

const [modelPath, calibrationPath, testPath, tokenizerPath] = Deno.args;
const source = await openSource(modelPath);
const { tokenizer } = await requireTokenizer(source, tokenizerPath);
const length = source.model.config.maxPositions;
using device = await createWasmDevice();

const windows = sampleDocuments(await readDocuments(calibrationPath), tokenizer, length, 128, 0);
const test = packDocuments(await readDocuments(testPath), tokenizer, length).slice(0, 64);

const manifests = new Map<string, Manifest>();
const rows: string[][] = [];
for (const { name, method, options } of [...RTN, ...LOW_RANK]) {
  const output = memoryOutput();
  const manifest = await compress({
    creator: "bench",
    model: source.model,
    source: { name: modelPath, sha256: "0".repeat(64) },
    recipe: parseRecipe({ version: 1, dtype: "f16", steps: [{ method, options }] }, REGISTRY),
    registry: REGISTRY,
    device,
    calibration: { text: { name: calibrationPath, sha256: "0".repeat(64) }, windows },
    files: new Map([["config.json", JSON.stringify(source.config)]]),
    format: "pare",
  }, output);
  manifests.set(name, manifest);
  const tensors = await openShardedSafetensors(folderOf(Object.fromEntries(output.files), name));
  const model = openCompressed(manifest, { name, config: source.config, tensors });
  const { perplexity, against } = await evaluate(model, test, { against: source.model, device });
  const compressed = Object.values(manifest.layers).filter((layer) => layer.method !== null);
  const { bitsPerWeight } = sizeOfLayers(compressed);
  const number = ({ mean, standardError }: { mean: number; standardError: number }) =>
    `${mean.toPrecision(4)} ± ${standardError.toPrecision(2)}`;
  rows.push([
    name,
    bitsPerWeight.toFixed(3),
    String(manifest.byteLength),
    number(perplexity),
    against ? number(against.kl) : "",
    against ? number(against.top1Agreement) : "",
  ]);
  if (rows.length === 1 && against) {
    console.error(
      `original: perplexity ${number(against.perplexity)}, ${test.length} windows of ${length}`,
    );
  }
  console.error(rows[rows.length - 1].join("  "));
}
const header = ["method", "bits/weight", "bytes", "perplexity", "KL", "top-1"];
console.log(
  formatTable(header, rows).split("\n").filter((_, i) => i !== 1).map((line) => line).join("\n"),
);

let kept = 0;
let all = 0;
for (const keep of [0.9, 0.8, 0.6]) {
  const errorOf = (name: string, layer: string) =>
    manifests.get(`${name} ${keep}`)?.layers[layer].activationNmse ?? NaN;
  for (const [layer, { method }] of Object.entries(manifests.get(`svd ${keep}`)?.layers ?? {})) {
    if (method === null) continue;
    all++;
    const best = errorOf("asvd-I", layer);
    if (best <= errorOf("asvd-0", layer) && best <= errorOf("svd", layer)) kept++;
    else {console.log(
        `${layer} at ${keep}: ${best}, ${errorOf("asvd-0", layer)}, ${errorOf("svd", layer)}`,
      );}
  }
}
console.log(`ASVD-I at or below ASVD-0 and SVD on ${kept} of ${all} layers`);
