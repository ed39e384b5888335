import type { Dice } from "../dice.ts";
import type { Split } from "../split.ts";
import {
  chain,
  comparison,
  counting,
  equation,
  exchange,
  type Line,
  mixedEquation,
  parity,
  question,
  sorting,
  spoken,
  spokenComparison,
  wordProblem,
} from "./lines.ts";
import { SMALL } from "./problems.ts";

/** Kinds of documents: how many lines of which kinds. */
const KINDS: readonly {
  readonly lines: readonly Line[];
  readonly from: number;
  readonly to: number;
}[] = [
  { lines: [equation("+")], from: 8, to: 14 },
  { lines: [equation("-")], from: 8, to: 14 },
  { lines: [equation("+"), equation("-")], from: 8, to: 14 },
  { lines: [mixedEquation], from: 8, to: 14 },
  { lines: [mixedEquation, exchange], from: 8, to: 12 },
  { lines: [question], from: 6, to: 10 },
  { lines: [spoken], from: 7, to: 11 },
  { lines: [comparison], from: 8, to: 14 },
  { lines: [spokenComparison], from: 6, to: 10 },
  { lines: [chain], from: 5, to: 8 },
  { lines: [wordProblem], from: 3, to: 6 },
  { lines: [wordProblem, question], from: 4, to: 7 },
  { lines: [counting], from: 3, to: 6 },
  { lines: [sorting, parity], from: 6, to: 10 },
];

/**
 * Writes a document of arithmetic: some lines of the same kind, or a table of products.
 *
 * @param dice Where the choices come from.
 * @param split Whose problems it may hold.
 * @returns The document.
 */
export function writeArithmetic(dice: Dice, split: Split): string {
  const kind = dice.below(KINDS.length + 1);
  if (kind === KINDS.length) return table(dice);
  const { lines, from, to } = KINDS[kind];
  return Array.from({ length: dice.between(from, to) }, () => dice.pick(lines)(dice, split))
    .join("\n");
}

/** A table of products, sums or differences of small numbers, and some lines that ask for it. */
function table(dice: Dice): string {
  const factor = dice.between(1, SMALL);
  const first = dice.between(1, 4);
  const last = dice.between(7, SMALL);
  const rows = Array.from({ length: last - first + 1 }, (_, i) => {
    const other = first + i;
    return `${other} x ${factor} = ${other * factor}`;
  });
  const asked = Array.from({ length: 4 }, () => {
    const other = dice.between(first, last);
    return `What is ${other} x ${factor}? It is ${other * factor}.`;
  });
  return [...rows, ...asked].join("\n");
}
