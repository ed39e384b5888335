// What a trained demo model does with text it has never seen.

import { evaluate } from "@pare/evaluators";
import type { Device } from "@pare/linalg";
import { bindModel, type BoundModel, type Model, type Tokenizer } from "@pare/model";
import { packDocuments } from "../../packages/cli/windows.ts";
import { type Continuation, continueGreedily } from "./continuations.ts";
import type { DemoFacts, TextFacts } from "./facts.ts";
import { measureOutliers } from "./outliers.ts";
import { type Domain, DOMAINS } from "./text/domains.ts";
import { perDomain } from "./per_domain.ts";
import { type Problem, solveProblems } from "./solve_problems.ts";

/** Options of {@linkcode measureDemo}. */
export interface MeasureDemoOptions {
  /** The model, as it was written. */
  readonly model: Model;
  /** Its tokenizer. */
  readonly tokenizer: Tokenizer;
  /** Documents of the test split. */
  readonly texts: Readonly<Record<Domain, readonly string[]>>;
  /** Beginnings of documents to go on with. */
  readonly prompts: Readonly<Record<Domain, readonly string[]>>;
  /** Problems to solve. */
  readonly problems: readonly Problem[];
  /** Where to compute. */
  readonly device: Device;
}

/** What is measured of a trained model. */
export type DemoMeasurements = Pick<
  DemoFacts,
  "test" | "arithmetic" | "continuations" | "outliers"
>;

/** Windows of each domain whose activations are looked at. */
const OUTLIER_WINDOWS = 8;

/** How far a continuation goes at most. */
const CONTINUATION_TOKENS = 100;

/**
 * Measures a model.
 *
 * @param options The model, and what to measure it on.
 * @returns Losses, accuracy, continuations and outliers.
 */
export async function measureDemo(options: MeasureDemoOptions): Promise<DemoMeasurements> {
  const { model, tokenizer, texts, prompts, problems, device } = options;
  const { maxPositions } = model.config;
  const windows = await perDomain((domain) =>
    packDocuments(texts[domain], tokenizer, maxPositions)
  );
  const seen = DOMAINS.flatMap((domain) => windows[domain].slice(0, OUTLIER_WINDOWS));
  using bound = await bindModel(model, device);
  return {
    test: await perDomain((domain) => predict(model, windows[domain], device)),
    arithmetic: await solveProblems(bound, tokenizer, problems),
    continuations: await perDomain((domain) => goOn(bound, tokenizer, prompts[domain])),
    outliers: await measureOutliers(model, seen, device),
  };
}

async function predict(
  model: Model,
  windows: readonly Uint32Array[],
  device: Device,
): Promise<TextFacts> {
  const { tokens, nll, perplexity } = await evaluate(model, windows, { device });
  return {
    tokens,
    loss: nll.mean,
    standardError: nll.standardError,
    perplexity: perplexity.mean,
  };
}

async function goOn(
  model: BoundModel,
  tokenizer: Tokenizer,
  prompts: readonly string[],
): Promise<Continuation[]> {
  const written: Continuation[] = [];
  for (const prompt of prompts) {
    written.push(await continueGreedily(model, tokenizer, prompt, CONTINUATION_TOKENS));
  }
  return written;
}
