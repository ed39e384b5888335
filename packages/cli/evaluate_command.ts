import { evaluate, type Mean, type Summary } from "@pare/evaluators";
import type { Tokenizer } from "@pare/model";
import { DEVICE_FLAGS, openDevice } from "./device.ts";
import type { Command, CommandInput, FlagValues } from "./flags.ts";
import { requireTokenizer, TOKENIZER_FLAG } from "./open_tokenizer.ts";
import { type OpenedSource, openSource } from "./open_source.ts";
import { formatTable } from "./table.ts";
import { print, terminalProgress } from "./terminal.ts";
import { readDocuments } from "./text.ts";
import { UsageError, UserError } from "./user_error.ts";
import { packDocuments, windowPerDocument } from "./windows.ts";

/** `evaluate`: measures how well a model predicts a text. */
export const EVALUATE: Command = {
  name: "evaluate",
  summary: "Measures how well a model predicts a text, and how far it is from its original.",
  operands: "<model>",
  flags: {
    text: {
      kind: "text",
      value: "<file>",
      help: "The text: .txt, .json (list of strings) or .jsonl",
    },
    against: {
      kind: "text",
      value: "<model>",
      help: "The original, for KL divergence and agreement",
    },
    tokenizer: TOKENIZER_FLAG,
    documents: {
      kind: "switch",
      help: "One window per document, cut at the context; else all text in windows of one length",
    },
    "window-length": {
      kind: "integer",
      value: "<n>",
      help: "Tokens in a window; the context, at most 2048",
    },
    "max-windows": {
      kind: "integer",
      value: "<n>",
      help: "Only the first windows; all by default",
    },
    json: { kind: "switch", help: "Print the result as JSON" },
    ...DEVICE_FLAGS,
    help: { kind: "switch", help: "Show this help" },
  },
  examples: [
    ["smaller/ --text test.txt --against model/", "Compare a compressed model with its original"],
    ["stories.bin --tokenizer tok.bin --text stories.txt --documents", "One story per window"],
  ],
  run: runEvaluate,
};

async function runEvaluate({ operands, values, signal }: CommandInput): Promise<number> {
  if (operands.length !== 1) {
    throw new UsageError(
      `Cannot evaluate as there must be one model: current number is ${operands.length}`,
    );
  }
  const path = values.text("text");
  if (path === undefined) {
    throw new UsageError("Cannot evaluate as --text must name a file: current value is none");
  }
  const source = await openSource(operands[0]);
  const original = values.text("against");
  const against = original === undefined ? null : await openSource(original);
  const { tokenizer } = await requireTokenizer(source, values.text("tokenizer"));
  const windows = cutWindows(await readDocuments(path), tokenizer, source, values);
  if (against) checkOriginal(against, source, windows);
  using device = await openDevice(values);
  const progress = terminalProgress();
  try {
    const summary = await evaluate(source.model, windows, {
      ...(against && { against: against.model }),
      characters: windows.map(characterCounter(tokenizer)),
      device,
      signal,
      onProgress: ({ done, total }) =>
        progress.update({ stage: "Evaluating", done, total, item: source.name }),
    });
    progress.clear();
    print(
      values.on("json")
        ? JSON.stringify({ model: source.name, text: path, ...summary }, null, 2)
        : report(summary),
    );
    return 0;
  } finally {
    progress.clear();
  }
}

function cutWindows(
  documents: readonly string[],
  tokenizer: Tokenizer,
  { model }: OpenedSource,
  values: FlagValues,
): Uint32Array[] {
  const { maxPositions } = model.config;
  const length = values.number("window-length") ?? Math.min(2048, maxPositions);
  if (length < 2 || length > maxPositions) {
    throw new UsageError(
      `Cannot evaluate as --window-length must be from 2 to the model's ${maxPositions} tokens: current value is ${length}`,
    );
  }
  const cut = values.on("documents") ? windowPerDocument : packDocuments;
  const most = values.number("max-windows") ?? Infinity;
  if (most < 1) {
    throw new UsageError(
      `Cannot evaluate as --max-windows must be 1 or more: current value is ${most}`,
    );
  }
  return cut(documents, tokenizer, length).slice(0, most);
}

/**
 * Makes a function that tells how many characters the predicted tokens of a window spell.
 *
 * A token for what the vocabulary lacks spells nothing, but there was a character at least.
 */
function characterCounter(tokenizer: Tokenizer): (window: Uint32Array) => number {
  const { bosTokenId, eosTokenIds } = tokenizer;
  const unknown = new Map<number, boolean>();
  const isUnknown = (token: number) => {
    const known = unknown.get(token);
    if (known !== undefined) return known;
    // Twice, as the space that a text begins with is no text to some tokenizers.
    const value = token !== bosTokenId && !eosTokenIds.includes(token) &&
      tokenizer.decode([token, token]) === "";
    unknown.set(token, value);
    return value;
  };
  return (window) => {
    const all = [...tokenizer.decode(window)].length;
    const first = [...tokenizer.decode(window.subarray(0, 1))].length;
    return Math.max(1, all - first + window.subarray(1).filter(isUnknown).length);
  };
}

/** Refuses an original that cannot read the same windows. */
function checkOriginal(
  { name, model: { config } }: OpenedSource,
  { model }: OpenedSource,
  windows: readonly Uint32Array[],
): void {
  const { vocabularySize } = model.config;
  if (config.vocabularySize !== vocabularySize) {
    throw new UserError(
      `Cannot compare with ${name} as its vocabulary must have ${vocabularySize} tokens as the model's has: current size is ${config.vocabularySize}`,
    );
  }
  const longest = windows.reduce((most, { length }) => Math.max(most, length), 0);
  if (longest > config.maxPositions) {
    throw new UserError(
      `Cannot compare with ${name} as --window-length must be at most its ${config.maxPositions} tokens: current length is ${longest}`,
    );
  }
}

function report({ windows, tokens, nll, perplexity, bitsPerCharacter, against }: Summary): string {
  const row = (name: string, value: Mean, digits = 4) => [
    name,
    value.mean.toFixed(digits),
    Number.isFinite(value.standardError) ? `± ${value.standardError.toFixed(digits)}` : "",
  ];
  const rows = [
    row("perplexity", perplexity),
    row("cross-entropy, nats per token", nll),
    ...(bitsPerCharacter ? [row("bits per character", bitsPerCharacter)] : []),
    ...(against
      ? [
        row("perplexity of the original", against.perplexity),
        row("ratio of the perplexities", against.perplexityRatio),
        row("KL divergence, nats per token", against.kl, 5),
        row("same first choice", against.top1Agreement),
      ]
      : []),
  ];
  return `${
    formatTable([`${tokens} tokens in ${windows} windows`, "mean", "standard error"], rows)
  }`;
}
