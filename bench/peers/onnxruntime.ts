// onnxruntime-web as a peer to measure against: a model of one MatMul node, encoded by hand.
//
// Its runs copy operands from JavaScript and the product back. A weight can be part of the model
// instead: then it is copied once and laid out for the kernel when the model is loaded.
//
// ONNX is protobuf; the field numbers are those of onnx.proto (ModelProto, GraphProto, NodeProto,
// TensorProto, ValueInfoProto, TypeProto, TensorShapeProto).

import { bytesOf, type Tensor } from "@pare/tensor";
import * as ort from "onnxruntime-web";
import type { PeerMatmul } from "./peer_matmul.ts";

const FLOAT = 1;

type Bytes = Uint8Array<ArrayBuffer>;

function concat(parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}

/** A field that holds an integer. */
function integer(field: number, value: number): Bytes {
  return Uint8Array.from([...varint(field * 8), ...varint(value)]);
}

/** A field that holds bytes: a string, raw data or a message of fields. */
function bytes(field: number, content: string | Bytes | readonly Bytes[]): Bytes {
  const data = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content instanceof Uint8Array
    ? content
    : concat(content);
  return concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(data.length)]), data]);
}

function matrixInfo(name: string, [rows, cols]: readonly number[]): Bytes[] {
  const shape = [rows, cols].map((length) => bytes(1, [integer(1, length)]));
  return [bytes(1, name), bytes(2, [bytes(1, [integer(1, FLOAT), bytes(2, shape)])])];
}

/** Encodes a model that multiplies `a` by `b` to `c`; `b` is part of it if `weight` is true. */
function encodeMatmul(a: Tensor, b: Tensor, weight: boolean): Bytes {
  const node = [bytes(1, "a"), bytes(1, "b"), bytes(2, "c"), bytes(3, "matmul")];
  const initializer = [
    ...b.shape.map((length) => integer(1, length)),
    integer(2, FLOAT),
    bytes(8, "b"),
    bytes(9, bytesOf(b)),
  ];
  const graph = [
    bytes(1, [...node, bytes(4, "MatMul")]),
    bytes(2, "matmul"),
    ...(weight ? [bytes(5, initializer)] : []),
    bytes(11, matrixInfo("a", a.shape)),
    ...(weight ? [] : [bytes(11, matrixInfo("b", b.shape))]),
    bytes(12, matrixInfo("c", [a.shape[0], b.shape[1]])),
  ];
  const operatorSet = [bytes(1, ""), integer(2, 21)];
  return concat([integer(1, 10), bytes(7, graph), bytes(8, operatorSet)]);
}

async function prepare(
  a: Tensor,
  b: Tensor,
  threads: number,
  weight: boolean,
): Promise<PeerMatmul> {
  ort.env.wasm.numThreads = threads;
  const { Worker } = globalThis;
  const session = await ort.InferenceSession.create(encodeMatmul(a, b, weight), {
    executionProviders: ["wasm"],
  });
  // Loading it puts the workers of Node in place of those of the web, which others want.
  globalThis.Worker = Worker;
  const inputs: Record<string, ort.Tensor> = { a: new ort.Tensor("float32", a.data, a.shape) };
  if (!weight) inputs.b = new ort.Tensor("float32", b.data, b.shape);
  const product = async () => {
    const { c } = await session.run(inputs);
    if (!(c.data instanceof Float32Array)) throw new TypeError("Cannot read the product as f32");
    return c.data;
  };
  return {
    product,
    run: async () => void await product(),
    [Symbol.asyncDispose]: () => session.release(),
  };
}

/** Readies a product whose operands are both copied in each time. */
export async function prepareOnnxruntime(
  a: Tensor,
  b: Tensor,
  threads: number,
): Promise<PeerMatmul> {
  return await prepare(a, b, threads, false);
}

/** Readies a product whose right operand is a weight of the model. */
export async function prepareOnnxruntimeWeight(
  a: Tensor,
  b: Tensor,
  threads: number,
): Promise<PeerMatmul> {
  return await prepare(a, b, threads, true);
}
