// The model file of SentencePiece: the message ModelProto of
// github.com/google/sentencepiece, src/sentencepiece_model.proto, whose field numbers and defaults
// stand below.

import { FormatError } from "@pare/tensor";
import { type ConvertedTokenizer, convertPieces } from "./convert_pieces.ts";
import { describe } from "./describe.ts";
import type { Piece, PieceKind, PieceSettings } from "./piece.ts";
import { type ProtobufField, readFields } from "./protobuf.ts";

const ACTION = "Cannot convert the SentencePiece model";

/** `SentencePiece.Type`; 5, a piece that is not to be used, has no counterpart. */
const KINDS: Readonly<Record<number, PieceKind>> = {
  1: "normal",
  2: "unknown",
  3: "control",
  4: "user-defined",
  6: "byte",
};

/** `TrainerSpec.ModelType`; 3, whole words, has no counterpart. */
const ALGORITHMS: Readonly<Record<number, PieceSettings["algorithm"]>> = {
  1: "unigram",
  2: "bpe",
  4: "char",
};

/**
 * Converts a SentencePiece model (`tokenizer.model`) to the files of a Hugging Face folder.
 *
 * BPE, unigram and character models whose text is not normalized by a table of characters, which
 * is how language models are trained today. Tokens are those of SentencePiece, except around
 * user-defined pieces in a model with a dummy prefix, which is then put behind each of them too,
 * and where a text has the written form of a special token, as `<s>`, which becomes that token.
 *
 * @example A vocabulary of four
 * ```ts
 * import { convertSentencePiece, openTokenizer } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * // Of each field its number and kind, its length, its bytes.
 * const field = (tag: number, bytes: number[]) => [tag, bytes.length, ...bytes];
 * const piece = (text: string, type: number) => {
 *   return field(0x0a, [...field(0x0a, [...new TextEncoder().encode(text)]), 0x18, type]);
 * };
 * const model = Uint8Array.of(
 *   ...piece("<unk>", 2),
 *   ...piece("▁", 1),
 *   ...piece("a", 1),
 *   ...piece("▁a", 1),
 *   ...field(0x12, [0x18, 2]), // trainer_spec.model_type: BPE
 * );
 * const tokenizer = openTokenizer(convertSentencePiece(model));
 * assertEquals(tokenizer.encode("a aa"), Uint32Array.of(3, 3, 2));
 * ```
 *
 * @param bytes The file.
 * @returns `tokenizer.json` and `tokenizer_config.json`, for transformers as well.
 * @throws {FormatError} If the file is not such a model.
 */
export function convertSentencePiece(bytes: Uint8Array): ConvertedTokenizer {
  const pieces: Piece[] = [];
  const trainer: Fields = new Map();
  const normalizer: Fields = new Map();
  for (const field of readFields(ACTION, "model", bytes)) {
    if (field.number === 1) pieces.push(readPiece(pieces.length, bytesOf("piece", field)));
    if (field.number === 2) collect(trainer, "trainer_spec", field);
    if (field.number === 3) collect(normalizer, "normalizer_spec", field);
  }
  return convertPieces(ACTION, pieces, readSettings(trainer, normalizer));
}

/** The last value of each field of a message. */
type Fields = Map<number, ProtobufField>;

function readSettings(trainer: Fields, normalizer: Fields): PieceSettings {
  const flag = (fields: Fields, name: string, number: number, absent: boolean) =>
    integerOf(name, fields.get(number), absent ? 1 : 0) !== 0;
  const text = (name: string, number: number, absent: string) => {
    const field = trainer.get(number);
    return field === undefined ? absent : textOf(name, bytesOf(name, field));
  };

  const type = integerOf("trainer_spec.model_type", trainer.get(3), 1);
  const algorithm = ALGORITHMS[type];
  const byteFallback = flag(trainer, "trainer_spec.byte_fallback", 35, false);
  if (algorithm === undefined) {
    refuse("trainer_spec.model_type", "must be 1 (unigram), 2 (BPE) or 4 (char)", type);
  }
  if (algorithm === "unigram" && byteFallback) {
    refuse("trainer_spec.byte_fallback", "must be false in a unigram model", byteFallback);
  }
  if (flag(trainer, "trainer_spec.treat_whitespace_as_suffix", 24, false)) {
    refuse("trainer_spec.treat_whitespace_as_suffix", "must be false", true);
  }
  const table = normalizer.get(2);
  const tableSize = table === undefined ? 0 : bytesOf("normalizer_spec.charsmap", table).length;
  if (tableSize > 0) {
    refuse("normalizer_spec.precompiled_charsmap", "must have no bytes (identity)", tableSize);
  }

  return {
    algorithm,
    byteFallback,
    dummyPrefix: flag(normalizer, "normalizer_spec.add_dummy_prefix", 3, true),
    removeExtraWhitespaces: flag(normalizer, "normalizer_spec.remove_extra_whitespaces", 4, true),
    escapeWhitespaces: flag(normalizer, "normalizer_spec.escape_whitespaces", 5, true),
    bosPiece: text("trainer_spec.bos_piece", 46, "<s>"),
    eosPiece: text("trainer_spec.eos_piece", 47, "</s>"),
    padPiece: text("trainer_spec.pad_piece", 48, "<pad>"),
  };
}

function readPiece(id: number, bytes: Uint8Array): Piece {
  const name = `piece ${id}`;
  const fields: Fields = new Map();
  for (const field of readFields(ACTION, name, bytes)) fields.set(field.number, field);
  const written = fields.get(1);
  const score = fields.get(2);
  const type = integerOf(`type of ${name}`, fields.get(3), 1);
  const kind = KINDS[type];
  if (written === undefined) refuse(name, "must have a text", "missing");
  if (score !== undefined && score.kind !== "float") {
    refuse(`score of ${name}`, "must be a float", score.kind);
  }
  if (kind === undefined) refuse(`type of ${name}`, "must be 1, 2, 3, 4 or 6", type);
  return { text: textOf(name, bytesOf(name, written)), score: score?.value ?? 0, kind };
}

function collect(fields: Fields, name: string, message: ProtobufField): void {
  for (const field of readFields(ACTION, name, bytesOf(name, message))) {
    fields.set(field.number, field);
  }
}

function bytesOf(name: string, field: ProtobufField): Uint8Array {
  if (field.kind !== "bytes") refuse(name, "must be length-delimited", field.kind);
  return field.value;
}

function integerOf(name: string, field: ProtobufField | undefined, absent: number): number {
  if (field === undefined) return absent;
  if (field.kind !== "integer") refuse(name, "must be an integer", field.kind);
  return field.value;
}

function textOf(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatError(ACTION, name, "must be UTF-8: current bytes are not");
  }
}

function refuse(field: string, wanted: string, value: unknown): never {
  throw new FormatError(ACTION, field, `${wanted}: current value is ${describe(value)}`);
}
