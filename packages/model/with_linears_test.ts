import { affine, dense, nodeOf } from "@pare/operators";
import { ShapeError, tensor } from "@pare/tensor";
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { openModel } from "./open_model.ts";
import { FAMILIES } from "./testing/families.ts";
import { tinyCheckpoint } from "./testing/tiny_checkpoint.ts";
import { withLinears } from "./with_linears.ts";

const MODEL = openModel(tinyCheckpoint(FAMILIES[0].config));
const K = "model.layers.1.self_attn.k_proj";

Deno.test("withLinears() replaces what it is given and leaves the rest", async () => {
  const operator = affine({
    codes: tensor(new Uint8Array(8 * 16), [8, 16], "u8"),
    bits: 2,
    groupSize: null,
    scales: tensor(Float32Array.of(1), [1, 1]),
  });
  const model = withLinears(MODEL, new Map([[K, operator]]));
  assertStrictEquals(await model.linear(K), operator);
  assertEquals(model.node(K), nodeOf(operator));
  const other = "model.layers.0.self_attn.k_proj";
  assertEquals(await model.linear(other), await MODEL.linear(other));
  assertEquals(model.node(other), MODEL.node(other));
  const norm = "model.norm.weight";
  assertEquals(await model.vector(norm), await MODEL.vector(norm));
  assertEquals(model.vectorSpec(norm), MODEL.vectorSpec(norm));
  assertEquals(model.config, MODEL.config);
});

Deno.test("withLinears() refuses unknown names and other shapes", () => {
  const operator = dense(tensor(new Float32Array(4), [2, 2]));
  assertThrows(
    () => withLinears(MODEL, new Map([["model.norm", operator]])),
    RangeError,
    "current name is model.norm",
  );
  assertThrows(
    () => withLinears(MODEL, new Map([[K, operator]])),
    ShapeError,
    `Cannot replace ${K} of tiny as the shape must be [8, 16]: current shape is [2, 2]`,
  );
});
