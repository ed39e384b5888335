// A complete model folder for the command line: random weights, a tokenizer of letters.

import { writeSafetensors } from "@pare/formats";
import type { AnyTensor } from "@pare/tensor";
import { TINY_CONFIG, tinyCheckpoint } from "../packages/pipeline/testing/tiny_model.ts";

/** What may be changed about the folder. */
export interface TinyFolderOptions {
  /** Fields of `config.json` to add or replace. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What to do to the tensors before they are written. */
  readonly change?: (tensors: Map<string, AnyTensor>) => void;
  /** The tokens of the tokenizer after `<unk>`, `<s>` and `</s>`. */
  readonly letters?: string;
}

/** Writes a model folder and returns its path. */
export async function writeTinyFolder(
  path: string,
  options: TinyFolderOptions = {},
): Promise<string> {
  const { config = {}, change, letters = "abcdefghijklmnopqrstu" } = options;
  const { tensors } = tinyCheckpoint();
  const read = new Map<string, AnyTensor>();
  for (const name of tensors.specs.keys()) read.set(name, await tensors.read(name));
  change?.(read);
  await Deno.mkdir(path, { recursive: true });
  await Deno.writeTextFile(`${path}/config.json`, JSON.stringify({ ...TINY_CONFIG, ...config }));
  await Deno.writeFile(`${path}/model.safetensors`, writeSafetensors(read));
  const special = ["<unk>", "<s>", "</s>"];
  const vocab = Object.fromEntries([...special, ...letters].map((token, id) => [token, id]));
  await Deno.writeTextFile(
    `${path}/tokenizer.json`,
    JSON.stringify({
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: special.map((content, id) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: null,
      post_processor: {
        type: "TemplateProcessing",
        single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, {
          Sequence: { id: "A", type_id: 0 },
        }],
        pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
        special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
      },
      decoder: { type: "Fuse" },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: "<unk>",
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        vocab,
        merges: [],
      },
    }),
  );
  return path;
}

/** Writes a text of letters to calibrate on and returns its path. */
export async function writeLetters(path: string, length = 2000): Promise<string> {
  const letter = (i: number) => "abcdefghijklmnopqrstu"[(i * i + 3 * i) % 21];
  await Deno.writeTextFile(path, Array.from({ length }, (_, i) => letter(i)).join(""));
  return path;
}
