// What waits for a rank: the layers of every step that asks for an allocation, and what each rank
// would cost.

import {
  ALLOCATION_RULES,
  type AllocationRule,
  type LowRankOptions,
  rankAt,
  SENSITIVITY_KEEPS,
} from "@pare/decomposers";
import { linearsOfBlock, topLevel } from "@pare/model";
import { byteLengthOf, type MatrixShape, shapeOfNode } from "@pare/operators";
import type { CompressionJob } from "./job.ts";
import { keptNode, stepOf } from "./plan.ts";
import type { Step } from "./recipe.ts";
import type { Method } from "./registry.ts";

/** A layer that waits for its rank. */
export interface RankTarget {
  /** Its name. */
  readonly name: string;
  /** What it does in its block; its name outside the blocks. */
  readonly role: string;
  /** Its block; `null` outside the blocks. */
  readonly block: number | null;
  /** Which of its block's inputs it reads; `null` outside the blocks. */
  readonly input: string | null;
  /** The step that compresses it. */
  readonly step: Step;
  /** Its bytes at ranks 1, 2, …; `Infinity` for a rank that the method cannot have. */
  readonly costs: readonly number[];
  /** Its bytes where it is copied as it is. */
  readonly denseBytes: number;
  /** The shares to measure the whole model at, and their ranks; none where the rule needs no table. */
  readonly trials: readonly { readonly keep: number; readonly rank: number }[];
}

/** The layers of one step, which share a budget. */
export interface RankTask {
  /** What messages begin with. */
  readonly name: string;
  /** The rule that chooses. */
  readonly rule: AllocationRule;
  /** The layers. */
  readonly targets: readonly RankTarget[];
  /** The bytes that they may take together. */
  readonly budget: number;
}

/** The steps that ask for an allocation, with the layers that they compress. */
export function rankTasks({ model, recipe, registry }: CompressionJob): RankTask[] {
  const { config } = model;
  const { embedding, head } = topLevel(config);
  const outside = [...new Set([embedding.name, head.name])].map((name) => (
    { name, role: name, block: null, input: null }
  ));
  const inside = Array.from(
    { length: config.layers },
    (_, block) =>
      linearsOfBlock(config, block).map(({ name, role, input }) => ({ name, role, block, input })),
  );
  const layers = [...outside, ...inside.flat()];
  return recipe.steps.flatMap((step, index): RankTask[] => {
    if (!step.allocation) return [];
    const rule = ALLOCATION_RULES[step.allocation.rule];
    const costsOf = costTable(registry[step.method], step);
    const shapes: MatrixShape[] = [];
    const targets = layers.filter(({ name }) => stepOf(recipe, name) === step).map((layer) => {
      const source = model.node(layer.name);
      const shape = shapeOfNode(source);
      shapes.push(shape);
      const costs = costsOf(shape);
      const denseBytes = byteLengthOf(keptNode(source, recipe.dtype));
      const trials = rule.needsTable ? trialsOf({ costs, denseBytes }) : [];
      return { ...layer, step, costs, denseBytes, trials };
    });
    const name = `Step ${index + 1} (${step.method})`;
    return [{ name, rule, targets, budget: budgetOf(step, shapes) }];
  });
}

/** Tells the bytes at every rank; layers of one shape share the answer. */
function costTable({ plan }: Method, { options }: Step): (shape: MatrixShape) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  const costOf = (shape: MatrixShape, rank: number) => {
    try {
      return byteLengthOf(plan(shape, { ...options, rank }));
    } catch (error) {
      // Beyond what saves numbers, or not what a quantizer of the factors can divide.
      if (error instanceof RangeError) return Infinity;
      throw error;
    }
  };
  return (shape) => {
    const key = shape.join();
    const found = known.get(key) ??
      Array.from({ length: Math.min(...shape) }, (_, i) => costOf(shape, i + 1));
    known.set(key, found);
    return found;
  };
}

function trialsOf(layer: Pick<RankTarget, "costs" | "denseBytes">): RankTarget["trials"] {
  const trials = new Map<number, number>();
  for (const keep of SENSITIVITY_KEEPS) {
    const rank = rankAt(layer, keep);
    // Small layers have one rank for several shares, and what is dense needs no trial.
    if (rank !== null && !trials.has(rank)) trials.set(rank, keep);
  }
  return Array.from(trials, ([rank, keep]) => ({ keep, rank }));
}

function budgetOf({ allocation, options }: Step, shapes: readonly MatrixShape[]): number {
  if (allocation?.bytes !== undefined) return allocation.bytes;
  const { factorDtype: dtype = "f16" } = options as LowRankOptions;
  const dense = shapes.reduce(
    (sum, shape) => sum + byteLengthOf({ form: "dense", shape, dtype }),
    0,
  );
  return (allocation?.keep ?? 1) * dense;
}
