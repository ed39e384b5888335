// jax-js on its WebAssembly backend: SIMD, threads in workers, operands as arrays of its own.

import type { Tensor } from "@pare/tensor";
import type { PeerMatmul } from "./peer_matmul.ts";

type Jax = typeof import("@jax-js/jax");

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

/** Readies a product, compiled by `jit`; it is complete when `blockUntilReady` says so. */
export async function prepareJax(a: Tensor, b: Tensor, threads: number): Promise<PeerMatmul> {
  const { blockUntilReady, jit, numpy } = await load(threads);
  const put = ({ data, shape }: Tensor) => numpy.array(data, { shape: [...shape] });
  const [left, right] = await blockUntilReady([put(a), put(b)]);
  const multiply = jit(numpy.matmul);
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
