import { assertEquals } from "@std/assert";
import { createReferenceDevice } from "@pare/linalg";
import { bindModel, openModel, parseConfig, tensorSpecs, type Tokenizer } from "@pare/model";
import { sizeOf, tensor } from "@pare/tensor";
import { continueGreedily } from "./continuations.ts";
import { solveProblems } from "./solve_problems.ts";

const CONFIG = {
  model_type: "llama",
  vocab_size: 8,
  hidden_size: 8,
  intermediate_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  max_position_embeddings: 8,
  eos_token_id: 0,
};

/** A model that says the alphabet: `b` after `a`, up to the end of the text after `g`. */
function alphabet() {
  const tensors = new Map([...tensorSpecs(parseConfig(CONFIG, "alphabet"))].map(([name, shape]) => {
    const data = new Float32Array(sizeOf(shape));
    if (shape.length === 1) data.fill(1);
    for (let token = 0; token < 8; token++) {
      if (name === "model.embed_tokens.weight") data[token * 8 + token] = 1;
      if (name === "lm_head.weight") data[(token + 1) % 8 * 8 + token] = 1;
    }
    return [name, tensor(data, shape)] as const;
  }));
  const read = (name: string) =>
    Promise.resolve(tensors.get(name) ?? tensor(new Float32Array(), [0]));
  return openModel({ name: "alphabet", config: CONFIG, tensors: { specs: tensors, read } });
}

const LETTERS = "|abcdefg";

const TOKENIZER: Tokenizer = {
  vocabularySize: 8,
  bosTokenId: 0,
  eosTokenIds: [0],
  encode: (text) => Uint32Array.from(text, (letter) => LETTERS.indexOf(letter)),
  decode: (tokens) => Array.from(tokens, (token) => LETTERS[token]).join(""),
};

Deno.test("solveProblems() counts whole answers, kind by kind", async () => {
  using device = createReferenceDevice();
  using model = await bindModel(alphabet(), device);
  const problem = (kind: string, prompt: string, answer: string) => ({ kind, prompt, answer });
  const rows = await solveProblems(model, TOKENIZER, [
    problem("long", "ab", "cde"),
    problem("short", "a", "b"),
    // Right at first, wrong at the end; wrong at first; beyond the end of the text.
    problem("long", "ab", "cdd"),
    problem("long", "b", "dd"),
    problem("short", "g", "a"),
    problem("short", "f", "g"),
  ]);
  assertEquals(rows, [
    { kind: "long", example: "abcde", problems: 3, right: 1 },
    { kind: "short", example: "ab", problems: 3, right: 2 },
  ]);
});

Deno.test("continueGreedily() goes on to the end of the text, or as far as it may", async () => {
  using device = createReferenceDevice();
  using model = await bindModel(alphabet(), device);
  assertEquals(await continueGreedily(model, TOKENIZER, "cd", 9), { prompt: "cd", text: "efg" });
  assertEquals(await continueGreedily(model, TOKENIZER, "cd", 2), { prompt: "cd", text: "ef" });
});
