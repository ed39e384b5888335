// compress() with layers that are compressed as one and share parts.

import { asvd } from "@pare/decomposers";
import { bytesSource, openSafetensors } from "@pare/formats";
import { calibrate, openModel } from "@pare/model";
import { byteLengthOf, dense, product, toDense } from "@pare/operators";
import { sizeOf, type Tensor } from "@pare/tensor";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { compress } from "./compress.ts";
import { estimateMemory } from "./estimate_memory.ts";
import { type CompressionJob, planJob } from "./job.ts";
import type { Manifest } from "./manifest.ts";
import { sizeOfLayers } from "./plan.ts";
import { parseRecipe } from "./recipe.ts";
import type { Method } from "./registry.ts";
import { stackOf } from "./testing/joint_method.ts";
import { type MemoryOutput, memoryOutput } from "./testing/memory_output.ts";
import { METHODS } from "./testing/methods.ts";
import { contentOf, device, jobOf, reopen, WINDOWS } from "./testing/tiny_job.ts";
import { tinyCheckpoint } from "./testing/tiny_model.ts";

const RANK = 3;
const JOINT = { method: "joint", options: { rank: RANK, share: true } };
const ALONE = { method: "joint", options: { rank: RANK } };
const RTN = { method: "rtn", options: { bits: 3, groupSize: 8 } };
const ASVD = { method: "asvd", layers: "**.mlp.*", options: { keep: 0.7 } };

async function resultOf(
  recipe: Record<string, unknown>,
  changes: Partial<CompressionJob> = {},
): Promise<{ output: MemoryOutput; manifest: Manifest }> {
  const output = memoryOutput();
  return { output, manifest: await compress(jobOf(recipe, changes), output) };
}

/** The layers of a manifest that share parts, and with which. */
function sharingOf({ layers }: Manifest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(layers).flatMap(([name, { shared }]) => shared ? [[name, shared.layer]] : []),
  );
}

/** What layers of some last names share with that of another, in every block. */
function inBlocks(names: Readonly<Record<string, string>>): Record<string, string> {
  const blocks = Array.from({ length: 3 }, (_, block) => `model.layers.${block}.`);
  return Object.fromEntries(
    blocks.flatMap((block) =>
      Object.entries(names).map(([name, leader]) => [block + name, block + leader])
    ),
  );
}

Deno.test("compress() stores what layers share once, and counts it once", async () => {
  const [{ output, manifest }, alone] = await Promise.all([
    resultOf({ steps: [JOINT] }),
    resultOf({ steps: [ALONE] }),
  ]);
  assertEquals(
    sharingOf(manifest),
    inBlocks({
      "self_attn.k_proj": "self_attn.q_proj",
      "self_attn.v_proj": "self_attn.q_proj",
      "mlp.up_proj": "mlp.gate_proj",
    }),
  );
  // k(Σm + n) numbers of four bytes in place of k(Σm + pn) for q, k, v and for gate, up.
  const bytesOf = ({ layers }: Manifest, kind: RegExp) =>
    sizeOfLayers(Object.entries(layers).flatMap(([name, layer]) => kind.test(name) ? [layer] : []))
      .byteLength;
  const qkv = /\.0\.self_attn\.[qkv]_proj$/;
  const gateUp = /\.2\.mlp\.(gate|up)_proj$/;
  assertEquals(bytesOf(manifest, qkv), 4 * RANK * (16 + 8 + 8 + 16));
  assertEquals(bytesOf(alone.manifest, qkv), 4 * RANK * (16 + 8 + 8 + 3 * 16));
  assertEquals(bytesOf(manifest, gateUp), 4 * RANK * (24 + 24 + 16));
  // What the layers say they take is what there is in the file.
  const bytes = output.files.get("model.safetensors");
  assert(bytes);
  const { specs } = await openSafetensors(bytesSource(bytes, "out"));
  for (const [name, { byteLength }] of Object.entries(manifest.layers)) {
    let onDisk = 0;
    for (const [tensor, { dtype, shape }] of specs) {
      const isOwn = tensor.startsWith(`${name}.`);
      if (isOwn) onDisk += sizeOf(shape) * (dtype === "f32" ? 4 : 2);
    }
    assertEquals(onDisk, byteLength, name);
  }
});

