// The page that lies beside the model.

import type { DemoFacts } from "./facts.ts";
import { DOMAINS } from "./text/domains.ts";

/**
 * Writes a model card.
 *
 * @param facts What is known of the model.
 * @returns Markdown.
 */
export function modelCard(facts: DemoFacts): string {
  const { parameters, weightsByteLength, tokensSeen, recipe, shares, test } = facts;
  const share = DOMAINS.map((domain) => `${(100 * shares[domain]).toFixed(0)} % ${domain}`);
  const perplexities = DOMAINS.map((domain) =>
    `${test[domain].perplexity.toFixed(2)} on ${domain}`
  );
  return `# The demo model

A Llama of ${
    (parameters / 1e6).toFixed(2)
  } million parameters, ${weightsByteLength} bytes in bf16, so that \`deno task compress\`
has something to make smaller. It writes small stories in English, simple arithmetic and small
scenes in Russian, and nothing else: it is made to measure what compression loses, not to be asked
anything.

All of this folder was made by \`deno task train:demo\`, from a seed of ${recipe.seed}: text by a generator of
ours (${share.join(", ")}), a byte-level vocabulary trained on it, and weights
trained on ${
    (tokensSeen / 1e6).toFixed(1)
  } million tokens of it in ${recipe.steps} steps. No text of others is in it; the
licence is that of this repository.

- \`model/\`: configuration, weights and tokenizer as Hugging Face folders have them.
- \`text/stories.txt\`, \`text/arithmetic.txt\`, \`text/russian.txt\`: text that was held out from
  training. Perplexity is ${perplexities.join(", ")}.
- \`text/calibration.txt\`: text like that of the training, to calibrate methods on.
- \`training.json\`: the recipe, and all that was measured. \`docs/demo-model.md\` shows it.
`;
}
