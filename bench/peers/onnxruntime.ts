// onnxruntime-web as a peer to measure against: a model of one MatMul node, encoded by hand.
//
// ONNX is protobuf; the field numbers are those of onnx.proto (ModelProto, GraphProto, NodeProto,
// ValueInfoProto, TypeProto, TensorShapeProto).

import * as ort from "onnxruntime-web";

const FLOAT = 1;

function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}

/** A field that holds an integer. */
function integer(field: number, value: number): number[] {
  return [...varint(field * 8), ...varint(value)];
}

/** A field that holds bytes: a string or a message. */
function bytes(field: number, content: string | readonly number[]): number[] {
  const data = typeof content === "string" ? [...new TextEncoder().encode(content)] : content;
  return [...varint(field * 8 + 2), ...varint(data.length), ...data];
}

function matrixInfo(name: string, rows: number, cols: number): number[] {
  const shape = [rows, cols].flatMap((length) => bytes(1, integer(1, length)));
  const tensorType = [...integer(1, FLOAT), ...bytes(2, shape)];
  return [...bytes(1, name), ...bytes(2, bytes(1, tensorType))];
}

/** Encodes a model that multiplies `a` `[m, k]` by `b` `[k, n]` to `c` `[m, n]`. */
export function encodeMatmul(m: number, n: number, k: number): Uint8Array {
  const node = [
    ...bytes(1, "a"),
    ...bytes(1, "b"),
    ...bytes(2, "c"),
    ...bytes(3, "matmul"),
    ...bytes(4, "MatMul"),
  ];
  const graph = [
    ...bytes(1, node),
    ...bytes(2, "matmul"),
    ...bytes(11, matrixInfo("a", m, k)),
    ...bytes(11, matrixInfo("b", k, n)),
    ...bytes(12, matrixInfo("c", m, n)),
  ];
  const operatorSet = [...bytes(1, ""), ...integer(2, 21)];
  return Uint8Array.from([...integer(1, 10), ...bytes(7, graph), ...bytes(8, operatorSet)]);
}

/**
 * Loads a matrix product on the CPU.
 *
 * @param threads How many threads; the first call in a process decides.
 * @returns A function that multiplies `a` `[m, k]` by `b` `[k, n]`.
 */
export async function loadMatmul(
  m: number,
  n: number,
  k: number,
  threads: number,
): Promise<(a: Float32Array, b: Float32Array) => Promise<Float32Array>> {
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(encodeMatmul(m, n, k), {
    executionProviders: ["wasm"],
  });
  return async (a, b) => {
    const { c } = await session.run({
      a: new ort.Tensor("float32", a, [m, k]),
      b: new ort.Tensor("float32", b, [k, n]),
    });
    if (!(c.data instanceof Float32Array)) throw new TypeError("Cannot read the product as f32");
    return c.data;
  };
}
