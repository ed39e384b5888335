import { randomNormal } from "@pare/tensor";
import { assert, assertEquals } from "@std/assert";
import { prepareJax } from "./jax.ts";
import { prepareOnnxruntime, prepareOnnxruntimeWeight } from "./onnxruntime.ts";
import type { PreparePeerMatmul } from "./peer_matmul.ts";
import { prepareTfjs } from "./tfjs.ts";

const PEERS: readonly [name: string, prepare: PreparePeerMatmul][] = [
  ["onnxruntime-web", prepareOnnxruntime],
  ["onnxruntime-web, weight in the model", prepareOnnxruntimeWeight],
  ["jax-js", prepareJax],
  ["tfjs", prepareTfjs],
];

// Widths that no kernel divides; the last row makes jax-js cut its tiles.
const SHAPES = [[1, 3, 2], [5, 37, 18], [130, 64, 70]];

for (const [name, prepare] of PEERS) {
  Deno.test({
    name: `${name} multiplies`,
    // Peers start workers once for all and keep message ports of their own.
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      for (const [m, k, n] of SHAPES) {
        const a = randomNormal([m, k], { seed: 1 });
        const b = randomNormal([k, n], { seed: 2 });
        await using peer = await prepare(a, b, 1);
        await peer.run();
        const product = await peer.product();
        assertEquals(product.length, m * n);
        for (const [i, actual] of product.entries()) {
          const [row, col] = [Math.floor(i / n), i % n];
          let [sum, size] = [0, 0];
          for (let p = 0; p < k; p++) {
            const term = a.data[row * k + p] * b.data[p * n + col];
            sum += term;
            size += Math.abs(term);
          }
          // k products and sums in f32, in any order: each rounds by 2^-24 of what it adds to.
          assert(Math.abs(actual - sum) <= (k + 1) * 2 ** -24 * size, `${m}x${k}x${n} at ${i}`);
        }
      }
    },
  });
}
