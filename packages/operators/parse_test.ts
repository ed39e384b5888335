import { assert, assertEquals, assertThrows } from "@std/assert";
import { type AnyTensor, castTo, FormatError, type Tensor, tensor } from "@pare/tensor";
import { nodeOf, type Operator, parse, parseNode, permuted, product, serialize } from "./mod.ts";
import { hadamardRotation, interpolative, orthogonalRotation, rotated, scaled } from "./mod.ts";
import { sum } from "./mod.ts";
import { nested, randomAffine, randomDense, randomOrthogonal } from "./testing/operators.ts";

/** Reads an operator back whose node and tensors are changed; gives the field that is wrong. */
function wrongField(
  operator: Operator,
  change: (node: Record<string, unknown>, tensors: Map<string, AnyTensor>) => unknown,
): string {
  const { node, tensors } = serialize(operator);
  const changed = JSON.parse(JSON.stringify(node));
  change(changed, tensors);
  const error = assertThrows(() => parse(changed, tensors, "mlp"), FormatError);
  assert(error.message.startsWith(`Cannot read an operator as ${error.field} `), error.message);
  return error.field;
}

const quantized = randomAffine([4, 6], { bits: 3, groupSize: 4, zeroPointDtype: "u8" });
const layered = sum(quantized, product(randomDense([4, 2]), randomDense([2, 6])));

Deno.test("parse() names the field of a node that is wrong", () => {
  const fields: [key: string, value: unknown, field?: string][] = [
    ["form", "afine"],
    ["form", "__proto__"],
    ["form", undefined],
    ["bits", 0],
    ["bits", 9],
    ["bits", 2.5],
    ["bits", "4"],
    ["groupSize", 0],
    ["groupSize", -1],
    ["groupSize", 2 ** 60],
    ["groupSize", undefined],
    ["scaleDtype", "bf16"],
    ["zeroPointDtype", "i8"],
    ["shape", [4]],
    ["shape", [4, 6, 1]],
    ["shape", "4x6"],
    ["shape", [0, 6], "shape.0"],
    ["shape", [4, -6], "shape.1"],
    ["shape", [4, 2 ** 31], "shape.1"],
    ["shape", [2 ** 30, 2 ** 30]],
    ["colour", 1],
    ["__proto__x", 1],
  ];
  for (const [key, value, field = key] of fields) {
    assertEquals(wrongField(quantized, (node) => node[key] = value), `mlp.${field}`);
  }
});

Deno.test("parseNode() refuses what is no object", () => {
  for (const value of [null, undefined, 1, "dense", [], [{ form: "dense" }], true, 1n, () => 1]) {
    const error = assertThrows(() => parseNode(value, "mlp"), FormatError);
    assertEquals(error.field, "mlp");
  }
  assertEquals(assertThrows(() => parseNode({}, ""), FormatError).field, "form");
  // Fields that an object only inherits are not there.
  assertThrows(() => parseNode(Object.create({ ...nodeOf(quantized) }), "mlp"), FormatError);
});

Deno.test("parseNode() makes a node of its own", () => {
  const node = nodeOf(layered);
  const parsed = parseNode(node, "mlp");
  assertEquals(parsed, node);
  assert(parsed !== node);
});

Deno.test("parse() names fields that are deep inside", () => {
  const deep = (change: (right: Record<string, unknown>) => void) => (node: unknown) => {
    const { terms } = node as { terms: { right: Record<string, unknown> }[] };
    change(terms[1].right);
  };
  assertEquals(wrongField(layered, deep((right) => right.dtype = "f8")), "mlp.terms.1.right.dtype");
  assertEquals(wrongField(layered, deep((right) => right.shape = [3, 6])), "mlp.terms.1.right");
  assertEquals(wrongField(layered, deep((right) => right.shape = [2, 5])), "mlp.terms.1");
  assertEquals(wrongField(layered, (node) => node.terms = []), "mlp.terms");
  assertEquals(wrongField(layered, (node) => node.terms = {}), "mlp.terms");
});

Deno.test("parse() names the tensor that is wrong", () => {
  const poisoned = (name: string, data: AnyTensor["data"]) =>
  (
    _node: unknown,
    tensors: Map<string, AnyTensor>,
  ) => {
    tensors.set(name, { ...tensors.get(name), data } as AnyTensor);
  };
  const replaced =
    (name: string, value: AnyTensor) => (_node: unknown, tensors: Map<string, AnyTensor>) =>
      tensors.set(name, value);
  const missing = (name: string) => (_node: unknown, tensors: Map<string, AnyTensor>) =>
    tensors.delete(name);
  const extra = tensor(new Float32Array(1), [1]);

  assertEquals(wrongField(layered, missing("terms.0.zeroPoints")), "mlp.terms.0.zeroPoints");
  assertEquals(wrongField(layered, missing("terms.1.left.weight")), "mlp.terms.1.left.weight");
  assertEquals(wrongField(layered, replaced("bias", extra)), "mlp.bias");
  assertEquals(wrongField(layered, replaced("terms.0.scales", extra)), "mlp.terms.0.scales");
  const narrow = castTo(quantized.scales as Tensor, "f16");
  assertEquals(wrongField(quantized, replaced("scales", narrow)), "mlp.scales");
  const infinite = new Float32Array(8).fill(Infinity);
  assertEquals(wrongField(quantized, poisoned("scales", infinite)), "mlp.scales");
  assertEquals(wrongField(quantized, poisoned("codes", new Uint8Array(3))), "mlp.codes");
  assertEquals(wrongField(quantized, poisoned("codes", new Float32Array(12))), "mlp.codes");
});

