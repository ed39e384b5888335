// The problems there are: two operands and an operation. Small ones may stand anywhere; each of the
// others belongs to one split, so that a model can be asked what it has never read.

import type { Dice } from "../dice.ts";
import { type Split, splitOfProblem, SPLITS } from "../split.ts";

/** What is done with two numbers; `<` stands for which one is less. */
export type Operation = "+" | "-" | "x" | "<";

/** Two numbers and what is done with them. */
export type Problem = readonly [left: number, right: number];

/** Both operands of a small problem are at most this. */
export const SMALL = 10;

/** No number in a document is above this, but for products. */
export const LARGEST = 99;

const OPERATIONS: readonly Operation[] = ["+", "-", "x", "<"];

/** Tells whether there is such a problem at all. */
function exists(operation: Operation, left: number, right: number): boolean {
  if (operation === "+") return left + right <= LARGEST;
  if (operation === "-") return left >= right;
  if (operation === "x") return left <= SMALL && right <= SMALL;
  return left !== right;
}

/**
 * Tells whether a problem may stand in the documents of a split. The two orders of a sum, of a
 * product and of a comparison are one problem.
 *
 * @param split The split.
 * @param operation What is done with the numbers.
 * @param left The first number.
 * @param right The second one.
 */
export function isAllowed(
  split: Split,
  operation: Operation,
  left: number,
  right: number,
): boolean {
  if (left <= SMALL && right <= SMALL) return true;
  const sorted = operation === "-" || left < right ? [left, right] : [right, left];
  return splitOfProblem(sorted.join(operation)) === split;
}

/** Computes what stands behind the equals sign. */
export function solve(operation: Exclude<Operation, "<">, [left, right]: Problem): number {
  if (operation === "+") return left + right;
  return operation === "-" ? left - right : left * right;
}

/** The problems with a number above ten, of each split and operation. */
const LARGE: Readonly<Record<Split, Readonly<Record<Operation, readonly Problem[]>>>> =
  largeProblems();

function largeProblems(): Record<Split, Record<Operation, Problem[]>> {
  const empty = (): Record<Operation, Problem[]> => ({ "+": [], "-": [], "x": [], "<": [] });
  const problems = { train: empty(), validation: empty(), test: empty() };
  for (const operation of OPERATIONS) {
    for (let left = 1; left <= LARGEST; left++) {
      for (let right = 1; right <= LARGEST; right++) {
        if ((left <= SMALL && right <= SMALL) || !exists(operation, left, right)) continue;
        const split = SPLITS.find((name) => isAllowed(name, operation, left, right));
        if (split) problems[split][operation].push([left, right]);
      }
    }
  }
  return problems;
}

/**
 * Lists the problems that only the documents of one split hold.
 *
 * @param split The split.
 * @param operation What is done with the numbers; products are small and held out nowhere.
 * @returns All of them, in both orders.
 */
export function problemsOf(split: Split, operation: Operation): readonly Problem[] {
  return LARGE[split][operation];
}

/** Draws a problem with two numbers up to ten. */
export function drawSmall(dice: Dice, operation: Operation): Problem {
  for (;;) {
    const left = dice.between(1, SMALL);
    const right = dice.between(1, SMALL);
    if (exists(operation, left, right)) return [left, right];
  }
}

/** Draws a problem that may stand in the documents of a split, most often a large one. */
export function drawProblem(dice: Dice, split: Split, operation: Operation): Problem {
  if (operation === "x" || dice.chance(0.25)) return drawSmall(dice, operation);
  return dice.pick(LARGE[split][operation]);
}
