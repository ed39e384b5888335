// A row of the table: what is measured against what, apart from how.
//
// Rows are listed without anything loaded, as both front ends, the table of `run.ts` and
// `deno bench`, need their names first. Operands exist while a row is measured and no longer.

import type { Run } from "./measure.ts";
import type { RowResult } from "./result.ts";

/** One who takes part in a row. */
export interface Contender<T> {
  readonly name: string;
  /** What one run of it is worth, where that differs from the row's `flops`. */
  readonly flops?: number;
  /**
   * Makes all that is not to be timed.
   *
   * @param operands What everyone in the row gets.
   * @param resources What is to be freed after the row is put here.
   */
  prepare(operands: T, resources: AsyncDisposableStack): Run | Promise<Run>;
}

/** A ratio that a row is measured for: how many times as fast one is as another. */
export interface Comparison {
  /** Who; the row's first contender by default. */
  readonly of?: string;
  /** Against whom: the fastest of these. */
  readonly against: readonly string[];
  /** What the ratio should be at least, if there is a goal. */
  readonly goal?: number;
}

/** What a row is made of. */
export interface RowOptions<T> {
  readonly name: string;
  /** The floating-point operations that one run is worth; times alone are compared by default. */
  readonly flops?: number;
  /** Makes what all contenders get. */
  readonly operands: () => T;
  /** Everyone who takes part, ours first. */
  readonly contenders: readonly Contender<T>[];
  readonly comparisons: readonly Comparison[];
}

/** A row, whatever its operands are. */
export interface Row {
  readonly name: string;
  readonly flops: number | undefined;
  readonly contenders: readonly { readonly name: string; readonly flops: number | undefined }[];
  readonly comparisons: readonly Comparison[];
  /** Makes the operands and readies every contender, in their order. */
  prepare(resources: AsyncDisposableStack): Promise<Run[]>;
}

/** A row that measures something else than time, by itself. */
export interface MeasuredRow {
  readonly name: string;
  measure(): Promise<Omit<RowResult, "section" | "name" | "threads">>;
}

/** Makes a row. */
export function row<T>(options: RowOptions<T>): Row {
  const { name, flops, contenders, comparisons } = options;
  return {
    name,
    flops,
    contenders: contenders.map((contender) => ({
      name: contender.name,
      flops: contender.flops ?? flops,
    })),
    comparisons,
    prepare: async (resources) => {
      const operands = options.operands();
      const runs = [];
      for (const contender of contenders) runs.push(await contender.prepare(operands, resources));
      return runs;
    },
  };
}
