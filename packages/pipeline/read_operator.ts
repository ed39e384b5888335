import { type Operator, parse, storedName, tensorSpecsOf } from "@pare/operators";
import { type AnyTensor, fromBytes } from "@pare/tensor";
import type { LayerPlan } from "./plan.ts";
import type { TensorWriter } from "./tensor_writer.ts";

/**
 * Reads a layer back that was written.
 *
 * @param writer Where it is.
 * @param layer Its name, and how it is stored.
 * @returns The operator, with the very numbers that are on disk.
 */
export async function readOperator(
  writer: TensorWriter,
  { name, node, shared }: Pick<LayerPlan, "name" | "node" | "shared">,
): Promise<Operator> {
  const tensors = new Map<string, AnyTensor>();
  for (const [tensor, { dtype, shape }] of tensorSpecsOf(node)) {
    const bytes = await writer.read(storedName(name, tensor, shared));
    tensors.set(tensor, fromBytes(bytes, dtype, shape) as AnyTensor);
  }
  return parse(node, tensors, name);
}
