/** What to do around the text when it is encoded. */
export interface EncodeOptions {
  /**
   * Whether the tokens that the tokenizer puts around every text (a beginning of text) are added.
   *
   * @default {true}
   */
  readonly addSpecialTokens?: boolean;
}

/** Text to tokens and back. */
export interface Tokenizer {
  /** The largest token id, plus one. */
  readonly vocabularySize: number;
  /** The token that begins a text, or `null`. */
  readonly bosTokenId: number | null;
  /** The tokens that end a text. */
  readonly eosTokenIds: readonly number[];
  /**
   * Cuts a text into tokens. The written form of a special token, as `<s>`, becomes that token;
   * half a surrogate pair becomes U+FFFD.
   */
  encode(text: string, options?: EncodeOptions): Uint32Array<ArrayBuffer>;
  /**
   * Joins tokens to a text. Special tokens are left out, and so are numbers that name no token
   * (models have more rows in their embedding than their tokenizer has tokens).
   */
  decode(tokens: ArrayLike<number>): string;
}
