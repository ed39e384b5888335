// The model before and after: what each expects of held-out texts, and how each goes on with them.

import { evaluate, type Summary } from "@pare/evaluators";
import type { Device } from "@pare/linalg";
import { createDecoder, generate, type Model, type Tokenizer } from "@pare/model";
import { DEMO_TEXTS, demoPath } from "./demo.ts";
import type { FlagValues } from "./flags.ts";
import { baseName, type OpenedSource } from "./open_source.ts";
import { checkTokenizer, type OpenedTokenizer } from "./open_tokenizer.ts";
import type { ProgressEvent } from "./progress.ts";
import { readDocuments } from "./text.ts";
import { packDocuments } from "./windows.ts";

/** The longest sample, in tokens. */
const SAMPLE_TOKENS = 40;

/** A text to measure on. */
export interface TestText {
  /** What reports call it. */
  readonly name: string;
  /** Its file. */
  readonly path: string;
  /** The tokenizer of both models. */
  readonly tokenizer: Tokenizer;
  /** Its windows of tokens. */
  readonly windows: readonly Uint32Array[];
  /** How a sample begins; `null` for none. */
  readonly prompt: string | null;
}

/** How two models go on with a text, the likeliest token each time. */
export interface Sample {
  /** How it begins. */
  readonly prompt: string;
  /** What the original writes. */
  readonly before: string;
  /** What the compressed model writes. */
  readonly after: string;
}

/** What came out on one text. */
export interface Comparison {
  /** The text's name. */
  readonly name: string;
  /** Its file. */
  readonly path: string;
  /** The compressed model, and against it the original. */
  readonly summary: Summary;
  /** A sample of each, where there is a prompt. */
  readonly sample: Sample | null;
}

/** Reads the texts to measure on: those of the demo model, and those that --evaluate names. */
export async function readTestTexts(
  source: OpenedSource,
  opened: OpenedTokenizer | null,
  values: FlagValues,
): Promise<TestText[]> {
  const named = values.text("evaluate")?.split(",") ?? [];
  const texts = [
    ...(source.isDemo
      ? DEMO_TEXTS.map(({ name, file, prompt }) => ({ name, path: demoPath(file), prompt }))
      : []),
    ...named.map((path) => ({ name: baseName(path), path, prompt: null })),
  ];
  if (texts.length === 0) return [];
  const { tokenizer } = checkTokenizer(source, opened);
  const length = Math.min(2048, source.model.config.maxPositions);
  return await Promise.all(texts.map(async (text) => ({
    ...text,
    tokenizer,
    windows: packDocuments(await readDocuments(text.path), tokenizer, length),
  })));
}

/** Where and how to compare. */
export interface CompareOptions {
  /** Where to run. */
  readonly device: Device;
  /** Called as the work goes on. */
  readonly onProgress: (event: ProgressEvent) => void;
  /** Stops the work. */
  readonly signal: AbortSignal;
}

/** Measures both models on every text, and lets both write. */
export async function compareModels(
  before: Model,
  after: Model,
  texts: readonly TestText[],
  options: CompareOptions,
): Promise<Comparison[]> {
  const { device, signal } = options;
  const comparisons: Comparison[] = [];
  const total = texts.reduce((sum, { windows }) => sum + windows.length, 0);
  let done = 0;
  for (const { name, path, windows, prompt, tokenizer } of texts) {
    const onProgress = (part: { done: number; total: number }) =>
      options.onProgress({
        stage: "Measuring",
        done: done + Math.floor(windows.length * part.done / part.total),
        total,
        item: name,
      });
    const summary = await evaluate(after, windows, { against: before, device, signal, onProgress });
    const sample = prompt === null ? null : {
      prompt,
      before: await continueText(before, tokenizer, prompt, options),
      after: await continueText(after, tokenizer, prompt, options),
    };
    comparisons.push({ name, path, summary, sample });
    done += windows.length;
  }
  return comparisons;
}

/** Goes on with a text, the likeliest token each time. */
async function continueText(
  model: Model,
  tokenizer: Tokenizer,
  prompt: string,
  { device, signal }: CompareOptions,
): Promise<string> {
  const tokens = tokenizer.encode(prompt);
  const decoder = createDecoder(tokenizer, { after: tokens });
  let text = "";
  for await (const token of generate(model, tokens, { maxTokens: SAMPLE_TOKENS, device, signal })) {
    text += decoder.push(token);
  }
  return text + decoder.flush();
}
