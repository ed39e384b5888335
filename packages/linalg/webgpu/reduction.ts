// What the five reductions have in common.

import type { Reduction } from "../device.ts";
import type { GpuStorage } from "./storage.ts";

/** A matrix, its rows or columns to be reduced to one number each. */
export interface ReduceParams {
  x: GpuStorage;
  out: GpuStorage;
  rows: number;
  cols: number;
  reduction: Reduction;
}

/** WGSL of what a reduction makes of one element, `v`. */
export const ELEMENT_OF: Readonly<Record<Reduction, string>> = {
  sum: "v",
  absSum: "abs(v)",
  squareSum: "v * v",
  max: "v",
  absMax: "abs(v)",
};

/** How a reduction goes on with what it made of parts of a row. */
export const COMBINED_AS: Readonly<Record<Reduction, "sum" | "max">> = {
  sum: "sum",
  absSum: "sum",
  squareSum: "sum",
  max: "max",
  absMax: "max",
};

/** What leaves every number as it is. */
export function initialOf(reduction: Reduction): number {
  return reduction === "max" ? -Infinity : 0;
}

/** WGSL that takes one more value into `total`; a maximum needs the module `LARGER`. */
export function step(reduction: Reduction, value: string): string {
  return COMBINED_AS[reduction] === "sum"
    ? `total += ${value};`
    : `total = larger(total, ${value});`;
}
