import { assert, assertEquals } from "@std/assert";
import { dampedHessian } from "./hessian.ts";
import { refinementFactors } from "./refinement_factors.ts";
import { randomGram } from "./testing/layers.ts";

Deno.test("refinementFactors() are H_jk H_kk⁻¹ off the diagonal blocks, and the blocks", () => {
  const n = 21;
  const hessian = dampedHessian(randomGram(n, 50, 1));
  for (const blockSize of [1, 8, 16]) {
    const { transposed, diagonal } = refinementFactors(hessian, blockSize);
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) {
        const first = k - k % blockSize;
        const size = Math.min(blockSize, n - first);
        if (j >= first && j < first + size) {
          assertEquals(transposed[k * n + j], 0);
          assertEquals(diagonal[j * blockSize + k - first], Math.fround(hessian.data[j * n + k]));
          continue;
        }
        // M_j· H_·k over the block is H_jk again. M is rounded to f32, and its numbers are at most about
        // the condition of a block, 1e3 here, times those of H.
        let product = 0;
        for (let i = first; i < first + size; i++) {
          product += transposed[i * n + j] * hessian.data[i * n + k];
        }
        assert(Math.abs(product - hessian.data[j * n + k]) < 1e-4, `[${j}, ${k}]: ${product}`);
      }
    }
  }
});
