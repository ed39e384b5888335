import { FormatError } from "@pare/tensor";
import { describe } from "./describe.ts";
import { orderMerges } from "./order_merges.ts";
import { BYTE_PIECE, type Piece, type PieceSettings } from "./piece.ts";

/** A tokenizer in the two files of a Hugging Face folder, ready for `JSON.stringify`. */
export interface ConvertedTokenizer {
  /** `tokenizer.json`. */
  readonly tokenizerJson: Readonly<Record<string, unknown>>;
  /** `tokenizer_config.json`. */
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
}

/** Pieces are cut at every place, so that long ones would cost their length squared. */
const MAX_PIECE_LENGTH = 256;

/**
 * Writes a SentencePiece vocabulary as the files of a Hugging Face folder.
 *
 * @param action What cannot be done otherwise, to begin the message of an error.
 */
export function convertPieces(
  action: string,
  pieces: readonly Piece[],
  settings: PieceSettings,
): ConvertedTokenizer {
  checkPieces(action, pieces, settings);
  const control = (name: string) =>
    pieces.find(({ text, kind }) => kind === "control" && text === name)?.text;
  const bos = control(settings.bosPiece);
  const eos = control(settings.eosPiece);
  const pad = control(settings.padPiece);
  const unk = pieces.find(({ kind }) => kind === "unknown")?.text;

  return {
    tokenizerJson: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: addedTokens(pieces, settings),
      normalizer: normalizer(settings),
      pre_tokenizer: preTokenizer(pieces, settings),
      post_processor: bos === undefined ? null : postProcessor(bos, pieces),
      decoder: decoder(settings),
      model: model(pieces, settings),
    },
    tokenizerConfig: {
      // The class that takes tokenizer.json as it is; others rebuild parts of it.
      tokenizer_class: "PreTrainedTokenizerFast",
      clean_up_tokenization_spaces: false,
      ...(bos !== undefined && { bos_token: bos }),
      ...(eos !== undefined && { eos_token: eos }),
      ...(pad !== undefined && { pad_token: pad }),
      ...(unk !== undefined && { unk_token: unk }),
    },
  };
}

function checkPieces(action: string, pieces: readonly Piece[], settings: PieceSettings): void {
  const ids = new Map<string, number>();
  for (const [id, { text, score, kind }] of pieces.entries()) {
    const refuse = (problem: string): never => {
      throw new FormatError(action, `piece ${id}`, problem);
    };
    if (text === "") refuse(`must have a text: current text is ""`);
    if (!Number.isFinite(score)) refuse(`must have a finite score: current score is ${score}`);
    const twin = ids.get(text);
    if (twin !== undefined) {
      refuse(`must differ from piece ${twin}: current text of both is ${describe(text)}`);
    }
    ids.set(text, id);
    if (kind === "normal" && text.length > MAX_PIECE_LENGTH) {
      refuse(`must have at most ${MAX_PIECE_LENGTH} characters: current length is ${text.length}`);
    }
    if (kind === "byte" && !BYTE_PIECE.test(text)) {
      refuse(`must be written as <0x00> is: current text is ${describe(text)}`);
    }
  }
  const unknowns = pieces.filter(({ kind }) => kind === "unknown").length;
  if (unknowns !== 1) {
    const problem = `must have one for unknown characters: current number is ${unknowns}`;
    throw new FormatError(action, "pieces", problem);
  }
  const bytes = pieces.filter(({ kind }) => kind === "byte").length;
  if (settings.byteFallback && bytes !== 256) {
    const problem = `must have all 256 bytes for the byte fallback: current number is ${bytes}`;
    throw new FormatError(action, "pieces", problem);
  }
}

