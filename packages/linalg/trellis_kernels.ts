// What a backend computes for trellis-coded weights: the kernels of `trellis_steps.ts`.

/** How the codes of a matrix lie, and what their walks are. */
export interface TrellisLayout {
  /** Rows of the matrix. */
  rows: number;
  /** Bits of one weight, 1 to 4. */
  bits: number;
  /** Bits of a state, `bits` to 16. */
  stateBits: number;
  /** Rows of a tile, a multiple of 8. */
  tileHeight: number;
  /** Columns of a tile; a tile has 256 weights at most. */
  tileWidth: number;
  /** Bytes of the tiles that lie in one line, side by side. */
  lineBytes: number;
  /** Whether every row has a scale; else there is one. */
  hasRowScales: boolean;
}

/** What a backend's search for codes is given. */
export interface EncodeTrellisParams<S> extends TrellisLayout {
  /** f32 `[rows, cols]`. */
  x: S;
  /** u8 `[lines, lineBytes]`, of which the tiles from `firstTile` on are written. */
  codes: S;
  /** f32. */
  scales: S;
  /** f32, as many. */
  inverses: S;
  /** f32 `[rows, cols]`, written. */
  out: S;
  /** Columns of `x`. */
  cols: number;
  /** The tile in each line that the first column of `x` is the first of. */
  firstTile: number;
  /** f32 `[rows, cols]`, or `null`. */
  incumbent: S | null;
  /** f32 `[cols, cols]`, only with an incumbent and for columns of one tile; `null` for the identity. */
  metric: S | null;
}

/** What a backend's product by codes is given. */
export interface TrellisMatmulParams<S> extends TrellisLayout {
  /** f32 `[tokens, cols]`. */
  x: S;
  /** u8 `[lines, lineBytes]`. */
  codes: S;
  /** f32. */
  scales: S;
  /** f32 `[tokens, rows]`, written. */
  out: S;
  /** Rows of `x`. */
  tokens: number;
  /** Input features. */
  cols: number;
}

/** The kernels of trellis-coded weights; what holds for {@linkcode Kernels} holds for them. */
export interface TrellisKernels<S> {
  /** Encodes columns, see `TrellisSteps.encodeTrellis`. */
  encodeTrellis(p: EncodeTrellisParams<S>): void;
  /** `x · Wᵀ`, W decoded while it multiplies. */
  trellisMatmul(p: TrellisMatmulParams<S>): void;
}
