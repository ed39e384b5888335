import { createDecoder, generate } from "@pare/model";
import { DEVICE_FLAGS, openDevice } from "./device.ts";
import type { Command, CommandInput, FlagValues } from "./flags.ts";
import { requireTokenizer, TOKENIZER_FLAG } from "./open_tokenizer.ts";
import { openSource } from "./open_source.ts";
import { print, printPiece } from "./terminal.ts";
import { UsageError } from "./user_error.ts";

/** `generate`: lets a model write. */
export const GENERATE: Command = {
  name: "generate",
  summary: "Lets a model go on with a text, token by token.",
  operands: "<model>",
  flags: {
    prompt: { kind: "text", value: "<text>", help: "How the text begins; empty by default" },
    "max-tokens": {
      kind: "integer",
      value: "<n>",
      help: "Tokens to write at most; 200 by default",
    },
    temperature: {
      kind: "number",
      value: "<t>",
      help: "0 (default) takes the likeliest token; 1 samples as it is",
    },
    "top-k": { kind: "integer", value: "<k>", help: "Sample among the k likeliest tokens" },
    "top-p": {
      kind: "number",
      value: "<p>",
      help: "Sample among the likeliest tokens that hold this share",
    },
    seed: { kind: "integer", value: "<n>", help: "Seeds the sampling; 0 by default" },
    tokenizer: TOKENIZER_FLAG,
    json: { kind: "switch", help: "Print the result as JSON" },
    ...DEVICE_FLAGS,
    help: { kind: "switch", help: "Show this help" },
  },
  examples: [
    [`smaller/ --prompt "Once upon a time"`, "The likeliest story"],
    [`smaller/ --prompt "Once" --temperature 0.8 --top-p 0.9 --seed 3`, "A story by chance"],
  ],
  run: runGenerate,
};

async function runGenerate({ operands, values, signal }: CommandInput): Promise<number> {
  if (operands.length !== 1) {
    throw new UsageError(
      `Cannot generate as there must be one model: current number is ${operands.length}`,
    );
  }
  const source = await openSource(operands[0]);
  const { tokenizer } = await requireTokenizer(source, values.text("tokenizer"));
  const prompt = values.text("prompt") ?? "";
  const tokens = tokenizer.encode(prompt);
  if (tokens.length === 0) {
    throw new UsageError(
      "Cannot generate as --prompt must hold a token: this tokenizer begins no text by itself",
    );
  }
  const { maxPositions } = source.model.config;
  if (tokens.length > maxPositions) {
    throw new UsageError(
      `Cannot generate as --prompt must have at most the model's ${maxPositions} tokens: current number is ${tokens.length}`,
    );
  }
  using device = await openDevice(values);
  const decoder = createDecoder(tokenizer, { after: tokens });
  const json = values.on("json");
  let text = "";
  const emit = (piece: string) => {
    text += piece;
    if (!json) printPiece(piece);
  };
  if (!json) printPiece(prompt);
  const written: number[] = [];
  for await (
    const token of generate(source.model, tokens, { ...sampling(values), device, signal })
  ) {
    written.push(token);
    emit(decoder.push(token));
  }
  emit(decoder.flush());
  print(json ? JSON.stringify({ prompt, text, tokens: written }, null, 2) : "");
  return 0;
}

function sampling(values: FlagValues): Record<string, number> {
  const options = {
    maxTokens: values.number("max-tokens") ?? 200,
    temperature: values.number("temperature"),
    topK: values.number("top-k"),
    topP: values.number("top-p"),
    seed: values.number("seed"),
  };
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Record<
    string,
    number
  >;
}