function model(pieces: readonly Piece[], settings: PieceSettings): Record<string, unknown> {
  const { algorithm, byteFallback } = settings;
  if (algorithm === "unigram") {
    return {
      type: "Unigram",
      unk_id: pieces.findIndex(({ kind }) => kind === "unknown"),
      vocab: pieces.map(({ text, score }) => [text, score]),
      byte_fallback: byteFallback,
    };
  }
  return {
    type: "BPE",
    dropout: null,
    unk_token: pieces.find(({ kind }) => kind === "unknown")?.text,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: true,
    byte_fallback: byteFallback,
    ignore_merges: false,
    vocab: Object.fromEntries(pieces.map(({ text }, id) => [text, id])),
    merges: algorithm === "bpe" ? orderMerges(pieces) : [],
  };
}

function addedTokens(pieces: readonly Piece[], settings: PieceSettings): unknown[] {
  return pieces.flatMap(({ text, kind }, id) => {
    if (kind === "normal" || kind === "byte") return [];
    const special = kind !== "user-defined";
    return [{
      id,
      content: text,
      single_word: false,
      lstrip: false,
      rstrip: false,
      // SentencePiece finds these in the normalized text; a dummy prefix would go into the token.
      normalized: !special && !settings.dummyPrefix,
      special,
    }];
  });
}

// The order of SentencePiece (src/normalizer.cc): the prefix comes before the last stripping, so
// that a text of nothing but spaces stays empty.
function normalizer(settings: PieceSettings): Record<string, unknown> | null {
  const { dummyPrefix, removeExtraWhitespaces, escapeWhitespaces } = settings;
  const space = escapeWhitespaces ? "▁" : " ";
  const replace = (pattern: Record<string, string>, content: string) => ({
    type: "Replace",
    pattern,
    content,
  });
  const normalizers = [
    ...(removeExtraWhitespaces
      ? [replace({ Regex: "\\A +" }, ""), replace({ Regex: " {2,}" }, " ")]
      : []),
    ...(dummyPrefix ? [{ type: "Prepend", prepend: space }] : []),
    ...(escapeWhitespaces ? [replace({ String: " " }, space)] : []),
    ...(removeExtraWhitespaces ? [replace({ Regex: `${space}+\\z` }, "")] : []),
  ];
  return normalizers.length === 0 ? null : { type: "Sequence", normalizers };
}

// Where no piece has a space behind another character, nothing is ever merged across the beginning
// of a word: words on their own give the same tokens, and repeated ones come from a cache, which is
// several times as fast. Unknown characters are joined across words, so that the space must not be
// one of them.
function preTokenizer(pieces: readonly Piece[], settings: PieceSettings): unknown {
  const { algorithm, byteFallback, escapeWhitespaces } = settings;
  const normal = pieces.filter(({ kind }) => kind === "normal");
  const splits = algorithm === "bpe" && escapeWhitespaces &&
    (byteFallback || normal.some(({ text }) => text === "▁")) &&
    !normal.some(({ text }) => /[^▁]▁/.test(text));
  if (!splits) return null;
  return {
    type: "Split",
    pattern: { Regex: "▁+[^▁]*" },
    behavior: "Isolated",
    invert: false,
  };
}

function decoder(settings: PieceSettings): Record<string, unknown> {
  const { byteFallback, dummyPrefix, escapeWhitespaces } = settings;
  return {
    type: "Sequence",
    decoders: [
      ...(escapeWhitespaces ? [{ type: "Replace", pattern: { String: "▁" }, content: " " }] : []),
      ...(byteFallback ? [{ type: "ByteFallback" }] : []),
      { type: "Fuse" },
      ...(dummyPrefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
    ],
  };
}

function postProcessor(bos: string, pieces: readonly Piece[]): Record<string, unknown> {
  const special = (type_id: number) => ({ SpecialToken: { id: bos, type_id } });
  const sequence = (id: "A" | "B", type_id: number) => ({ Sequence: { id, type_id } });
  const id = pieces.findIndex(({ text }) => text === bos);
  return {
    type: "TemplateProcessing",
    single: [special(0), sequence("A", 0)],
    pair: [special(0), sequence("A", 0), special(1), sequence("B", 1)],
    special_tokens: { [bos]: { id: bos, ids: [id], tokens: [bos] } },
  };
}
