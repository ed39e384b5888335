// The text that the demo model is trained and measured on, and the tokenizer that comes of it.

import { openTokenizer, type Tokenizer, windowsOf } from "@pare/model";
import { type PerDomain, perDomain } from "./per_domain.ts";
import { type TrainingRecipe, VOCABULARY_SIZE } from "./recipe.ts";
import { type Domain, DOMAINS } from "./text/domains.ts";
import { documents } from "./text/generate_document.ts";
import { createBpeEncoder } from "./tokenizer/bpe_encoder.ts";
import { type BpeTokenizerFiles, bpeTokenizerFiles } from "./tokenizer/tokenizer_files.ts";
import { trainBpe } from "./tokenizer/train_bpe.ts";
import { type TrainingDocument, trainingDocuments } from "./training_documents.ts";
import { trainingWindow } from "./training_windows.ts";

/** Documents that the tokenizer is trained on, and that shares of domains are counted in. */
const TOKENIZER_DOCUMENTS = 12_000;

/** The least length of the text of one domain that comes with the model, in characters. */
const TEXT_LENGTH = 36_000;

/** The least length of the text to calibrate on. */
const CALIBRATION_LENGTH = 150_000;

/** The number of the first document to calibrate on, far behind those that are trained on. */
const CALIBRATION_FIRST = 2 ** 40;

/** Documents that the model is to go on with, of each domain. */
const PROMPTS = 3;

/** How many words these begin with. */
const PROMPT_WORDS = 12;

/** All text there is, and its tokenizer. */
export interface DemoText {
  /** The files of the tokenizer. */
  readonly tokenizerFiles: BpeTokenizerFiles;
  /** The tokenizer. */
  readonly tokenizer: Tokenizer;
  /** The share of each domain in the tokens of the training text. */
  readonly shares: PerDomain;
  /** Gives window i of the training text, one token longer than the recipe's. */
  readonly window: (index: number) => Uint32Array;
  /** Windows of validation text, as long. */
  readonly heldOut: Readonly<Record<Domain, readonly Uint32Array[]>>;
  /** Documents of the test split, those that come with the model. */
  readonly texts: Readonly<Record<Domain, readonly string[]>>;
  /** Beginnings of others. */
  readonly prompts: Readonly<Record<Domain, readonly string[]>>;
  /** Documents of the training split to calibrate on, of all domains. */
  readonly calibration: readonly string[];
}

/**
 * Writes the text and trains the tokenizer.
 *
 * @param recipe How the model will be trained.
 * @returns The text.
 */
export async function prepareText(recipe: TrainingRecipe): Promise<DemoText> {
  const { seed, windowLength } = recipe;
  const sample = take(trainingDocuments(seed, 0), TOKENIZER_DOCUMENTS);
  const bpe = trainBpe(sample.map(({ text }) => text), { vocabularySize: VOCABULARY_SIZE });
  const tokenizerFiles = bpeTokenizerFiles(bpe, { maxPositions: windowLength });
  const encodeText = createBpeEncoder(bpe);
  // The first token stands in front of every document, as the tokenizer puts it.
  const encode = (text: string) => Uint32Array.from([0, ...encodeText(text)]);
  const source = {
    seed,
    length: windowLength,
    *documentsFrom(first: number) {
      for (const { text } of trainingDocuments(seed, first)) yield encode(text);
    },
  };
  return {
    tokenizerFiles,
    tokenizer: openTokenizer(tokenizerFiles),
    shares: sharesOf(sample, encode),
    window: (index) => trainingWindow(source, index),
    heldOut: await perDomain((domain) => heldOutWindows(domain, recipe, encode)),
    texts: await perDomain((domain) => textOf(documents(domain, "test", { seed }), TEXT_LENGTH)),
    prompts: await perDomain((domain) => promptsOf(domain, seed)),
    calibration: textOf(
      textsOf(trainingDocuments(seed, CALIBRATION_FIRST)),
      CALIBRATION_LENGTH,
    ),
  };
}

/** Joins the documents of a text as files have them. */
export function joinTexts(documents: readonly string[]): string {
  return documents.map((document) => `${document}\n`).join("<|endoftext|>\n");
}

function take<T>(items: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => items.next().value as T);
}

function* textsOf(items: Iterable<TrainingDocument>): Generator<string> {
  for (const { text } of items) yield text;
}

/** As many documents as make up a length. */
function textOf(documents: Iterable<string>, length: number): string[] {
  const taken: string[] = [];
  let sum = 0;
  for (const document of documents) {
    taken.push(document);
    sum += document.length;
    if (sum >= length) break;
  }
  return taken;
}

function sharesOf(
  sample: readonly TrainingDocument[],
  encode: (text: string) => Uint32Array,
): PerDomain {
  const counts: Record<Domain, number> = { stories: 0, arithmetic: 0, russian: 0 };
  for (const { domain, text } of sample) counts[domain] += encode(text).length;
  const total = DOMAINS.reduce((sum, domain) => sum + counts[domain], 0);
  return {
    stories: counts.stories / total,
    arithmetic: counts.arithmetic / total,
    russian: counts.russian / total,
  };
}

/** Cuts validation text into windows, as texts are evaluated. */
function heldOutWindows(
  domain: Domain,
  { seed, windowLength, heldOutWindows: count }: TrainingRecipe,
  encode: (text: string) => Uint32Array,
): Uint32Array[] {
  const length = windowLength + 1;
  const tokens: number[] = [];
  for (const document of documents(domain, "validation", { seed })) {
    tokens.push(...encode(document));
    if (tokens.length >= count * length) break;
  }
  return windowsOf(tokens, length).slice(0, count);
}

/** Beginnings of documents of the test split that are not among the texts. */
function promptsOf(domain: Domain, seed: number): string[] {
  return take(documents(domain, "test", { seed, first: 2 ** 40 }), PROMPTS)
    .map((document) => document.split(" ").slice(0, PROMPT_WORDS).join(" "));
}
