// jax-js, operands as arrays of its own.
//
// The right operand is stored with its rows as columns, as the weight of a layer is: products with
// a transpose are the faster ones there, with a single row three times.

import type { Tensor } from "@pare/tensor";
import { loadJax } from "./load_jax.ts";
import type { PeerMatmul } from "./peer_matmul.ts";

type Array = import("@jax-js/jax").Array;

function transposed({ data, shape: [rows, cols] }: Tensor): Float32Array<ArrayBuffer> {
  const result = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) result[j * rows + i] = data[i * cols + j];
  }
  return result;
}

/** Readies a product, compiled by `jit`; it is complete when `blockUntilReady` says so. */
export async function prepareJax(a: Tensor, b: Tensor, threads: number): Promise<PeerMatmul> {
  const { jax: { blockUntilReady, jit, numpy } } = await loadJax(threads);
  const left = numpy.array(a.data, { shape: [...a.shape] });
  const right = numpy.array(transposed(b), { shape: b.shape.toReversed() });
  await blockUntilReady([left.ref, right.ref]);
  const multiply = jit((x: Array, y: Array) => numpy.matmul(x, y.transpose()));
  return {
    async run() {
      const product = multiply(left.ref, right.ref);
      await product.blockUntilReady();
      product.dispose();
    },
    async product() {
      return await multiply(left.ref, right.ref).data() as Float32Array;
    },
    [Symbol.asyncDispose]() {
      left.dispose();
      right.dispose();
      return Promise.resolve();
    },
  };
}
