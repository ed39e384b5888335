// The page about the demo model, docs/demo-model.md, from what was measured.

import { INPUT_GROUPS, type InputGroup } from "@pare/model";
import type { DemoFacts } from "./facts.ts";
import { markdownTable } from "./markdown_table.ts";
import type { OutlierRatios } from "./outliers.ts";
import { type Domain, DOMAINS } from "./text/domains.ts";

/** What a group of linear layers is called on the page. */
const READERS: Readonly<Record<InputGroup, string>> = {
  attention: "q, k, v",
  o: "o",
  mlp: "gate, up",
  down: "down",
};

/**
 * Writes the page.
 *
 * @param facts What is known of the model.
 * @returns Markdown.
 */
export function demoPage(facts: DemoFacts): string {
  const millions = (facts.parameters / 1e6).toFixed(2);
  return `# The demo model

What \`deno task compress\` makes smaller where no other model is named: a Llama of ${millions} million
parameters that was trained here, on text that a generator of ours writes. \`deno task train:demo\`
makes all of it, this page and its picture too. The same seed gives the same bytes with the same
version of this repository, on any number of threads, whether it was interrupted or not.

## What it is

${shapeTable(facts)}

The weights take ${facts.weightsByteLength} bytes in bf16; their SHA-256 is
\`${facts.weightsSha256}\`.

## How it was trained

${recipeTable(facts)}

Windows hold documents one after another, each behind \`<|endoftext|>\`; every other window begins
inside a document, as texts are evaluated in windows that are cut anywhere. Every window is written
anew from its number, so that no text is seen twice but by chance. Matrices decay, gains of norms do
not.

![Losses against tokens seen](demo-loss.svg)

Loss on validation text, in nats per token:

${curveTable(facts)}

## How well it predicts

Text of the test split, which no training text overlaps with, by the weights as they were written:

${testTable(facts)}

## How it calculates

Problems that no training text holds, answered with the likeliest token each time:

${arithmeticTable(facts)}

## How it goes on

Beginnings of documents of the test split, and what the model makes of them with the likeliest token
each time:

${DOMAINS.map((domain) => samples(facts, domain)).join("\n\n")}

## How activations stand out

The largest activation over the root mean square of all; behind the stroke, the root mean square of
the largest channel over that of the median channel. Numbers drawn from a normal distribution would
show about 5 and 1.

${outlierTable(facts)}
`;
}

function shapeTable({ shape }: DemoFacts): string {
  return markdownTable(
    ["", ""],
    Object.entries(shape).map(([name, value]) => [name, String(value)]),
  );
}

function recipeTable({ recipe, tokensSeen, shares, trainingLoss, device }: DemoFacts): string {
  const share = DOMAINS.map((domain) => `${domain} ${(100 * shares[domain]).toFixed(0)} %`);
  return markdownTable(["", ""], [
    ["tokens seen", `${(tokensSeen / 1e6).toFixed(1)} million`],
    ["of these", share.join(", ")],
    ["steps", String(recipe.steps)],
    ["tokens in a step", `${recipe.windows} windows of ${recipe.windowLength}`],
    ["optimizer", `AdamW, β ${recipe.beta1} and ${recipe.beta2}`],
    ["weight decay", String(recipe.weightDecay)],
    [
      "learning rate",
      `${recipe.learningRate}; rises for ${recipe.warmupSteps} steps, falls for the last ${recipe.cooldownSteps}`,
    ],
    ["gradients", `clipped to a norm of ${recipe.maxNorm}`],
    ["initial weights", `standard deviation ${recipe.initialDeviation}`],
    ["seed", String(recipe.seed)],
    ["device", device],
    ["training loss at the end", trainingLoss.toFixed(4)],
  ], ["left", "left"]);
}

/** The losses at ten points of the run, the last one at its end. */
function curveTable({ curve }: DemoFacts): string {
  const rows = Array.from({ length: 10 }, (_, i) => Math.ceil(curve.length * (i + 1) / 10) - 1);
  return markdownTable(
    ["tokens seen, millions", ...DOMAINS],
    [...new Set(rows)].map((row) => {
      const { tokens, heldOut } = curve[row];
      return [(tokens / 1e6).toFixed(1), ...DOMAINS.map((domain) => heldOut[domain].toFixed(4))];
    }),
    ["right", ...DOMAINS.map(() => "right" as const)],
  );
}

function testTable({ test }: DemoFacts): string {
  return markdownTable(
    ["domain", "tokens", "loss, nats per token", "perplexity"],
    DOMAINS.map((domain) => {
      const { tokens, loss, standardError, perplexity } = test[domain];
      return [
        domain,
        String(tokens),
        `${loss.toFixed(4)} ± ${standardError.toFixed(4)}`,
        perplexity.toFixed(3),
      ];
    }),
  );
}

function arithmeticTable({ arithmetic }: DemoFacts): string {
  const total = arithmetic.reduce((sum, { problems }) => sum + problems, 0);
  const right = arithmetic.reduce((sum, row) => sum + row.right, 0);
  const share = (part: number, whole: number) => `${(100 * part / whole).toFixed(1)} %`;
  return markdownTable(["kind", "example", "problems", "right", "share"], [
    ...arithmetic.map(({ kind, example, problems, right }) => [
      kind,
      `\`${example.trimEnd()}\``,
      String(problems),
      String(right),
      share(right, problems),
    ]),
    ["all", "", String(total), String(right), share(right, total)],
  ], ["left", "left", "right", "right", "right"]);
}

/** Prompts and what came after them; a bar stands between the two. */
function samples({ continuations }: DemoFacts, domain: Domain): string {
  const texts = continuations[domain].map(({ prompt, text }) => `${prompt}▌${text}`);
  return [`### ${domain}`, ...texts.map((text) => "```text\n" + text.trimEnd() + "\n```")]
    .join("\n\n");
}

function outlierTable({ outliers }: DemoFacts): string {
  const cell = ({ peak, channel }: OutlierRatios) => `${peak.toFixed(1)} / ${channel.toFixed(1)}`;
  return markdownTable(
    ["block", "residual stream", ...INPUT_GROUPS.map((group) => READERS[group])],
    outliers.map(({ index, residual, inputs }) => [
      String(index),
      cell(residual),
      ...INPUT_GROUPS.map((group) => cell(inputs[group])),
    ]),
  );
}