Deno.test("parse() refuses factors, orders and rotations that are not what they must be", () => {
  const inner = randomDense([4, 6]);
  const infinite = tensor(Float32Array.of(1, 2, -Infinity, 4), [4]);
  const scales = scaled(inner, { rowScales: { ...infinite, data: new Float32Array(4) } });
  assertEquals(
    wrongField(scales, (_, tensors) => tensors.set("rowScales", infinite)),
    "mlp.rowScales",
  );

  const rowOrder = tensor(Uint32Array.of(0, 1, 2, 3), [4], "u32");
  const twice = tensor(Uint32Array.of(0, 1, 1, 3), [4], "u32");
  const order = permuted(inner, { rowOrder });
  assertEquals(wrongField(order, (_, tensors) => tensors.set("rowOrder", twice)), "mlp.rowOrder");
  assertEquals(wrongField(order, (node) => node.colOrder = 1), "mlp.colOrder");
  assertEquals(wrongField(order, (node) => node.colOrder = true), "mlp.colOrder");

  const turned = rotated(inner, {
    left: orthogonalRotation(randomOrthogonal(4)),
    right: hadamardRotation(6),
  });
  const zeros = tensor(new Float32Array(16), [4, 4]);
  assertEquals(
    wrongField(turned, (_, tensors) => tensors.set("left.matrix", zeros)),
    "mlp.left.matrix",
  );
  const block = (value: unknown) => (node: Record<string, unknown>) => {
    node.right = { kind: "hadamard", block: value };
  };
  for (const value of [0, 3, 4, 8, -2, 1.5, null, "2"]) {
    assertEquals(wrongField(turned, block(value)), "mlp.right.block");
  }
  assertEquals(wrongField(turned, (node) => node.right = { kind: "givens" }), "mlp.right.kind");
  assertEquals(wrongField(turned, (node) => node.right = {}), "mlp.right.kind");
  assertEquals(
    wrongField(turned, (node) => node.right = { kind: "orthogonal", block: 1 }),
    "mlp.right.block",
  );
});

Deno.test("parse() refuses masks and identities that do not fit together", () => {
  const columns = tensor(Uint32Array.of(1, 4), [2], "u32");
  const mixture = interpolative(randomDense([2, 3]), columns);
  const mask = (byte: number) => (_: unknown, tensors: Map<string, AnyTensor>) =>
    tensors.set("mask", tensor(Uint8Array.of(byte), [1], "u8"));
  assertEquals(mixture.mask.data, Uint8Array.of(0b10010));
  assertEquals(wrongField(mixture, mask(0b00010)), "mlp.mask");
  assertEquals(wrongField(mixture, mask(0b10011)), "mlp.mask");
  // As many bits as there must be, but one of them beyond the last column; or one more there.
  assertEquals(wrongField(mixture, mask(0b100010)), "mlp.mask");
  assertEquals(wrongField(mixture, mask(0b10010010)), "mlp.mask");
  const wide = tensor(Uint8Array.of(0b10010, 0), [2], "u8");
  assertEquals(wrongField(mixture, (_, tensors) => tensors.set("mask", wide)), "mlp.mask");
  assertEquals(wrongField(mixture, (_, tensors) => tensors.delete("mask")), "mlp.mask");
  const without = (node: Record<string, unknown>) => node.rest = null;
  assertEquals(wrongField(mixture, without), "mlp.rest");
  assertEquals(wrongField(mixture, (node) => node.shape = [2, 6]), "mlp.rest");
  assertEquals(wrongField(mixture, (node) => node.shape = [3, 5]), "mlp.rest");
  assertEquals(wrongField(mixture, (node) => node.shape = [5, 2]), "mlp.shape");
  assertEquals(wrongField(mixture, (node) => node.shape = undefined), "mlp.shape");
  assertEquals(wrongField(mixture, (node) => node.columns = [1, 4]), "mlp.columns");

  const three = tensor(Uint32Array.of(0, 1, 2), [3], "u32");
  const node = nodeOf(interpolative(null, three));
  assertEquals(node, { form: "interpolative", shape: [3, 3], rest: null });
  const dense = nodeOf(randomDense([3, 1]));
  const { field } = assertThrows(() => parseNode({ ...node, rest: dense }, "mlp"), FormatError);
  assertEquals(field, "mlp.rest");
});

Deno.test("parseNode() reads 8 levels and no more, and serialize() writes no more", () => {
  const deepest = nodeOf(nested(7, quantized));
  assertEquals(parseNode(deepest, "mlp"), deepest);
  const deeper = { form: "scaled", inner: deepest, rowScaleDtype: null, colScaleDtype: null };
  const { field } = assertThrows(() => parseNode(deeper, "mlp"), FormatError, "at most 8 deep");
  assertEquals(field, `mlp${".inner".repeat(8)}`);
  assertThrows(() => serialize(nested(8, quantized)), RangeError, "at most 8 deep");
  let bottomless: unknown = {};
  for (let i = 0; i < 100_000; i++) bottomless = { form: "sum", terms: [bottomless, bottomless] };
  assertThrows(() => parseNode(bottomless, "mlp"), FormatError, "at most 8 deep");
});
