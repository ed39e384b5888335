import { assert, assertEquals } from "@std/assert";
import { documents } from "../generate_document.ts";
import { type Split, splitOfProblem, SPLITS } from "../split.ts";
import { problemsOf } from "./problems.ts";

/** A step of a computation, as a reader finds it in a text. */
interface Step {
  readonly sign: string;
  readonly left: number;
  readonly right: number;
  readonly result: number;
}

const WORDS: Readonly<Record<string, string>> = { plus: "+", minus: "-", times: "x" };

/** Reads `12 + 5 - 3` from left to right. */
function readExpression(text: string): { steps: Step[]; value: number } {
  const [first, ...rest] = text.trim().split(" ");
  assert(/^\d+$/.test(first), text);
  let value = Number(first);
  const steps: Step[] = [];
  for (let i = 0; i < rest.length; i += 2) {
    const sign = WORDS[rest[i]] ?? rest[i];
    assert(/^\d+$/.test(rest[i + 1]), text);
    const right = Number(rest[i + 1]);
    const result = sign === "+" ? value + right : sign === "-" ? value - right : value * right;
    assert(["+", "-", "x"].includes(sign), text);
    steps.push({ sign, left: value, right, result });
    value = result;
  }
  return { steps, value };
}

/** Reads all sides of an equation, which must be equal, and returns the steps of all. */
function readEquation(text: string): Step[] {
  const sides = text.split(/ = | is /).map(readExpression);
  for (const { value } of sides) assertEquals(value, sides[0].value, text);
  return sides.flatMap(({ steps }) => steps);
}

/** Checks what a line says, and returns the problems that it holds. */
function readLine(line: string): Step[] {
  if (/^[\d x+=-]+$/.test(line)) return readEquation(line);
  const spoken = /^(\d+ (?:plus|minus|times) \d+ is \d+)\.$/.exec(line);
  if (spoken) return readEquation(spoken[1]);
  const question = /^What is ([\d x+-]+)\? It is (\d+)\.$/.exec(line);
  if (question) return readEquation(`${question[1]} = ${question[2]}`);
  const compared = /^(\d+) (?:(<|>)|is (less|more) than) (\d+)\.?$/.exec(line);
  if (compared) {
    const [left, right] = [Number(compared[1]), Number(compared[4])];
    const saysLess = compared[2] === "<" || compared[3] === "less";
    assertEquals(left < right, saysLess, line);
    return [{ sign: "<", left, right, result: 0 }];
  }
  const which = /^Which is more, (\d+) or (\d+)\? It is (\d+)\.$/.exec(line);
  if (which) {
    const [left, right, most] = which.slice(1).map(Number);
    assertEquals(most, Math.max(left, right), line);
    return [{ sign: "<", left, right, result: 0 }];
  }
  const counted = /^Count from (\d+) to (\d+)(?: by (\d+))?: ([\d, ]+)$/.exec(line);
  if (counted) {
    const numbers = counted[4].split(", ").map(Number);
    const step = Number(counted[3] ?? 1) * (numbers[1] > numbers[0] ? 1 : -1);
    assertEquals([numbers[0], numbers.at(-1)], [Number(counted[1]), Number(counted[2])], line);
    numbers.forEach((number, i) => assertEquals(number, numbers[0] + i * step, line));
    return [];
  }
  const sorted = /^Sort ([\d, ]+): ([\d, ]+)$/.exec(line);
  if (sorted) {
    const numbers = sorted[1].split(", ").map(Number);
    assertEquals(sorted[2], numbers.toSorted((a, b) => a - b).join(", "), line);
    assert(numbers.every((number) => number <= 10), line);
    return [];
  }
  const parity = /^(\d+) is (even|odd)\.$/.exec(line);
  if (parity) {
    assertEquals(Number(parity[1]) % 2 === 0, parity[2] === "even", line);
    return [];
  }
  return readWordProblem(line);
}

/** Checks that the equation is of the numbers told, and that the answer is its result. */
function readWordProblem(line: string): Step[] {
  const parts = /^(.*)\. (\d+ [x+-] \d+ = \d+)\. (\w+) has (none|\d+)( \w+)?\.$/.exec(line);
  assert(parts, line);
  const [, told, equation, name, answer] = parts;
  const [step] = readEquation(equation);
  assertEquals(told.match(/\d+/g)?.map(Number), [step.left, step.right], line);
  assertEquals(answer === "none" ? 0 : Number(answer), step.result, line);
  assert(told.startsWith(`${name} has `), line);
  const sign = / each$/.test(told) ? "x" : /more$/.test(told) ? "+" : "-";
  assertEquals(step.sign, sign, line);
  for (const [, number, noun] of line.matchAll(/(\d+) ([a-z]+)/g)) {
    if (noun === "x" || noun === "more") continue;
    assertEquals(noun.endsWith("s"), number !== "1", line);
  }
  return [step];
}

/** Tells where a problem may stand, from its numbers alone. */
function allowedSplits({ sign, left, right }: Step): readonly Split[] {
  if (left <= 10 && right <= 10) return SPLITS;
  const [low, high] = sign !== "-" && left > right ? [right, left] : [left, right];
  return [splitOfProblem(`${low}${sign}${high}`)];
}

for (const split of SPLITS) {
  Deno.test(`writeArithmetic() is right, and holds no problem of another split: ${split}`, () => {
    const seen = new Map<string, number>();
    let large = 0;
    for (
      const text of documents("arithmetic", split, { seed: 4 }).take(split === "train" ? 5000 : 200)
    ) {
      for (const line of text.split("\n")) {
        for (const step of readLine(line)) {
          assert(allowedSplits(step).includes(split), `${split}: ${line}`);
          seen.set(step.sign, (seen.get(step.sign) ?? 0) + 1);
          if (step.left > 10 || step.right > 10) large++;
        }
      }
    }
    assertEquals([...seen.keys()].toSorted(), ["+", "-", "<", "x"]);
    assert(large > 500, `${large} problems that could be held out`);
  });
}

Deno.test("problemsOf() shares out all sums and differences", () => {
  for (const operation of ["+", "-", "<"] as const) {
    const sizes = SPLITS.map((split) => problemsOf(split, operation).length);
    const all = SPLITS.flatMap((split) => problemsOf(split, operation).map(String));
    assertEquals(new Set(all).size, all.length);
    for (const size of sizes.slice(1)) {
      // A share of 0.05; both orders are one problem, so that the variance is at most doubled.
      const expected = 0.05 * all.length;
      assert(Math.abs(size - expected) < 5 * Math.sqrt(2 * expected), `${operation} ${sizes}`);
    }
  }
  // All pairs with a sum up to 99, less the 100 with both at most ten.
  const sums = SPLITS.reduce((count, split) => count + problemsOf(split, "+").length, 0);
  assertEquals(sums, 98 * 99 / 2 - 100);
});
