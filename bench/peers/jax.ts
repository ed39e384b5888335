// jax-js on its WebAssembly backend: SIMD, threads in workers, operands as arrays of its own.
//
// The right operand is stored with its rows as columns, as the weight of a layer is: products with
// a transpose are the faster ones there, with a single row three times.

import type { Tensor } from "@pare/tensor";
import type { PeerMatmul } from "./peer_matmul.ts";

type Jax = typeof import("@jax-js/jax");
type Array = import("@jax-js/jax").Array;

let loaded: Promise<Jax> | undefined;

/** Loads it so that it starts `threads` workers: it asks the processor count when it is loaded. */
function load(threads: number): Promise<Jax> {
  return loaded ??= (async () => {
    const processors = navigator.hardwareConcurrency;
    const tell = (value: number) =>
      Object.defineProperty(navigator, "hardwareConcurrency", { value, configurable: true });
    tell(threads);
    const jax = await import("@jax-js/jax");
    tell(processors);
    await jax.init("wasm");
    jax.defaultDevice("wasm");
    return jax;
  })();
}

function transposed({ data, shape: [rows, cols] }: Tensor): Float32Array<ArrayBuffer> {
  const result = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) result[j * rows + i] = data[i * cols + j];
  }
  return result;
}

/** Readies a product, compiled by `jit`; it is complete when `blockUntilReady` says so. */
export async function prepareJax(a: Tensor, b: Tensor, threads: number): Promise<PeerMatmul> {
  const { blockUntilReady, jit, numpy } = await load(threads);
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
