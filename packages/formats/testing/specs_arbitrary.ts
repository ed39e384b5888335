import { type Dtype, DTYPES, type TensorSpec } from "@pare/tensor";
import fc from "fast-check";

const DTYPE_NAMES = Object.keys(DTYPES) as Dtype[];

/** Up to eight small tensors of any dtype, of any name that can be written. */
export function specsArbitrary(): fc.Arbitrary<Map<string, TensorSpec>> {
  const name = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom("__proto__", "constructor", "model.layers.0.mlp.up_proj.weight", '"\\'),
  ).filter((text) => text !== "__metadata__" && text.isWellFormed());
  const spec = fc.record({
    dtype: fc.constantFrom(...DTYPE_NAMES),
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
  }, { noNullPrototype: true });
  return fc.uniqueArray(fc.tuple(name, spec), { selector: ([text]) => text, maxLength: 8 })
    .map((entries) => new Map(entries));
}
