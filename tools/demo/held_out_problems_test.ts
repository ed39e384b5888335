import { assert, assertEquals } from "@std/assert";
import { heldOutProblems } from "./held_out_problems.ts";
import { generateDocument } from "./text/generate_document.ts";

Deno.test("heldOutProblems() has answers that are right and end", () => {
  const problems = heldOutProblems();
  for (const { prompt, answer } of problems) {
    const equation = /(\d+) ([-+x]) (\d+)(?: =|\? It is| = )/.exec(prompt + answer);
    if (!equation) continue;
    const [left, right] = [Number(equation[1]), Number(equation[3])];
    const result = { "+": left + right, "-": left - right, "x": left * right }[equation[2]];
    assert(new RegExp(`(^|[ =])${result}[.\n]$`).test(answer), prompt + answer);
  }
  const kinds = new Map(problems.map(({ kind, prompt, answer }) => [kind, prompt + answer]));
  assertEquals(kinds.size, 8);
  assert(/^Which is more, (\d+) or (\d+)\? It is (\1|\2)\.$/.test(kinds.get("comparison") ?? ""));
});

Deno.test("heldOutProblems() asks what no training text answers, but for products", () => {
  const texts = Array.from(
    { length: 3000 },
    (_, index) => generateDocument("arithmetic", { split: "train", seed: 1, index }),
  ).join("\n");
  const equations = new Set(texts.match(/\b\d+ [-+x] \d+\b/g));
  // There are enough of them for one of two hundred sums to be among them if any might be.
  assert(equations.size > 3000, `${equations.size}`);
  for (const { kind, prompt, answer } of heldOutProblems()) {
    const [equation] = /\d+ [-+x] \d+/.exec(prompt + answer) ?? [""];
    if (!equation) continue;
    assertEquals(equations.has(equation), kind.startsWith("product"), `${kind}: ${equation}`);
  }
});

Deno.test("heldOutProblems() has the forms that documents of arithmetic have", () => {
  const texts = Array.from(
    { length: 3000 },
    (_, index) => generateDocument("arithmetic", { split: "test", seed: 1, index }),
  ).join("\n");
  const formOf = (text: string) => text.replaceAll(/\d+/g, "1").trim();
  const kinds = new Map(heldOutProblems().map((problem) => [problem.kind, problem]));
  const forms = formOf(texts)
    // Names and goods differ, and who is named is a she or a he.
    .replaceAll(/\b[A-Z][a-z]+ has 1 [a-z]+\. (She|He)/g, "Lily has 1 apples. She");
  for (const { kind, prompt, answer } of kinds.values()) {
    assert(forms.includes(formOf(prompt + answer)), `${kind}: ${prompt}${answer}`);
  }
});
