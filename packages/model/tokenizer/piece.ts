/** What a piece of a SentencePiece vocabulary is for. */
export type PieceKind = "normal" | "unknown" | "control" | "user-defined" | "byte";

/** An entry of a SentencePiece vocabulary; its place in the list is its id. */
export interface Piece {
  /** The text, with `▁` for a space. */
  readonly text: string;
  /** BPE: the higher, the earlier it is merged. Unigram: the logarithm of its probability. */
  readonly score: number;
  /** What it is for. */
  readonly kind: PieceKind;
}

/** How a SentencePiece model treats text, apart from its pieces. */
export interface PieceSettings {
  /** How pieces are chosen: by merging neighbours, by the likeliest sequence, character by character. */
  readonly algorithm: "bpe" | "unigram" | "char";
  /** Whether a character without a piece becomes its bytes, instead of the unknown piece. */
  readonly byteFallback: boolean;
  /** Whether a space is put in front of every text. */
  readonly dummyPrefix: boolean;
  /** Whether spaces at both ends go, and runs of spaces become one. */
  readonly removeExtraWhitespaces: boolean;
  /** Whether a space is written `▁`. */
  readonly escapeWhitespaces: boolean;
  /** The control piece that begins a text; ignored if there is no such piece. */
  readonly bosPiece: string;
  /** The control piece that ends a text; ignored if there is no such piece. */
  readonly eosPiece: string;
  /** The control piece that fills a batch; ignored if there is no such piece. */
  readonly padPiece: string;
}

/** The form of the pieces for single bytes. */
export const BYTE_PIECE: RegExp = /^<0x[0-9A-F]{2}>$/;
