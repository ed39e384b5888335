import { type Reject, rejectAs } from "./check_tensor.ts";
import { readList, readObject, rejectAt } from "./field.ts";
import type { Form, NodeOf } from "./form.ts";
import type { MatrixShape, Operator, SumOperator } from "./operator.ts";
import { pipe } from "./pipe.ts";

/**
 * Adds operators of one shape.
 *
 * @example Codes and a correction of rank 1
 * ```ts
 * import { dense, product, sum, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = dense(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]));
 * const left = dense(tensor(Float32Array.of(1, 1), [2, 1]));
 * const right = dense(tensor(Float32Array.of(10, 20), [1, 2]));
 * const operator = sum(weight, product(left, right));
 * assertEquals(toDense(operator).data, Float32Array.of(11, 22, 13, 24));
 * ```
 *
 * @param terms Two or more operators of one shape.
 * @returns The operator of that shape.
 * @throws {RangeError} If there are fewer than two terms or their shapes differ.
 */
export function sum(...terms: readonly Operator[]): SumOperator {
  const reject = rejectAs("Cannot make a sum");
  checkTerms(terms.map((term) => term.shape), reject);
  return { form: "sum", shape: terms[0].shape, terms };
}

/** The form of sums of operators. */
export const SUM: Form<SumOperator, NodeOf<"sum">> = {
  isOperator: (value) => "shape" in value,

  nodeOf: ({ terms }, nodeOf) => ({ form: "sum", terms: terms.map(nodeOf) }),

  shapeOf: ({ terms }, shapeOf) => shapeOf(terms[0]),

  specs: ({ terms }) => ({ tensors: [], inner: named(terms) }),

  parts: ({ terms }) => ({ tensors: [], inner: named(terms) }),

  readNode(field, readInner, shapeOf) {
    const fields = readObject(field, ["form", "terms"]);
    const terms = readList(fields.terms, 2).map(readInner);
    checkTerms(terms.map(shapeOf), rejectAt(field.path));
    return { form: "sum", terms };
  },

  build: ({ terms }, shape, store) => ({
    form: "sum",
    shape,
    terms: named(terms).map(([name, term]) => store.inner(name, term)),
  }),

  check({ terms }, reject) {
    checkTerms(terms.map((term) => term.shape), reject);
  },

  rows({ terms: [first, ...others] }, indices, rows) {
    const total = rows(first, indices);
    for (const term of others) {
      const data = rows(term, indices);
      for (let i = 0; i < total.length; i++) total[i] += data[i];
    }
    return total;
  },

  bind({ terms }, _upload, bind) {
    const [first, ...others] = terms.map(bind);
    return (x, device) => {
      const additions = others.map((term): typeof term => (total) => {
        using product = term(x, device);
        return device.add(total, product);
      });
      return pipe(first, ...additions)(x, device);
    };
  },
};

function named<T>(terms: readonly T[]): readonly (readonly [name: string, term: T])[] {
  return terms.map((term, i) => [`terms.${i}`, term]);
}

function checkTerms(shapes: readonly MatrixShape[], reject: Reject): void {
  if (shapes.length < 2) {
    reject("terms", `must be two or more: current count is ${shapes.length}`);
  }
  const [rows, cols] = shapes[0];
  shapes.forEach((shape, i) => {
    if (shape[0] !== rows || shape[1] !== cols) {
      const wanted = `must have the shape of the first, [${rows}, ${cols}]`;
      reject(`terms.${i}`, `${wanted}: current shape is [${shape.join(", ")}]`);
    }
  });
}
