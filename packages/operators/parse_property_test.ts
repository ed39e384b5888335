// Whatever a manifest and a file of tensors hold, parse() returns a sound operator or says what is
// wrong.

import { assert, assertEquals } from "@std/assert";
import { type AnyTensor, FormatError } from "@pare/tensor";
import fc from "fast-check";
import { byteLengthOf, parse, serialize, tensorSpecsOf, toDense } from "./mod.ts";
import { OPERATORS } from "./testing/operators.ts";

const RUNS = 8000;

// Small ones, as many cases are tried.
const SERIALIZED = OPERATORS
  .filter(([, operator]) => operator.shape[0] * operator.shape[1] <= 17 * 33)
  .map(([, operator]) => serialize(operator));

type Json = unknown;
type Path = readonly string[];

function pathsOf(value: Json, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

/** A copy of `value` in which `change` is made at a path. */
function changeAt(value: Json, [key, ...rest]: Path, change: (value: Json) => Json): Json {
  if (key === undefined) return change(value);
  const copy = structuredClone(value) as Record<string, Json>;
  copy[key] = changeAt(copy[key], rest, change);
  return copy;
}

const values: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json[]>(null, true, false, 0, 1, 2, 3, 4, 5, 7, 8, 16, 17, 33, -1, 1.5, 2 ** 31),
  fc.constantFrom<Json[]>(2 ** 53, NaN, "", "f16", "f32", "bf16", "u8", "dense", "sum", "affine"),
  fc.constantFrom<Json[]>([], {}, [1, 1], [5, 7], [17, 33], undefined, "hadamard", "orthogonal"),
  fc.constantFrom<Json[]>(...SERIALIZED.map(({ node }) => node)),
  fc.jsonValue(),
);

type Change = (node: Json, tensors: Map<string, AnyTensor>, at: number) => Json;

/** Every way in which a checkpoint may be damaged; each gives the damaged node. */
const changes: fc.Arbitrary<Change> = fc.oneof(
  values.map((value): Change => (node, _, at) => {
    const paths = pathsOf(node);
    return changeAt(node, paths[at % paths.length], () => value);
  }),
  fc.tuple(fc.constantFrom("form", "extra", "bits", "inner", "0", "__proto__"), values).map(
    ([key, value]): Change => (node, _, at) => {
      const paths = pathsOf(node);
      return changeAt(node, paths[at % paths.length], (inner) => {
        if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return value;
        return Object.defineProperty(structuredClone(inner), key, {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      });
    },
  ),
  fc.constant<Change>((node, tensors, at) => {
    tensors.delete([...tensors.keys()][at % tensors.size]);
    return node;
  }),
  fc.constantFrom("extra", "weight", "inner.codes", "").map(
    (name): Change => (node, tensors, at) => {
      tensors.set(name, [...tensors.values()][at % tensors.size]);
      return node;
    },
  ),
  fc.tuple(fc.constantFrom<AnyTensor["dtype"][]>("f32", "f16", "u8", "u32", "i64"), fc.boolean())
    .map(([dtype, isReshaped]): Change => (node, tensors, at) => {
      const [name, tensor] = [...tensors][at % tensors.size];
      const shape = isReshaped ? tensor.shape.toReversed() : tensor.shape;
      tensors.set(name, { ...tensor, dtype, shape } as AnyTensor);
      return node;
    }),
  fc.nat(255).map((byte): Change => (node, tensors, at) => {
    const [name, tensor] = [...tensors][at % tensors.size];
    const data = tensor.data.slice();
    const bytes = new Uint8Array(data.buffer);
    bytes[at % bytes.length] = byte;
    tensors.set(name, { ...tensor, data } as AnyTensor);
    return node;
  }),
);

Deno.test("parse() gives a sound operator or a FormatError, whatever it reads", () => {
  let read = 0;
  const property = fc.property(
    fc.constantFrom(...SERIALIZED),
    fc.array(fc.tuple(changes, fc.nat()), { minLength: 1, maxLength: 3 }),
    (original, changes) => {
      const tensors = new Map(original.tensors);
      let node: Json = original.node;
      for (const [change, at] of changes) {
        if (tensors.size > 0) node = change(node, tensors, at);
      }
      try {
        const operator = parse(node, tensors, "layer");
        read++;
        // Sound: it is what was read, no more and no less, and its numbers can be had.
        assertEquals<unknown>(serialize(operator).node, node);
        assertEquals(
          [...tensorSpecsOf(serialize(operator).node).keys()].toSorted(),
          [
            ...tensors.keys(),
          ].toSorted(),
        );
        assert(byteLengthOf(operator) > 0);
        assertEquals(toDense(operator).shape, operator.shape);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        assert(error.field.startsWith("layer"), error.message);
        assert(error.message.length < 500, error.message);
      }
    },
  );
  fc.assert(property, { numRuns: RUNS, seed: 1 });
  // Neither refused altogether nor taken altogether: some damage cannot be seen (another code).
  assert(read > RUNS / 100 && read < RUNS / 2, `${read} of ${RUNS} were read`);
});
