// Problems of arithmetic that no training text holds, in the forms that its texts have; products are
// small and all in the training text, and stand here to be compared with.

import { count } from "./text/english/grammar.ts";
import { GOODS } from "./text/english/things.ts";
import {
  type Operation,
  type Problem as Operands,
  problemsOf,
  solve,
} from "./text/arithmetic/problems.ts";
import type { Problem } from "./solve_problems.ts";

/** How many problems of one kind at most. */
const MOST = 200;

type Solved = Exclude<Operation, "<">;

/**
 * Lists problems of the test split.
 *
 * @returns The problems, kind by kind.
 */
export function heldOutProblems(): Problem[] {
  const sums = spread(problemsOf("test", "+"));
  const differences = spread(problemsOf("test", "-"));
  const comparisons = spread(problemsOf("test", "<"));
  return [
    ...sums.map((pair) => equation("sum", "+", pair)),
    ...differences.map((pair) => equation("difference", "-", pair)),
    ...sums.map((pair) => question("sum, asked for", "+", pair)),
    ...differences.map((pair) => question("difference, asked for", "-", pair)),
    ...sums.map((pair) => story("sum in a story", "+", "She gets", " more", pair)),
    ...differences.map((pair) => story("difference in a story", "-", "She loses", "", pair)),
    ...comparisons.map(comparison),
    ...products().map((pair) => equation("product, of those seen", "x", pair)),
  ];
}

/** As many as wanted, evenly from the whole list. */
function spread(pairs: readonly Operands[]): Operands[] {
  const count = Math.min(MOST, pairs.length);
  return Array.from({ length: count }, (_, i) => pairs[Math.floor(i * pairs.length / count)]);
}

function products(): Operands[] {
  const factors = Array.from({ length: 10 }, (_, i) => i + 1);
  return factors.flatMap((left) => factors.map((right): Operands => [left, right]));
}

// What ends an answer is part of it: 4 is no answer where 42 is.

function equation(kind: string, operation: Solved, pair: Operands): Problem {
  const prompt = `${pair.join(` ${operation} `)} =`;
  return { kind, prompt, answer: ` ${solve(operation, pair)}\n` };
}

function question(kind: string, operation: Solved, pair: Operands): Problem {
  const prompt = `What is ${pair.join(` ${operation} `)}? It is`;
  return { kind, prompt, answer: ` ${solve(operation, pair)}.` };
}

function story(
  kind: string,
  operation: Solved,
  verb: string,
  end: string,
  pair: Operands,
): Problem {
  const [left, right] = pair;
  const prompt = `Lily has ${count(left, GOODS[0])}. ${verb} ${right}${end}.`;
  const answer = ` ${left} ${operation} ${right} = ${solve(operation, pair)}.`;
  return { kind, prompt, answer };
}

function comparison([left, right]: Operands): Problem {
  const prompt = `Which is more, ${left} or ${right}? It is`;
  return { kind: "comparison", prompt, answer: ` ${Math.max(left, right)}.` };
}
