/** The Llama-3 way to stretch rotary embeddings over longer contexts. */
export interface Llama3RotaryScaling {
  /** By how much low frequencies are slowed. */
  readonly factor: number;
  /** Wavelengths above originalMaxPositions / lowFreqFactor are slowed fully. */
  readonly lowFreqFactor: number;
  /** Wavelengths below originalMaxPositions / highFreqFactor are kept. */
  readonly highFreqFactor: number;
  /** The context length that the model was first trained with. */
  readonly originalMaxPositions: number;
}

/** The families of models whose blocks we know. */
export type ModelFamily = "llama" | "mistral" | "qwen2" | "qwen3";

/** What a linear layer does in its block. */
export type LinearRole = "q" | "k" | "v" | "o" | "gate" | "up" | "down";

/** What a model's `config.json` says, under our names. */
export interface ModelConfig {
  /** The family, `model_type`. */
  readonly family: ModelFamily;
  /** Rows of the embedding. */
  readonly vocabularySize: number;
  /** Width of the residual stream. */
  readonly hiddenSize: number;
  /** Width inside the MLP. */
  readonly intermediateSize: number;
  /** Blocks. */
  readonly layers: number;
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads. */
  readonly kvHeads: number;
  /** Width of a head. */
  readonly headSize: number;
  /** The linear layers of a block that add a bias. */
  readonly biases: readonly LinearRole[];
  /** The longest context. */
  readonly maxPositions: number;
  /** Added to the mean square in RMSNorm. */
  readonly normEpsilon: number;
  /** The base of the rotary frequencies. */
  readonly rotaryBase: number;
  /** Rotary scaling, or `null`. */
  readonly rotaryScaling: Llama3RotaryScaling | null;
  /** Whether the head reads the embedding. */
  readonly tiedEmbeddings: boolean;
  /** How many last tokens a query sees, itself included, or `null` for all. */
  readonly slidingWindow: number | null;
  /** The token that begins a text, or `null`. */
  readonly bosTokenId: number | null;
  /** The tokens that end a text. */
  readonly eosTokenIds: readonly number[];
}