Deno.test("compress() hands layers of one input to their method as one", async () => {
  const { output, manifest } = await resultOf({ steps: [JOINT] });
  const [source, model] = [openModel(tinyCheckpoint()), await reopen(output)];
  for await (const { index, statistics } of calibrate(source, WINDOWS, { device })) {
    const names = ["q", "k", "v"].map((role) => `model.layers.${index}.self_attn.${role}_proj`);
    const weights: Tensor[] = [];
    for (const name of names) weights.push(toDense(await source.linear(name)));
    const options = { rank: RANK, factorDtype: "f32", device } as const;
    const wanted = await asvd(stackOf(weights), statistics.attention, options);
    const found: Tensor[] = [];
    for (const name of names) found.push(toDense(await model.linear(name)));
    assertEquals(stackOf(found), toDense(wanted));
    const told = names.map((name) => manifest.layers[name].convergence?.losses.length);
    assertEquals(told, [1, undefined, undefined]);
  }
});

Deno.test("openCompressed() gives each layer the parts that it shares", async () => {
  const { output, manifest } = await resultOf({ steps: [JOINT] });
  const model = await reopen(output);
  for (const [name, leader] of Object.entries(sharingOf(manifest))) {
    const [a, b] = [await model.linear(name), await model.linear(leader)];
    assert(a.form === "product" && b.form === "product");
    assertEquals(a.right, b.right);
    assertEquals(model.sharedParts(name), { layer: leader, parts: ["right"] });
    assertEquals(model.sharedParts(leader), null);
    assertEquals(byteLengthOf(model.node(name), model.sharedParts(name)), byteLengthOf(a.left));
  }
});

Deno.test("compress() groups those layers that one step picks of one input", async () => {
  const wanted: readonly [steps: readonly unknown[], sharing: Record<string, string>][] = [
    [
      [RTN, { ...JOINT, layers: "**.{q,v}_proj" }],
      inBlocks({ "self_attn.v_proj": "self_attn.q_proj" }),
    ],
    [
      [{ ...JOINT, except: "**.q_proj", layers: "**.self_attn.*" }],
      inBlocks({
        "self_attn.v_proj": "self_attn.k_proj",
      }),
    ],
    // One of its input, two steps, and options that do not ask for it.
    [[{ ...JOINT, layers: "**.{q,gate,o,down}_proj" }], {}],
    [[{ ...JOINT, layers: "**.q_proj" }, { ...JOINT, layers: "**.k_proj" }], {}],
    [[ALONE], {}],
  ];
  for (const [steps, sharing] of wanted) {
    const { manifest } = await resultOf({ steps });
    assertEquals(sharingOf(manifest), sharing, JSON.stringify(steps));
  }
  // One layer of an input is compressed as if nothing was shared.
  const one = { layers: "**.{q,down}_proj" };
  const [a, b] = [
    await resultOf({ steps: [{ ...JOINT, ...one }] }),
    await resultOf({ steps: [{ ...ALONE, ...one }] }),
  ];
  assertEquals(a.output.files.get("model.safetensors"), b.output.files.get("model.safetensors"));
});

Deno.test("compress() in sequence runs layers that share parts as they were written", async () => {
  const early = { ...JOINT, layers: "model.layers.{0,1}.**" };
  const late = { ...ASVD, layers: "model.layers.2.mlp.*" };
  const { output: both } = await resultOf({
    steps: [early, late],
    calibration: { sequential: true },
  });
  const { output: first } = await resultOf({
    steps: [early],
    calibration: { sequential: true },
  });
  const { output: second } = await resultOf({ steps: [late] }, { model: await reopen(first) });
  const name = "model.layers.2.mlp.down_proj";
  assertEquals(await (await reopen(both)).linear(name), await (await reopen(second)).linear(name));
  // Behind it stands the model with all layers as they are on disk, shared or not.
  assertEquals(contentOf(second)["model.safetensors"], contentOf(both)["model.safetensors"]);
});

