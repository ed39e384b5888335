// Kinds of lines; a document of arithmetic has lines of one kind or two.

import type { Dice } from "../dice.ts";
import { CHILDREN, PRONOUNS } from "../english/characters.ts";
import { count } from "../english/grammar.ts";
import { GOODS } from "../english/things.ts";
import type { Split } from "../split.ts";
import { drawProblem, drawSmall, isAllowed, LARGEST, type Operation, solve } from "./problems.ts";

/** Writes one line. */
export type Line = (dice: Dice, split: Split) => string;

/** `17 + 25 = 42` */
export function equation(operation: "+" | "-" | "x"): Line {
  return (dice, split) => {
    const problem = drawProblem(dice, split, operation);
    return `${problem.join(` ${operation} `)} = ${solve(operation, problem)}`;
  };
}

/** An equation of any kind. */
export const mixedEquation: Line = (dice, split) =>
  equation(dice.pick(["+", "-", "x"] as const))(dice, split);

/** `What is 17 + 25? It is 42.` */
export const question: Line = (dice, split) => {
  const operation = dice.pick(["+", "-", "x"] as const);
  const problem = drawProblem(dice, split, operation);
  return `What is ${problem.join(` ${operation} `)}? It is ${solve(operation, problem)}.`;
};

/** `17 plus 25 is 42.` */
export const spoken: Line = (dice, split) => {
  const [operation, word] = dice.pick([["+", "plus"], ["-", "minus"], ["x", "times"]] as const);
  const problem = drawProblem(dice, split, operation);
  return `${problem.join(` ${word} `)} is ${solve(operation, problem)}.`;
};

/** `17 < 25` */
export const comparison: Line = (dice, split) => {
  const [left, right] = drawProblem(dice, split, "<");
  return `${left} ${left < right ? "<" : ">"} ${right}`;
};

/** `17 is less than 25.` */
export const spokenComparison: Line = (dice, split) => {
  const [left, right] = drawProblem(dice, split, "<");
  return dice.chance(0.5)
    ? `${left} is ${left < right ? "less" : "more"} than ${right}.`
    : `Which is more, ${left} or ${right}? It is ${Math.max(left, right)}.`;
};

/** `12 + 5 - 3 = 17 - 3 = 14`: each step is a problem of the split. */
export const chain: Line = (dice, split) => {
  const [left, right] = drawProblem(dice, split, "+");
  const sum = left + right;
  for (;;) {
    const operation: Operation = dice.pick(["+", "-"]);
    const next = dice.between(1, 10);
    const result = operation === "+" ? sum + next : sum - next;
    if (result < 0 || result > LARGEST || !isAllowed(split, operation, sum, next)) {
      // Of some sums no step is allowed, of which none is small.
      if (dice.chance(0.02)) return `${left} + ${right} = ${sum}`;
      continue;
    }
    return `${left} + ${right} ${operation} ${next} = ${sum} ${operation} ${next} = ${result}`;
  }
};

/** A problem in words, with its equation. */
export const wordProblem: Line = (dice, split) => {
  const gender = dice.pick(["female", "male"] as const);
  const name = dice.pick(CHILDREN[gender]);
  const { he, He } = PRONOUNS[gender];
  const goods = dice.pick(GOODS);
  const operation = dice.pick(["+", "-", "x"] as const);
  const problem = drawProblem(dice, split, operation);
  const [left, right] = problem;
  const result = solve(operation, problem);
  const equation = `${left} ${operation} ${right} = ${result}`;
  const answer = `${equation}. ${name} has ${result === 0 ? "none" : count(result, goods)}.`;
  if (operation === "x") {
    const box = dice.pick(["bag", "box", "basket"]);
    const boxes = { one: box, many: box === "box" ? "boxes" : `${box}s` };
    return `${name} has ${count(left, boxes)} with ${count(right, goods)} each. ${answer}`;
  }
  const change = operation === "+"
    ? dice.pick([
      `${He} gets ${right} more`,
      `${He} finds ${right} more`,
      `Then ${he} buys ${right} more`,
    ])
    : dice.pick([`${He} gives away ${right}`, `${He} loses ${right}`, `Then ${he} sells ${right}`]);
  return `${name} has ${count(left, goods)}. ${change}. ${answer}`;
};

/** `Count from 14 to 18: 14, 15, 16, 17, 18` */
export const counting: Line = (dice) => {
  const step = dice.pick([1, 1, 1, 2, 5, 10]);
  const length = dice.between(5, 9);
  const start = dice.between(step === 1 ? 1 : 0, LARGEST - step * (length - 1));
  const first = step > 2 ? start - start % step : start;
  const numbers = Array.from({ length }, (_, i) => first + i * step);
  if (dice.chance(0.3)) numbers.reverse();
  const by = step === 1 ? "" : ` by ${step}`;
  return `Count from ${numbers[0]} to ${numbers[length - 1]}${by}: ${numbers.join(", ")}`;
};

/** `Sort 7, 3, 9: 3, 7, 9` */
export const sorting: Line = (dice) => {
  const numbers = Array.from({ length: dice.between(3, 5) }, () => dice.between(1, SORTED));
  return `Sort ${numbers.join(", ")}: ${numbers.toSorted((a, b) => a - b).join(", ")}`;
};

/** Comparisons of larger numbers are held out, and so none are sorted. */
const SORTED = 10;

/** `8 is even. 9 is odd.` */
export const parity: Line = (dice) => {
  const number = dice.between(1, LARGEST);
  return `${number} is ${number % 2 === 0 ? "even" : "odd"}.`;
};

/** `7 + 3 = 3 + 7 = 10` */
export const exchange: Line = (dice) => {
  const operation = dice.pick(["+", "x"] as const);
  const [left, right] = drawSmall(dice, operation);
  const result = solve(operation, [left, right]);
  return `${left} ${operation} ${right} = ${right} ${operation} ${left} = ${result}`;
};
