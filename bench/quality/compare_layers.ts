/**
 * Measures what quantizers cost synthetic layers of a size of one's choice.
 *
 * ```sh
 * deno run --allow-read --allow-write=. bench/quality/compare_layers.ts --shapes 1024x1024
 * ```
 *
 * The error is ‖(W - Ŵ) X‖² / ‖W X‖², undamped, on the tokens that methods saw and on others of the
 * same kind. Of each method the largest setting is taken that is within the bits of its set.
 *
 * @module
 */

import { createWasmDevice } from "@pare/linalg";
import type { Command, FlagValues } from "../../packages/cli/flags.ts";
import { formatTable } from "../../packages/cli/table.ts";
import { commonFlags, readNames, readShapes, runCommand } from "../linalg/command_line.ts";
import { readyResults, saveResults, writeResults } from "../linalg/results_file.ts";
import { type LayerRow, measureOnLayer } from "./measure_on_layer.ts";
import { QUANTIZER_CONTENDERS } from "./quantizer_contenders.ts";
import { type LayerKind, LAYERS, syntheticLayer } from "./synthetic_layers.ts";

/** Where JSON goes if nothing else is said: a folder that git leaves out. */
const OUTPUT = ".tmp/layers.json";

const COMMAND: Command = {
  name: "compare_layers",
  summary: "Measures what quantizers cost synthetic layers of a size of one's choice.",
  operands: "",
  flags: {
    set: {
      kind: "text",
      value: "<names>",
      help: `what is compared, by comma: ${Object.keys(QUANTIZER_CONTENDERS).join(", ")}`,
    },
    methods: { kind: "text", value: "<text>", help: "only methods with this in their name" },
    shapes: {
      kind: "text",
      value: "<shapes>",
      help: "rows × cols, by comma; 1024x1024 by default",
    },
    layers: {
      kind: "text",
      value: "<names>",
      help: `kinds of layers, by comma: ${Object.keys(LAYERS).join(", ")}`,
    },
    seed: { kind: "integer", value: "<n>", help: "which layer of each kind; 1 by default" },
    ...commonFlags(OUTPUT),
  },
  examples: [
    ["--set quantizers-2", "all methods at about 2 bits on three layers, in a minute or two"],
    ["--shapes 4096x4096 --layers steep --methods LDLQ", "as large as those of real models"],
  ],
  run: ({ values }) => run(values),
};

async function run(values: FlagValues): Promise<number> {
  const sets = readNames("set", values.text("set"), Object.keys(QUANTIZER_CONTENDERS));
  const kinds = readNames("layer", values.text("layers"), Object.keys(LAYERS)) as LayerKind[];
  const shapes = readShapes(values.text("shapes") ?? "1024x1024");
  const output = readyResults(values.text("output"), OUTPUT);
  const seed = values.number("seed") ?? 1;
  const wanted = values.text("methods") ?? "";
  const contenders = sets.flatMap((set) => QUANTIZER_CONTENDERS[set])
    // One layer has no other to share a factor with.
    .filter(({ name, ladder: [first] }) => name.includes(wanted) && !first.options?.sharedRight);
  using device = await createWasmDevice();
  const results: object[] = [];
  for (const [rows, cols] of shapes) {
    for (const kind of kinds) {
      const layer = await syntheticLayer({ ...LAYERS[kind](cols), rows, cols, seed }, device);
      const measured: LayerRow[] = [];
      const failures: string[] = [];
      for (const contender of contenders) {
        const common = { kind, rows, cols, seed, group: contender.group, name: contender.name };
        try {
          const row = await measureOnLayer(contender, layer, device);
          measured.push(row);
          results.push({ ...common, ...row });
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          failures.push(`failed: ${contender.group}, ${contender.name}: ${error.message}`);
          results.push({ ...common, failed: error.message });
        }
        console.error(`${kind}, ${rows} × ${cols}: ${contender.group}, ${contender.name}`);
        saveResults(output, results);
      }
      console.log(`\n${kind}, ${rows} × ${cols}`);
      console.log([formatRows(measured), ...failures].join("\n"));
    }
  }
  writeResults(output, results);
  return results.some((row) => "failed" in row) ? 1 : 0;
}

function formatRows(rows: readonly LayerRow[]): string {
  return formatTable(
    ["", "method", "bits/weight", "bytes", "error", "held out", "× first", "s"],
    rows.map((row) => {
      const first = rows.find(({ group }) => group === row.group) ?? row;
      return [
        row.group,
        row.name,
        row.bitsPerWeight.toFixed(3),
        String(row.byteLength),
        row.error.toPrecision(4),
        row.heldOutError.toPrecision(4),
        (row.heldOutError / first.heldOutError).toFixed(3),
        row.seconds.toFixed(1),
      ];
    }),
    ["left", "left", "right", "right", "right", "right", "right", "right"],
  );
}

await runCommand(COMMAND);
