// The table of methods: time and its growth, where it goes, memory, and what is downloaded.

import { formatBytes, formatTable } from "../../packages/cli/table.ts";
import type { MethodResult } from "./measure_method.ts";

const HEADER = ["method", "n", "device", "threads", "s", "growth", "products", "peak", "downloads"];

/** The exponent p by which time grew as n^p from the next smaller matrix; empty for the smallest. */
function formatGrowth(result: MethodResult, results: readonly MethodResult[]): string {
  const { name, device, threads, size, seconds } = result;
  const before = results
    .filter((other) => other.name === name && other.device === device && other.threads === threads)
    .filter((other) => other.size < size)
    .sort((a, b) => b.size - a.size)
    .at(0);
  if (!before) return "";
  return `n^${(Math.log(seconds / before.seconds) / Math.log(size / before.size)).toFixed(2)}`;
}

/** Lays results out as a table, in their order. */
export function formatMethods(results: readonly MethodResult[]): string {
  const rows = results.map((result) => [
    result.name,
    String(result.size),
    result.device,
    String(result.threads),
    result.seconds.toPrecision(3),
    formatGrowth(result, results),
    result.productShare === null ? "" : `${(100 * result.productShare).toFixed(0)} %`,
    formatBytes(Math.max(0, result.peakBytes)),
    String(result.calls.download ?? 0),
  ]);
  return formatTable(HEADER, rows);
}
