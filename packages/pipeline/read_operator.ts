import { type Operator, type OperatorNode, parse, tensorSpecsOf } from "@pare/operators";
import { type AnyTensor, fromBytes } from "@pare/tensor";
import type { TensorWriter } from "./tensor_writer.ts";

/**
 * Reads a layer back that was written.
 *
 * @param writer Where it is.
 * @param name Its name.
 * @param node How it is stored.
 * @returns The operator, with the very numbers that are on disk.
 */
export async function readOperator(
  writer: TensorWriter,
  name: string,
  node: OperatorNode,
): Promise<Operator> {
  const tensors = new Map<string, AnyTensor>();
  for (const [tensor, { dtype, shape }] of tensorSpecsOf(node)) {
    const bytes = await writer.read(`${name}.${tensor}`);
    tensors.set(tensor, fromBytes(bytes, dtype, shape) as AnyTensor);
  }
  return parse(node, tensors, name);
}
