/**
 * Measures quantizers: products by what they store, against f32, and how long they take themselves.
 *
 * ```sh
 * deno task bench:quantizers --only products --threads 2
 * ```
 *
 * Every measurement has a process of its own, which may read.
 *
 * @module
 */

import type { Command, FlagValues } from "../../packages/cli/flags.ts";
import { UserError } from "../../packages/cli/user_error.ts";
import {
  commonFlags,
  readCounts,
  readNames,
  readThreads,
  runCommand,
} from "../linalg/command_line.ts";
import { measureApart } from "../linalg/measure_apart.ts";
import { formatProgress, formatReport } from "../linalg/report.ts";
import type { RowResult } from "../linalg/result.ts";
import { readyResults, saveResults, writeResults } from "../linalg/results_file.ts";
import type { DeviceName, MethodRequest, MethodResult } from "./measure_method.ts";
import { METHODS } from "./methods.ts";
import { formatMethods } from "./method_report.ts";
import type { ProductRequest } from "./run_products.ts";

/** Where JSON goes if nothing else is said: a folder that git leaves out. */
const OUTPUT = ".tmp/quantizers.json";

const SECTIONS = ["products", "methods"];

/** Sides of matrices that methods are measured on, by device: a software adapter takes long. */
const SIZES = { wasm: "512,1024,2048,4096", webgpu: "128,256" };

const COMMAND: Command = {
  name: "bench:quantizers",
  summary: "Measures quantizers: products by what they store, and how long they take themselves.",
  operands: "",
  flags: {
    only: { kind: "text", value: "<names>", help: `sections, by comma: ${SECTIONS.join(", ")}` },
    size: { kind: "integer", value: "<n>", help: "side of the products' weight; 4096 by default" },
    tokens: {
      kind: "text",
      value: "<counts>",
      help: "tokens of the products, by comma; 1,2,4,8,32 by default",
    },
    methods: {
      kind: "text",
      value: "<names>",
      help: `by comma: ${Object.keys(METHODS).join(", ")}`,
    },
    sizes: {
      kind: "text",
      value: "<counts>",
      help: `sides of the methods' matrices; ${SIZES.wasm} by default, on webgpu ${SIZES.webgpu}`,
    },
    device: {
      kind: "text",
      value: "<name>",
      help: "where methods run: wasm by default, or webgpu",
    },
    threads: {
      kind: "text",
      value: "<counts>",
      help:
        "numbers of threads, by comma; of products one and all processors by default, of methods all",
    },
    quick: { kind: "switch", help: "few rounds of the products" },
    ...commonFlags(OUTPUT),
  },
  examples: [
    ["--only products --tokens 1", "one token by every form, on one thread and on all"],
    ['--only methods --methods "gptq 4 bits" --sizes 512,1024', "how one method's time grows"],
    ["--only methods --device webgpu", "what is downloaded on the way"],
  ],
  run: ({ values }) => run(values),
};

async function run(values: FlagValues): Promise<number> {
  const sections = readNames("section", values.text("only"), SECTIONS);
  const output = readyResults(values.text("output"), OUTPUT);
  const results: object[] = [];
  const save = (result: object) => {
    results.push(result);
    saveResults(output, results);
  };
  // Both are read before anything is measured.
  const products = sections.includes("products") ? productRequests(values) : [];
  const methods = sections.includes("methods") ? methodRequests(values) : [];
  if (products.length > 0) await measureProducts(products, save);
  if (methods.length > 0) await measureMethods(methods, save);
  writeResults(output, results);
  return 0;
}

function productRequests(values: FlagValues): ProductRequest[] {
  const size = values.number("size") ?? 4096;
  const tokens = readCounts("tokens", values.text("tokens") ?? "1,2,4,8,32");
  const quick = values.on("quick");
  return readThreads(values.text("threads")).map((threads) => ({ size, tokens, threads, quick }));
}

function methodRequests(values: FlagValues): MethodRequest[] {
  const [device] = readNames("device", values.text("device") ?? "wasm", Object.keys(SIZES));
  const sizes = readCounts("sizes", values.text("sizes") ?? SIZES[device as DeviceName]);
  const names = readNames("method", values.text("methods"), Object.keys(METHODS));
  const counts = readThreads(values.text("threads") ?? String(navigator.hardwareConcurrency));
  return names.flatMap((name) =>
    counts.flatMap((threads) =>
      sizes.map((size) => ({ name, size, threads, device: device as DeviceName }))
    )
  );
}

async function measureProducts(
  requests: readonly ProductRequest[],
  save: (result: object) => void,
): Promise<void> {
  const module = new URL("run_products.ts", import.meta.url);
  const rows: RowResult[] = [];
  for (const request of requests) {
    await measureApart<RowResult>({ module, request, name: "products" }, (result) => {
      rows.push(result);
      save(result);
      console.error(formatProgress(result));
    });
  }
  console.log(formatReport(rows));
}

async function measureMethods(
  requests: readonly MethodRequest[],
  save: (result: object) => void,
): Promise<void> {
  const module = new URL("measure_method.ts", import.meta.url);
  const results: MethodResult[] = [];
  for (const request of requests) {
    const name = `${request.name} on ${request.size} × ${request.size}`;
    try {
      await measureApart<MethodResult>({ module, request, name }, (result) => {
        results.push(result);
        save(result);
        console.error(JSON.stringify(result));
      });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      save({ ...request, failed: error.message });
      console.error(error.message);
    }
  }
  console.log(formatMethods(results));
}

await runCommand(COMMAND);
