// What compress prints for the demo model: for somebody who sees such numbers for the first time.

import type { Recipe } from "@pare/pipeline";
import type { Comparison, Sample } from "./compare_models.ts";
import type { Sizes } from "./compress_sizes.ts";
import { DEMO_TEXTS, demoPath } from "./demo.ts";
import { REGISTRY } from "./registry.ts";
import { formatTable } from "./table.ts";
import { denoCommand } from "./terminal.ts";

/** What the report is made of. */
export interface DemoReportInput {
  /** The folder of the result. */
  readonly output: string;
  /** What was done. */
  readonly recipe: Recipe;
  /** How many tokens the model knows. */
  readonly vocabularySize: number;
  /** How large the model was and is. */
  readonly sizes: Sizes;
  /** What it cost. */
  readonly comparisons: readonly Comparison[];
}

/** Lays out the report. */
export function reportDemo(input: DemoReportInput): string {
  const { output, recipe, vocabularySize, sizes, comparisons } = input;
  return [
    `A language model of ${count(sizes.layers.weights)} weights, before and after:`,
    "",
    numbers(input),
    "",
    "Perplexity: among how many next tokens the model wavers, on texts that it was not trained on.",
    `1 is certainty; a model that has learnt nothing wavers among all ${count(vocabularySize)}.`,
    "",
    "How both go on with a text, taking the likeliest next token each time:",
    ...comparisons.flatMap(({ name, sample }) => sample ? ["", writing(name, sample)] : []),
    "",
    ...recipe.steps.map(({ method, options }) => {
      const chosen = Object.entries(options).map(([name, value]) => `${name} ${value}`);
      const summary = REGISTRY[method].summary.replace(/;.*/, "");
      return `How: ${method}${chosen.length ? ` (${chosen.join(", ")})` : ""}. ${summary}.`;
    }),
    `The result is in ${output}. What to try next:`,
    "",
    suggestions(output),
  ].join("\n");
}

function numbers({ sizes: { files, layers }, comparisons }: DemoReportInput): string {
  const change = (before: number, after: number) => {
    const percent = 100 * (after / before - 1);
    return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(1)} %`;
  };
  const row = (name: string, before: number, after: number, write: (value: number) => string) => [
    name,
    write(before),
    write(after),
    change(before, after),
  ];
  const bits = (bytes: number) => 8 * bytes / layers.weights;
  return formatTable(["", "before", "after", "change"], [
    row("bytes on disk", files.before, files.after, count),
    row("bits per weight", bits(layers.before), bits(layers.after), decimal),
    ...comparisons.map(({ name, summary: { perplexity, against } }) =>
      row(
        `perplexity, ${name}`,
        against?.perplexity.mean ?? NaN,
        perplexity.mean,
        decimal,
      )
    ),
  ]);
}

function writing(name: string, { prompt, before, after }: Sample): string {
  const line = (title: string, text: string) =>
    wrap(`  ${title.padEnd(8)}`, oneLine(text) || "(ends there)");
  return [`${name}: ${oneLine(prompt)} …`, line("before", before), line("after", after)].join("\n");
}

/** A text on lines of at most 100 characters, the first behind a title and the others below it. */
function wrap(title: string, text: string): string {
  const lines: string[] = [];
  let line = title;
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > 100 && line !== title) {
      lines.push(line);
      line = " ".repeat(title.length);
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** A number to four digits; of large ones, the whole part. */
function decimal(value: number): string {
  return value < 1000 ? value.toPrecision(4) : count(Math.round(value));
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function suggestions(output: string): string {
  const [{ file, prompt }] = DEMO_TEXTS;
  const lines: readonly (readonly [meaning: string, command: string])[] = [
    ["Let it write, by chance", `generate ${output} --prompt "${prompt}" --temperature 0.8`],
    ["Measure more", `evaluate ${output} --text ${demoPath(file)} --against demo`],
    ["See what became of each layer", `inspect ${output}`],
    [
      "Fewer bits",
      'compress demo --method rtn --bits 3 --group 32 --layers "**" --output demo-3-bit',
    ],
    ["Another method", "compress demo --method asvd --keep 0.8"],
    ["A model of your own", "compress model/ --method rtn --bits 4 --output smaller/"],
  ];
  return lines.map(([meaning, command]) => `  # ${meaning}\n  ${denoCommand()} task ${command}`)
    .join("\n");
}
