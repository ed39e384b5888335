// TensorFlow.js on its WebAssembly backend (XNNPACK): SIMD, one thread, operands as tensors of its
// own.
//
// More threads cannot be had here. The backend refuses them where it finds Node or something like
// it; told otherwise, it asks for a worker at a `blob:` address, which the workers of Node do not
// take, and whose script wants `importScripts`, which only the classic workers of browsers have.

import type { Tensor } from "@pare/tensor";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { PeerMatmul } from "./peer_matmul.ts";

/** Readies a product. */
export async function prepareTfjs(a: Tensor, b: Tensor, threads: number): Promise<PeerMatmul> {
  if (threads !== 1) {
    throw new RangeError(
      `Cannot load tfjs as the threads must be 1: current threads is ${threads}`,
    );
  }
  if (!await tf.setBackend("wasm") || !await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) {
    throw new TypeError("Cannot load tfjs with SIMD");
  }
  const put = ({ data, shape: [rows, cols] }: Tensor) => tf.tensor2d(data, [rows, cols]);
  const [left, right] = [put(a), put(b)];
  return {
    // Its kernels have run when a call returns.
    run() {
      tf.matMul(left, right).dispose();
      return Promise.resolve();
    },
    async product() {
      const product = tf.matMul(left, right);
      const data = await product.data<"float32">();
      product.dispose();
      return data;
    },
    [Symbol.asyncDispose]() {
      left.dispose();
      right.dispose();
      return Promise.resolve();
    },
  };
}
