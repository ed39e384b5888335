// The operations on codes of lattices.

import type { LatticeKernels } from "../lattice_kernels.ts";
import type { Engine } from "./engine.ts";
import { LATTICE_MATMUL, NEAREST_LATTICE } from "./operations.ts";
import type { WasmStorage } from "./wasm_kernels.ts";

/** Makes the kernels of lattices. */
export function createLatticeKernels({ run }: Engine): LatticeKernels<WasmStorage> {
  return {
    nearestLattice: (p) => {
      const addresses = [p.x, p.codes, p.scales, p.inverses, p.tables].map(({ address }) =>
        address
      );
      const words = [
        ...addresses,
        ...[p.metric?.address ?? 0, p.incumbent?.address ?? 0, p.out.address],
        ...[p.rows, p.cols, p.blocks, p.first, p.bits, Number(p.hasRowScales)],
      ];
      run(NEAREST_LATTICE, words, [p.residualScale]);
    },
    latticeMatmul: (p) => {
      const words = [
        ...[p.codes.address, p.scales.address, p.tables.address, p.x.address],
        ...[p.tokens, p.rows, p.cols, p.bits, Number(p.hasRowScales), 0, p.rowBytes],
        p.out.address,
      ];
      run(LATTICE_MATMUL, words, [p.residualFactor]);
    },
  };
}