Deno.test("compress() copies layers that share parts without storing these twice", async () => {
  const { output, manifest } = await resultOf({ steps: [JOINT] });
  const model = await reopen(output);
  const copied = await resultOf({ steps: [{ ...RTN, layers: "model.embed_tokens" }] }, { model });
  assertEquals(sharingOf(copied.manifest), sharingOf(manifest));
  // Without the layer that held them, the first of the others does.
  const parted = await resultOf({ steps: [{ ...RTN, layers: "**.q_proj" }] }, { model });
  assertEquals(
    sharingOf(parted.manifest),
    inBlocks({ "self_attn.v_proj": "self_attn.k_proj", "mlp.up_proj": "mlp.gate_proj" }),
  );
  for (const { output } of [copied, parted]) {
    const again = await reopen(output);
    for (const name of Object.keys(sharingOf(manifest))) {
      assertEquals(await again.linear(name), await model.linear(name), name);
    }
  }
});

Deno.test("compress() to a dense folder writes what layers that share parts restore", async () => {
  const recipe = { dtype: "f32", steps: [JOINT] };
  const { output: small } = await resultOf(recipe);
  const { output: whole } = await resultOf(recipe, { format: "hf" });
  const bytes = whole.files.get("model.safetensors");
  assert(bytes);
  const tensors = await openSafetensors(bytesSource(bytes, "dense"));
  const model = await reopen(small);
  for (const role of ["q", "k", "v"]) {
    const name = `model.layers.1.self_attn.${role}_proj`;
    assertEquals(await tensors.read(`${name}.weight`), toDense(await model.linear(name)));
  }
});

Deno.test("estimateMemory() counts layers that are compressed as one together", () => {
  const memoryOf = (step: unknown) =>
    estimateMemory(planJob(jobOf({ steps: [step] })).plan, null, 16);
  // q, k and v have 512 weights, which is more than any single layer has but for the embedding.
  const layers = "**.{q,k,v}_proj";
  const except = { layers: ["**.{q,k,v,gate,up}_proj"] };
  assertEquals(
    memoryOf({ ...JOINT, ...except }) - memoryOf({ ...ALONE, layers }),
    90 * (768 - 384),
  );
});

Deno.test("compress() refuses a method that does not share what it planned to share", async () => {
  const { joint } = METHODS;
  const { together } = joint;
  assert(together);
  const run = (changes: Partial<NonNullable<Method["together"]>>) => {
    const registry = { ...METHODS, joint: { ...joint, together: { ...together, ...changes } } };
    const recipe = parseRecipe({ version: 1, steps: [JOINT] }, registry);
    return resultOf({ steps: [] }, { recipe, registry });
  };
  await assertRejects(
    () =>
      run({
        compress: async (...input) => {
          const { operators, convergence } = await together.compress(...input);
          const others = operators.map((operator, i) => {
            if (i === 0 || operator.form !== "product") return operator;
            const right = toDense(operator.right);
            const data = right.data.map((value, j) => j === 5 ? value + 1 : value);
            return product(operator.left, dense({ ...right, data }));
          });
          return { operators: others, convergence };
        },
      }),
    RangeError,
    "k_proj, model.layers.0.self_attn.v_proj: Cannot share parts of layers as right.weight must be " +
      "the same in model.layers.0.self_attn.q_proj and model.layers.0.self_attn.k_proj",
  );
  await assertRejects(
    () =>
      run({
        compress: async (...input) => {
          const { operators, convergence } = await together.compress(...input);
          return { operators: operators.slice(1), convergence };
        },
      }),
    RangeError,
    "there must be an operator for each of 3: current number is 2",
  );
});

Deno.test("parseRecipe() refuses an allocation of ranks for layers that are compressed as one", () => {
  const step = (share: boolean) => ({
    method: "joint",
    options: { share },
    allocation: { rule: "greedy", keep: 0.5 },
  });
  parseRecipe({ version: 1, steps: [step(false)] }, METHODS);
  assertThrows(
    () => parseRecipe({ version: 1, steps: [step(true)] }, METHODS),
    RangeError,
    "layers that are compressed as one must have their rank from the options",
  );
});
