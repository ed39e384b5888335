/** A matrix that waits for its rank, as far as rules of allocation need to know it: plain data. */
export interface AllocationLayer {
  /** Its name. */
  readonly name: string;
  /** What it is in its block; layers of one role share a group where a rule has groups. */
  readonly role: string;
  /**
   * σ_i(A S)², descending: what the i-th rank gains. Their sum is ‖A X‖_F², and what is left out of
   * them is the loss of a decomposition that is optimal for these inputs.
   */
  readonly energies: ArrayLike<number>;
  /**
   * The bytes on disk at ranks 1, 2, …, side information included; `Infinity` for a rank that the
   * method cannot have.
   */
  readonly costs: ArrayLike<number>;
  /** The bytes on disk where the matrix stays as it is. */
  readonly denseBytes: number;
  /**
   * What a unit of lost energy counts.
   *
   * @default {1 / Σ σ_i²: the relative loss}
   */
  readonly weight?: number;
}

/** What one matrix gets. */
export interface LayerAllocation {
  /** Its name. */
  readonly name: string;
  /** Its rank; `null` where it stays dense. */
  readonly rank: number | null;
  /** The bytes it takes. */
  readonly byteLength: number;
  /** The share of its energy that is left out: Σ_{i>k} σ_i² / Σ σ_i². */
  readonly predictedLoss: number;
}

/** Ranks for all matrices that share a budget. */
export interface Allocation {
  /** What each gets, in the order they were given. */
  readonly layers: readonly LayerAllocation[];
  /** The bytes of all together, at most the budget. */
  readonly byteLength: number;
  /** What is lost in all: Σ_l w_l Σ_{i>k_l} σ_{l,i}². */
  readonly loss: number;
}
