/**
 * Measures low-rank methods on single matrices: time, where it goes, and memory.
 *
 * ```sh
 * deno task bench:low-rank --shapes 1024x1024,2048x2048
 * ```
 *
 * The methods of a shape run one after another in one process, which gives their ratio; a process
 * of its own for each tells its peak memory.
 *
 * @module
 */

import type { Command, FlagValues } from "../../packages/cli/flags.ts";
import { formatTable } from "../../packages/cli/table.ts";
import {
  commonFlags,
  readNames,
  readShapes,
  readThreads,
  runCommand,
} from "../linalg/command_line.ts";
import { measureApart } from "../linalg/measure_apart.ts";
import { readyResults, writeResults } from "../linalg/results_file.ts";
import { type LayerRequest, type LayerResult, type MethodName, METHODS } from "./measure_layer.ts";

/** Where JSON goes if nothing else is said: a folder that git leaves out. */
const OUTPUT = ".tmp/low-rank.json";

/** A layer of a small model, and how time grows from there to those of one with 7 billion weights. */
const SHAPES = "512x512,1024x1024,2048x2048,4096x4096,11008x4096";

const COMMAND: Command = {
  name: "bench:low-rank",
  summary: "Measures low-rank methods on single matrices: time, where it goes, and memory.",
  operands: "",
  flags: {
    methods: {
      kind: "text",
      value: "<names>",
      help: "methods, by comma; asvd and nsvd by default",
    },
    shapes: {
      kind: "text",
      value: "<shapes>",
      help: `rows × cols, by comma; ${SHAPES} by default`,
    },
    keep: {
      kind: "number",
      value: "<share>",
      help: "share of the numbers to keep; 0.8 by default",
    },
    threads: {
      kind: "text",
      value: "<counts>",
      help: "numbers of threads, by comma; all processors by default",
    },
    memory: { kind: "switch", help: "measure peaks too, in further processes" },
    ...commonFlags(OUTPUT),
  },
  examples: [["--shapes 1024x1024 --memory", "one matrix, in seconds"]],
  run: ({ values }) => run(values),
};

async function run(values: FlagValues): Promise<number> {
  const known = Object.keys(METHODS) as MethodName[];
  const methods = readNames("method", values.text("methods") ?? "asvd,nsvd", known) as MethodName[];
  const shapes = readShapes(values.text("shapes") ?? SHAPES);
  const keep = values.number("keep") ?? 0.8;
  const counts = readThreads(values.text("threads") ?? String(navigator.hardwareConcurrency));
  const output = readyResults(values.text("output"), OUTPUT);
  const module = new URL("measure_layer.ts", import.meta.url);
  const results: LayerResult[] = [];
  const measure = async (request: LayerRequest) => {
    const found: LayerResult[] = [];
    const name = `${request.methods.join(", ")} on ${request.rows} × ${request.cols}`;
    await measureApart<LayerResult>({ module, request, name }, (result) => found.push(result));
    for (const result of found) console.error(JSON.stringify(result));
    results.push(...found);
    return found;
  };
  const rows: string[][] = [];
  for (const [height, width] of shapes) {
    for (const threads of counts) {
      const request = { methods, rows: height, cols: width, keep, threads };
      const found = await measure(request);
      for (const { method, seconds, productShare } of found) {
        const [alone] = values.on("memory") ? await measure({ ...request, methods: [method] }) : [];
        rows.push([
          `${height} × ${width}`,
          method,
          String(threads),
          seconds.toFixed(2),
          (seconds / found[0].seconds).toFixed(2),
          `${(100 * productShare).toFixed(0)} %`,
          alone ? alone.peakInMatrices.toFixed(2) : "",
        ]);
      }
    }
  }
  const header = ["matrix", "method", "threads", "s", `× ${methods[0]}`, "products", "memory"];
  console.log(formatTable(header, rows));
  console.log("memory: peak beyond matrix and statistics, in matrices of f64");
  writeResults(output, results);
  return 0;
}

await runCommand(COMMAND);
