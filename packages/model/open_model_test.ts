import { dense, nodeOf, toDense } from "@pare/operators";
import { type AnyTensor, castTo, FormatError, tensor } from "@pare/tensor";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openModel } from "./open_model.ts";
import { FAMILIES } from "./testing/families.ts";
import { checkpointOf, tensorsOf, tinyCheckpoint } from "./testing/tiny_checkpoint.ts";

const CONFIG = FAMILIES[0].config;
const Q = "model.layers.0.self_attn.q_proj";

/** The tensors of the first family, with some replaced; `null` leaves one out. */
function opened(changes: Readonly<Record<string, AnyTensor | null>>, config = CONFIG) {
  const tensors = new Map<string, AnyTensor>(tensorsOf(config));
  for (const [name, changed] of Object.entries(changes)) {
    if (changed) tensors.set(name, changed);
    else tensors.delete(name);
  }
  return openModel(checkpointOf(config, tensors));
}

const zeros = (...shape: number[]) =>
  tensor(new Float32Array(shape.reduce((size, n) => size * n, 1)), shape);

for (const { name, config } of FAMILIES) {
  Deno.test(`openModel() reads every tensor of ${name}`, async () => {
    const model = openModel(tinyCheckpoint(config));
    for (const [full, wanted] of tensorsOf(config)) {
      if (wanted.shape.length === 2) {
        const linear = full.replace(/\.weight$/, "");
        assertEquals(toDense(await model.linear(linear)), wanted);
        assertEquals(model.node(linear), nodeOf(dense(wanted)));
      } else {
        assertEquals(await model.vector(full), wanted);
        assertEquals(model.vectorSpec(full), { dtype: "f32", shape: wanted.shape });
      }
    }
  });
}

Deno.test("openModel() keeps f16 and bf16, and makes f32 of other floats", async () => {
  const [, weight] = [...tensorsOf(CONFIG)].find(([name]) => name === `${Q}.weight`) ?? [];
  assert(weight);
  for (const dtype of ["f16", "bf16", "f64", "f8e4m3"] as const) {
    const model = opened({ [`${Q}.weight`]: castTo(weight, dtype) });
    const { weight: read } = await model.linear(Q);
    const kept = dtype === "f16" || dtype === "bf16";
    assertEquals(read.dtype, kept ? dtype : "f32");
    assertEquals(model.node(Q), nodeOf(await model.linear(Q)));
    if (kept) assertEquals(read, castTo(weight, dtype));
    if (dtype === "f64") assertEquals(read, weight);
  }
});

Deno.test("openModel() leaves what changes nothing alone", async () => {
  const tied = FAMILIES[1].config;
  const model = opened({
    "model.layers.0.self_attn.rotary_emb.inv_freq": zeros(2),
    "model.layers.7.self_attn.q_proj.weight": zeros(3, 3),
    "lm_head.weight": zeros(11, 16),
  }, tied);
  await assertRejects(
    () => model.linear("lm_head"),
    RangeError,
    "Cannot read a linear layer of tiny as its name must be one of the model's",
  );
});

const REFUSED: readonly [
  name: string,
  changes: Record<string, AnyTensor | null>,
  message: string,
][] = [
  [
    "a missing tensor",
    { [`${Q}.weight`]: null },
    `Cannot open the model tiny as ${Q}.weight must be there with shape [16, 16]: current checkpoint lacks it`,
  ],
  ["a missing head", { "lm_head.weight": null }, "lm_head.weight must be there"],
  [
    "another shape",
    { [`${Q}.weight`]: zeros(16, 15) },
    `${Q}.weight must have shape [16, 16]: current shape is [16, 15]`,
  ],
  ["another number of dimensions", { [`${Q}.weight`]: zeros(256) }, "current shape is [256]"],
  [
    "integers",
    { "model.norm.weight": tensor(new Int32Array(16), [16], "i32") },
    "model.norm.weight must be a float: current dtype is i32",
  ],
  [
    "a bias that the block would not add",
    { [`${Q}.bias`]: zeros(16) },
    `${Q}.bias must be absent, for no llama block has it`,
  ],
];

for (const [name, changes, message] of REFUSED) {
  Deno.test(`openModel() refuses ${name}`, () => {
    assertThrows(() => opened(changes), FormatError, message);
  });
}

Deno.test("openModel() refuses infinities and NaNs when it reads them", async () => {
  const bad = Float32Array.from({ length: 256 }, (_, i) => i === 7 ? Infinity : 1);
  const message = `${Q}.weight must have finite numbers: current value of element 7 is Infinity`;
  for (const dtype of ["f32", "f16", "bf16", "f64"] as const) {
    const model = opened({ [`${Q}.weight`]: castTo(tensor(bad, [16, 16]), dtype) });
    await assertRejects(() => model.linear(Q), FormatError, message);
  }
  const nan = opened({ "model.norm.weight": tensor(new Float32Array(16).fill(NaN), [16]) });
  await assertRejects(() => nan.vector("model.norm.weight"), FormatError, "element 0 is NaN");
  // The largest finite numbers pass.
  const largest = tensor(Uint16Array.from({ length: 256 }, () => 0x7bff), [16, 16], "f16");
  await opened({ [`${Q}.weight`]: largest }).linear(Q);
});

Deno.test("openModel() refuses names that the model does not have", async () => {
  const model = opened({});
  await assertRejects(() => model.linear(`${Q}.weight`), RangeError, `current name is ${Q}.weight`);
  await assertRejects(() => model.vector("model.norm"), RangeError, "current name is model.norm");
  assertThrows(() => model.node("nothing"), RangeError, "current name is nothing");
  assertThrows(() => model.vectorSpec("nothing"), RangeError, "current name is nothing");
});
