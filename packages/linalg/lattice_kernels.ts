// What a backend computes for codes of lattices: the kernels of `lattice_steps.ts`.

/** What a backend's product with codes of a lattice is given. */
export interface LatticeMatmulParams<S> {
  /** f32 `[tokens, cols]`. */
  x: S;
  /** u8 `[rows, rowBytes]`. */
  codes: S;
  /** f32: one for each row, or one for all. */
  scales: S;
  /** See codebook/lattice_layout.ts. */
  tables: S;
  /** f32 `[tokens, rows]`. */
  out: S;
  /** Rows of `x`. */
  tokens: number;
  /** Output features. */
  rows: number;
  /** Input features. */
  cols: number;
  /** 2, 3 or 4. */
  bits: number;
  /** 1 / ρ; 0 for 2 bits. */
  residualFactor: number;
  /** Whether there is a scale for each row. */
  hasRowScales: boolean;
  /** Bytes of one row of codes, a multiple of 4. */
  rowBytes: number;
}

/** What a backend's search for codes of a lattice is given. */
export interface NearestLatticeParams<S> {
  /** f32 `[rows, cols]`. */
  x: S;
  /** u32 `[rows, blocks]`; written. */
  codes: S;
  /** f32: one for each row, or one for all. */
  scales: S;
  /** 1 / scales, or 0. */
  inverses: S;
  /** See codebook/lattice_layout.ts. */
  tables: S;
  /** f32 `[cols, cols]`, or none; then there is one block. */
  metric: S | null;
  /** f32 `[rows, cols]`, or none. */
  incumbent: S | null;
  /** f32 `[rows, cols]`; written. */
  out: S;
  /** Rows of `x`. */
  rows: number;
  /** Columns of `x`. */
  cols: number;
  /** Columns of `codes`. */
  blocks: number;
  /** The first column of `codes` that is written. */
  first: number;
  /** 2, 3 or 4. */
  bits: number;
  /** ρ, and 1 / ρ; 1 for 2 bits. */
  residualScale: number;
  /** Whether there is a scale for each row. */
  hasRowScales: boolean;
}

/** The kernels of lattices, all f32. */
export interface LatticeKernels<S> {
  /** Finds codes. */
  nearestLattice(p: NearestLatticeParams<S>): void;
  /** Multiplies by codes. */
  latticeMatmul(p: LatticeMatmulParams<S>): void;
}
