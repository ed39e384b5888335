// The `tokenizer.bin` of llama2.c (github.com/karpathy/llama2.c, tokenizer.py and run.c):
//
//   i32 length of the longest token in bytes
//   per token: f32 score, i32 length in bytes, the bytes
//
// A SentencePiece BPE vocabulary with `▁` written as a space. The settings of the model are not in
// the file: run.c takes 0 for unknown characters, 1 and 2 for the ends of a text, puts a space in
// front of every text that is not empty and leaves the other spaces be.

import { FormatError } from "@pare/tensor";
import { type ConvertedTokenizer, convertPieces } from "./convert_pieces.ts";
import { describe } from "./describe.ts";
import { BYTE_PIECE, type Piece } from "./piece.ts";

const ACTION = "Cannot convert the llama2.c tokenizer";

/** What tokens 0, 1 and 2 are; the exporter puts newlines around the last two. */
const FIRST_TOKENS = ["<unk>", "<s>", "</s>"];

/**
 * Converts the tokenizer of a llama2.c model (`tokenizer.bin`, `tok512.bin`) to the files of a
 * Hugging Face folder.
 *
 * @example A vocabulary of six
 * ```ts
 * import { convertLlama2cTokenizer, openTokenizer } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const tokens = ["<unk>", "\n<s>\n", "\n</s>\n", " ", "a", " a"];
 * const bytes = new Uint8Array(4 + tokens.length * 8 + tokens.join("").length);
 * const view = new DataView(bytes.buffer);
 * view.setInt32(0, 6, true);
 * let offset = 4;
 * for (const token of tokens) {
 *   view.setInt32(offset + 4, token.length, true);
 *   bytes.set(new TextEncoder().encode(token), offset + 8);
 *   offset += 8 + token.length;
 * }
 * const tokenizer = openTokenizer(convertLlama2cTokenizer(bytes, 6));
 * assertEquals(tokenizer.encode("a a"), Uint32Array.of(1, 5, 5));
 * ```
 *
 * @param bytes The file.
 * @param vocabularySize How many tokens it has, which stands in the model's header.
 * @returns `tokenizer.json` and `tokenizer_config.json`, for transformers as well.
 * @throws {FormatError} If the file is not such a vocabulary, or not of that size.
 * @throws {RangeError} If `vocabularySize` is not an integer of 3 or more.
 */
export function convertLlama2cTokenizer(
  bytes: Uint8Array,
  vocabularySize: number,
): ConvertedTokenizer {
  if (!Number.isSafeInteger(vocabularySize) || vocabularySize < FIRST_TOKENS.length) {
    throw new RangeError(
      `${ACTION} as vocabularySize must be an integer of 3 or more: current value is ${vocabularySize}`,
    );
  }
  const pieces = readPieces(bytes, vocabularySize);
  return convertPieces(ACTION, pieces, {
    algorithm: "bpe",
    byteFallback: pieces.some(({ kind }) => kind === "byte"),
    dummyPrefix: true,
    removeExtraWhitespaces: false,
    escapeWhitespaces: true,
    bosPiece: "<s>",
    eosPiece: "</s>",
    padPiece: "<pad>",
  });
}

function readPieces(bytes: Uint8Array, vocabularySize: number): Piece[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const refuse = (field: string, problem: string): never => {
    throw new FormatError(ACTION, field, problem);
  };
  const smallest = 4 + 8 * vocabularySize;
  if (bytes.length < smallest) {
    refuse(
      "file",
      `must have ${smallest} bytes or more for ${vocabularySize} tokens: current length is ${bytes.length}`,
    );
  }
  const longest = view.getInt32(0, true);
  const pieces: Piece[] = [];
  let offset = 4;
  for (let id = 0; id < vocabularySize; id++) {
    const rest = bytes.length - offset - 8;
    if (rest < 0) {
      refuse(`token ${id}`, `must lie within the file: current rest is ${rest + 8} bytes`);
    }
    const score = view.getFloat32(offset, true);
    const length = view.getInt32(offset + 4, true);
    if (length < 1 || length > Math.min(rest, longest)) {
      refuse(
        `length of token ${id}`,
        `must be from 1 to ${Math.min(rest, longest)}: current value is ${length}`,
      );
    }
    offset += 8 + length;
    try {
      pieces.push(toPiece(id, score, utf8.decode(bytes.subarray(offset - length, offset))));
    } catch (error) {
      if (error instanceof FormatError) throw error;
      refuse(`token ${id}`, "must be UTF-8: current bytes are not");
    }
  }
  if (offset !== bytes.length) {
    refuse(
      "file",
      `must end after token ${
        vocabularySize - 1
      }, at byte ${offset}: current length is ${bytes.length}`,
    );
  }
  return pieces;
}

function toPiece(id: number, score: number, written: string): Piece {
  if (id < FIRST_TOKENS.length) {
    const text = written.trim();
    if (text !== FIRST_TOKENS[id]) {
      const problem = `must be "${FIRST_TOKENS[id]}": current text is ${describe(written)}`;
      throw new FormatError(ACTION, `token ${id}`, problem);
    }
    return { text, score, kind: id === 0 ? "unknown" : "control" };
  }
  const kind = BYTE_PIECE.test(written) ? "byte" : "normal";
  return { text: written.replaceAll(" ", "▁"), score, kind };
}
