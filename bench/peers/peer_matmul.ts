import type { Tensor } from "@pare/tensor";

/** A product that a peer is ready to compute: loaded, compiled, operands where it wants them. */
export interface PeerMatmul extends AsyncDisposable {
  /** Computes the product and throws it away. */
  run(): Promise<void>;
  /** Computes the product and hands it out. */
  product(): Promise<Float32Array>;
}

/**
 * Readies the product of two matrices.
 *
 * @param a `[m, k]`.
 * @param b `[k, n]`.
 * @param threads How many threads may compute; the first call in a process decides.
 */
export type PreparePeerMatmul = (a: Tensor, b: Tensor, threads: number) => Promise<PeerMatmul>;
