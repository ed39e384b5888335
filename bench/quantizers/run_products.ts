// Measures the products on a number of threads in a process of its own. Started by run.ts; writes a
// line of JSON per row.

import { createWasmDevice } from "@pare/linalg";
import { measureRow } from "../linalg/measure_row.ts";
import { productRows } from "./products.ts";

/** What is asked for, in the process's one argument. */
export interface ProductRequest {
  readonly size: number;
  readonly tokens: readonly number[];
  readonly threads: number;
  readonly quick: boolean;
}

if (import.meta.main) {
  const { size, tokens, threads, quick }: ProductRequest = JSON.parse(Deno.args[0]);
  using device = await createWasmDevice({ threads });
  for (const row of productRows({ device, size, tokens })) {
    const request = { section: "products", threads, quick };
    console.log(JSON.stringify(await measureRow(row, request)));
  }
}
