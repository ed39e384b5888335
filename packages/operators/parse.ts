import type { AnyTensor, Dtype } from "@pare/tensor";
import { joinPath, rejectAt } from "./field.ts";
import type { TensorOf } from "./form.ts";
import { FORMS } from "./forms.ts";
import type { OperatorNode } from "./node.ts";
import type { Operator } from "./operator.ts";
import { parseNode } from "./parse_node.ts";
import { shapeOfNode } from "./shape_of_node.ts";
import { tensorSpecsOf } from "./tensor_specs_of.ts";

/**
 * Puts an operator together from what it is stored as, and checks all of it: neither the node nor
 * the tensors need be trusted.
 *
 * @example A scale that is missing
 * ```ts
 * import { parse } from "@pare/operators";
 * import { FormatError, tensor } from "@pare/tensor";
 * import { assertThrows } from "@std/assert";
 *
 * const node = JSON.parse(`{
 *   "form": "scaled",
 *   "inner": { "form": "dense", "shape": [1, 2], "dtype": "f32" },
 *   "rowScaleDtype": "f32",
 *   "colScaleDtype": null
 * }`);
 * const tensors = new Map([["inner.weight", tensor(Float32Array.of(1, 2), [1, 2])]]);
 * assertThrows(
 *   () => parse(node, tensors, "up_proj"),
 *   FormatError,
 *   "Cannot read an operator as up_proj.rowScales must be there",
 * );
 * ```
 *
 * @param node What the manifest says of the operator, a value from JSON.
 * @param tensors Its tensors by their names within the operator, and no others.
 * @param name How error messages name the operator, for example the layer.
 * @returns The operator; it shares the tensors.
 * @throws {FormatError} If a field or a tensor is missing, unknown, or not what it must be; names
 * its path.
 */
export function parse(
  node: unknown,
  tensors: ReadonlyMap<string, AnyTensor>,
  name: string,
): Operator {
  const parsed = parseNode(node, name);
  const specs = tensorSpecsOf(parsed);
  for (const key of tensors.keys()) {
    if (!specs.has(key)) {
      rejectAt(name)(key, `is unknown: known tensors are ${[...specs.keys()].join(", ")}`);
    }
  }
  const build = (node: OperatorNode, path: string): Operator => {
    const form = FORMS[node.form];
    const reject = rejectAt(joinPath(name, path));
    const operator = form.build(node, shapeOfNode(node), {
      tensor<D extends Dtype>(key: string, dtype: D) {
        const tensor = tensors.get(joinPath(path, key));
        if (tensor === undefined) return reject(key, `must be there: current tensor is missing`);
        if (tensor.dtype !== dtype) {
          reject(key, `must be ${dtype}: current dtype is ${tensor.dtype}`);
        }
        return tensor as TensorOf<D>;
      },
      inner: (key, inner) => build(inner, joinPath(path, key)),
    });
    form.check(operator, reject);
    return operator;
  };
  return build(parsed, "");
}
