import { bytesSource, folderOf, openSafetensors, openShardedSafetensors } from "@pare/formats";
import { distortion } from "@pare/evaluators";
import { calibrate, openModel } from "@pare/model";
import { byteLengthOf, type OperatorNode, type Statistics, toDense } from "@pare/operators";
import { rtn } from "@pare/quantizers";
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { compress } from "./compress.ts";
import { openCompressed } from "./compressed_model.ts";
import { type CompressionJob, planJob } from "./job.ts";
import { parseManifest } from "./manifest.ts";
import { parseRecipe } from "./recipe.ts";
import { resolveRanks } from "./resolve_ranks.ts";
import { memoryOutput } from "./testing/memory_output.ts";
import { METHODS } from "./testing/methods.ts";
import { contentOf, device, jobOf, reopen, WINDOWS } from "./testing/tiny_job.ts";
import { TINY_CONFIG, tinyCheckpoint } from "./testing/tiny_model.ts";

const RTN = { method: "rtn", options: { bits: 3, groupSize: 8 } };
const ASVD = { method: "asvd", layers: "**.mlp.*", options: { keep: 0.7 } };
const BOTH = { ...ASVD, method: "both", layers: "model.layers.{0,1}.mlp.*" };
const WIDENING = { ...RTN, method: "widening", layers: "**.self_attn.*" };
const JOINT = {
  method: "joint",
  layers: "**.self_attn.{q,k,v}_proj",
  options: { rank: 3, share: true },
};
const GREEDY = { ...ASVD, options: {}, allocation: { rule: "greedy", keep: 0.7 } };

const RECIPES: readonly [name: string, recipe: Record<string, unknown>][] = [
  ["rtn", { steps: [RTN] }],
  ["asvd of the MLP, rtn of the rest", { steps: [RTN, ASVD] }],
  ["asvd, sequential", { steps: [ASVD], calibration: { sequential: true } }],
  ["both Gram matrices for some, one or none for others", { steps: [RTN, ASVD, BOTH] }],
  ["asvd with ranks of one budget, rtn of the rest", { steps: [RTN, GREEDY] }],
  ["a method that tells of its iterations, rtn of the rest", { steps: [RTN, WIDENING] }],
  ["layers as one, in sequence, rtn of the rest", {
    steps: [RTN, JOINT],
    calibration: { sequential: true },
  }],
  ["rtn of everything", { dtype: "f16", steps: [{ ...RTN, layers: "**" }] }],
];

for (const [name, recipe] of RECIPES) {
  Deno.test(`compress() with ${name} writes what planJob() says, to the byte`, async () => {
    const output = memoryOutput();
    const job = jobOf(recipe);
    const planned = planJob(await resolveRanks(job));
    const manifest = await compress(job, output);
    assert(output.isCommitted);
    const sizes = new Map([...output.files].map(([file, bytes]) => [file, bytes.length]));
    assertEquals(sizes, new Map(planned.files));
    assertEquals([...sizes.values()].reduce((sum, n) => sum + n, 0), manifest.byteLength);
    for (const [file, { byteLength, sha256 }] of Object.entries(manifest.files)) {
      assertEquals([byteLength, sha256], [sizes.get(file), await output.digest(file)]);
    }
  });

  Deno.test(`compress() with ${name} repeats itself`, async () => {
    const [a, b] = [memoryOutput(), memoryOutput()];
    await compress(jobOf(recipe), a);
    await compress(jobOf(recipe), b);
    assertEquals(contentOf(a), contentOf(b));
  });

  Deno.test(`compress() with ${name} goes on after a failure at any write, with the same bytes`, async () => {
    const whole = memoryOutput();
    await compress(jobOf(recipe), whole);
    const wanted = contentOf(whole);
    // Every seventh change, so that failures fall into headers, tensors, journal and manifest.
    for (let changes = 0;; changes += 7) {
      const output = memoryOutput();
      output.changesLeft = changes;
      const failed = await compress(jobOf(recipe), output).then(() => false, () => true);
      if (!failed) return;
      assert(!output.isCommitted);
      output.changesLeft = Infinity;
      await compress(jobOf(recipe), output);
      assertEquals(contentOf(output), wanted, `after ${changes} changes`);
    }
  });
}

Deno.test("compress() stops at a signal and goes on later with the same bytes", async () => {
  const recipe = { steps: [RTN, ASVD] };
  const whole = memoryOutput();
  await compress(jobOf(recipe), whole);
  const output = memoryOutput();
  const controller = new AbortController();
  let layers = 0;
  const onProgress = () => {
    if (++layers === 9) controller.abort();
  };
  await assertRejects(
    () => compress(jobOf(recipe), output, { signal: controller.signal, onProgress }),
    DOMException,
  );
  assert(!output.isCommitted && output.files.has("progress.jsonl"));
  const items: string[] = [];
  await compress(jobOf(recipe), output, { onProgress: ({ item }) => items.push(item) });
  assertEquals(items[0], "model.layers.1.self_attn.q_proj");
  assertEquals(contentOf(output), contentOf(whole));
});

Deno.test("compress() tells of iterations, and stops behind one", async () => {
  const recipe = { steps: [RTN, WIDENING] };
  const whole = memoryOutput();
  const items: string[] = [];
  await compress(jobOf(recipe), whole, {
    onProgress: ({ item, done }) => items.push(`${done} ${item}`),
  });
  const q = "model.layers.0.self_attn.q_proj";
  assertEquals(items.slice(1, 4), [`1 ${q}`, `1 ${q}, 1 of 3`, `1 ${q}, 2 of 3`]);
  const output = memoryOutput();
  const controller = new AbortController();
  const onProgress = ({ item }: { item: string }) => {
    if (item === "model.layers.1.self_attn.v_proj, 1 of 3") controller.abort();
  };
  const { signal } = controller;
  await assertRejects(() => compress(jobOf(recipe), output, { signal, onProgress }), DOMException);
  await compress(jobOf(recipe), output);
  assertEquals(contentOf(output), contentOf(whole));
});

Deno.test("compress() does a part again whose bytes were damaged", async () => {
  const recipe = { steps: [RTN] };
  const whole = memoryOutput();
  await compress(jobOf(recipe), whole);
  const output = memoryOutput();
  output.changesLeft = 60;
  await assertRejects(() => compress(jobOf(recipe), output), Error, "disk is full");
  output.changesLeft = Infinity;
  const weights = output.files.get("model.safetensors");
  assert(weights);
  for (let i = weights.length >> 2; i < weights.length; i += 50) weights[i] ^= 1;
  await compress(jobOf(recipe), output);
  assertEquals(contentOf(output), contentOf(whole));
});

Deno.test("compress() refuses to go on with another recipe, source or text", async () => {
  const output = memoryOutput();
  output.changesLeft = 40;
  await assertRejects(() => compress(jobOf({ steps: [RTN] }), output), Error, "disk is full");
  output.changesLeft = Infinity;
  const other = { steps: [{ method: "rtn", options: { bits: 4, groupSize: 8 } }] };
  await assertRejects(() => compress(jobOf(other), output), RangeError, "recipe must be the same");
  const moved = { source: { name: "tiny", sha256: "2".repeat(64) } };
  await assertRejects(
    () => compress(jobOf({ steps: [RTN] }, moved), output),
    RangeError,
    "source must be the same",
  );
  const fewer = jobOf({ steps: [RTN] });
  const calibration = fewer.calibration && { ...fewer.calibration, windows: WINDOWS.slice(1) };
  await assertRejects(
    () => compress({ ...fewer, calibration }, output),
    RangeError,
    "calibration must be the same",
  );
  const files = new Map([["config.json", JSON.stringify({ ...TINY_CONFIG, bos_token_id: 3 })]]);
  await assertRejects(
    () => compress({ ...fewer, files }, output),
    RangeError,
    "texts must be the same",
  );
});

for (const sequential of [false, true]) {
  const whose = sequential ? "the compressed model" : "the original";
  Deno.test(`compress() with sequential ${sequential} shows methods the inputs of ${whose}`, async () => {
    const shown: Statistics[] = [];
    const spy: typeof METHODS.asvd = {
      ...METHODS.rtn,
      needs: "gram",
      compress: (weight, statistics, options, device) => {
        if (statistics) shown.push(statistics);
        return METHODS.rtn.compress(weight, null, options, device);
      },
    };
    const registry = { ...METHODS, spy };
    const steps = [{ ...RTN, layers: "model.embed_tokens" }, { ...RTN, method: "spy" }];
    const recipe = parseRecipe({ version: 1, steps, calibration: { sequential } }, registry);
    const output = memoryOutput();
    await compress(jobOf({ steps: [] }, { recipe, registry }), output);
    const [small, original] = [await reopen(output), openModel(tinyCheckpoint())];
    const wanted = await Array.fromAsync(
      calibrate(sequential ? small : original, WINDOWS, { device }),
    );
    const other = await Array.fromAsync(
      calibrate(sequential ? original : small, WINDOWS, { device }),
    );
    // Of the seven layers of a block q is the first, which reads what comes from the blocks before.
    for (const { index, statistics: { attention } } of wanted) {
      assertEquals(shown[7 * index], attention, `block ${index}`);
      assertNotEquals(shown[7 * index].gram, other[index].statistics.attention.gram);
    }
  });
}

Deno.test("compress() refuses to go on with other kernels or for another format", async () => {
  const output = memoryOutput();
  output.changesLeft = 40;
  await assertRejects(() => compress(jobOf({ steps: [RTN] }), output), Error, "disk is full");
  output.changesLeft = Infinity;
  const others: readonly [changes: Partial<CompressionJob>, message: string][] = [
    [{ device: { ...device, description: "other" } }, "kernels must be the same"],
    [{ format: "hf" }, "format must be the same"],
  ];
  for (const [changes, message] of others) {
    const job = jobOf({ steps: [RTN] }, changes);
    await assertRejects(() => compress(job, output), RangeError, message);
  }
});

Deno.test("compress() brings a part to safety before the journal has it", async () => {
  const output = memoryOutput();
  const events: string[] = [];
  const recording = {
    ...output,
    open: async (name: string, byteLength: number) => {
      const file = await output.open(name, byteLength);
      const sync = () => {
        events.push("sync");
        return file.sync();
      };
      return { ...file, sync };
    },
    appendLine: (name: string, line: string) => {
      events.push("journal");
      return output.appendLine(name, line);
    },
  };
  await compress(jobOf({ steps: [RTN] }), recording);
  // The embedding, three blocks, and the norm behind them.
  assertEquals(events, Array.from({ length: 5 }, () => ["sync", "journal"]).flat());
});

Deno.test("compress() in sequence calibrates a block on what the compressed ones before it give", async () => {
  const early = { ...RTN, layers: "model.layers.{0,1}.**" };
  const late = { ...ASVD, layers: "model.layers.2.mlp.*" };
  const [both, apart, first, second] = Array.from({ length: 4 }, () => memoryOutput());
  await compress(jobOf({ steps: [early, late], calibration: { sequential: true } }), both);
  await compress(jobOf({ steps: [early, late] }), apart);
  await compress(jobOf({ steps: [early] }), first);
  await compress(jobOf({ steps: [late] }, { model: await reopen(first) }), second);
  const [found, wanted, plain] = await Promise.all(
    [both, second, apart].map(async (output) =>
      await (await reopen(output)).linear("model.layers.2.mlp.down_proj")
    ),
  );
  assertEquals(found, wanted);
  assert(toDense(found).data.some((value, i) => value !== toDense(plain).data[i]));
});

Deno.test("compress() shows a method that needs both the inputs of both models, others one", async () => {
  const shown = new Map<string, Statistics>();
  const spyOf = (name: string, needs: "gram" | "both-grams"): typeof METHODS.asvd => ({
    ...METHODS.rtn,
    needs,
    compress: (weight, statistics, options, device) => {
      const block = [...shown.keys()].filter((key) => key.startsWith(name)).length;
      if (statistics) shown.set(`${name} ${block}`, statistics);
      return METHODS.rtn.compress(weight, null, options, device);
    },
  });
  const registry = { ...METHODS, one: spyOf("one", "gram"), two: spyOf("two", "both-grams") };
  // q is the first to read what comes out of the blocks before; k reads the same.
  const steps = [
    { ...RTN, layers: ["model.embed_tokens", "model.layers.**"] },
    { ...RTN, method: "two", layers: "**.q_proj" },
    { ...RTN, method: "one", layers: "**.k_proj" },
  ];
  const recipe = parseRecipe({ version: 1, steps }, registry);
  const output = memoryOutput();
  const items: string[] = [];
  const manifest = await compress(jobOf({ steps: [] }, { recipe, registry }), output, {
    onProgress: ({ stage, item }) => stage === "Compressing" && items.push(item),
  });
  assertEquals(items, Object.keys(manifest.layers));
  const original = openModel(tinyCheckpoint());
  const small = await reopen(output);
  const [wanted, behind] = await Promise.all(
    [original, small].map((model) => Array.fromAsync(calibrate(model, WINDOWS, { device }))),
  );
  for (const [block, { statistics: { attention } }] of wanted.entries()) {
    assertEquals(shown.get(`one ${block}`), attention);
    const { tokens, gram } = behind[block].statistics.attention;
    assertEquals(shown.get(`two ${block}`), { ...attention, compressed: { tokens, gram } });
    assertNotEquals(gram, attention.gram, `block ${block}`);
  }
});

Deno.test("compress() measures outputs by the original model's inputs, whatever methods see", async () => {
  const measuresOf = async (method: string) => {
    const step = { ...RTN, method, layers: "**.mlp.*" };
    const registry = { ...METHODS, spy: { ...METHODS.rtn, needs: "both-grams" as const } };
    const recipe = parseRecipe({ version: 1, steps: [RTN, step] }, registry);
    const { layers } = await compress(jobOf({ steps: [] }, { recipe, registry }), memoryOutput());
    return Object.values(layers).map(({ activationNmse }) => activationNmse);
  };
  assertEquals(await measuresOf("spy"), await measuresOf("rtn"));
});

Deno.test("compress() records how a method went, and nothing for one that does not iterate", async () => {
  const output = memoryOutput();
  const { layers } = await compress(jobOf({ steps: [RTN, WIDENING] }), output);
  const source = openModel(tinyCheckpoint());
  for (const [name, { method, nmse, convergence }] of Object.entries(layers)) {
    assertEquals(convergence !== undefined, method === "widening", name);
    if (!convergence) continue;
    const narrow = rtn(toDense(await source.linear(name)), { bits: 2, groupSize: 8 });
    const { nmse: first } = distortion(toDense(await source.linear(name)), toDense(narrow));
    assertEquals(convergence, {
      losses: [Number(first.toPrecision(6)), nmse],
      chosen: 1,
    });
  }
  const text = new TextDecoder().decode(output.files.get("pare.json"));
  assertEquals(parseManifest(text).layers, layers);
});

Deno.test("planJob() leaves alone what a step excepts, and dense layers in the model's dtype", () => {
  const recipe = { steps: [{ ...RTN, except: ["**.down_proj", "**.1.**"] }] };
  const layersOf = (changes: Partial<CompressionJob>) =>
    planJob(jobOf(recipe, changes)).plan.parts.flatMap(({ layers }) => layers);
  for (const { name, step, node } of layersOf({})) {
    const isKept = !name.startsWith("model.layers") || name.endsWith("down_proj") ||
      name.includes(".1.");
    assertEquals([step === null, node.form === "dense"], [isKept, isKept], name);
  }
  for (const { node, shape } of layersOf({ format: "hf" })) {
    assertEquals(node, { form: "dense", shape, dtype: "bf16" });
  }
});

Deno.test("openCompressed() refuses a layer that is missing or of another shape", async () => {
  const output = memoryOutput();
  const manifest = await compress(jobOf({ steps: [RTN] }), output);
  const tensors = await openShardedSafetensors(folderOf(Object.fromEntries(output.files), "out"));
  const checkpoint = { name: "out", config: TINY_CONFIG, tensors };
  const name = "model.layers.1.mlp.up_proj";
  const { [name]: record, ...others } = manifest.layers;
  assertThrows(
    () => openCompressed({ ...manifest, layers: others }, checkpoint),
    SyntaxError,
    `${name} must have the shape [24, 16]: current shape is [none]`,
  );
  const turned: OperatorNode = { form: "dense", shape: [16, 24], dtype: "f16" };
  assertThrows(
    () =>
      openCompressed(
        { ...manifest, layers: { ...others, [name]: { ...record, node: turned } } },
        checkpoint,
      ),
    SyntaxError,
    `${name} must have the shape [24, 16]: current shape is [16, 24]`,
  );
});

Deno.test("openCompressed() gives the layers that were compressed", async () => {
  const output = memoryOutput();
  const manifest = await compress(jobOf({ steps: [RTN, ASVD] }), output);
  const source = openModel(tinyCheckpoint());
  const model = await reopen(output);
  for (const [name, record] of Object.entries(manifest.layers)) {
    const operator = await model.linear(name);
    assertEquals(byteLengthOf(operator), record.byteLength);
    const [weight, restored] = [toDense(await source.linear(name)), toDense(operator)];
    let noise = 0;
    let signal = 0;
    for (const [i, value] of weight.data.entries()) {
      noise += (value - restored.data[i]) ** 2;
      signal += value ** 2;
    }
    // The same numbers summed in the same order, to six digits.
    assertEquals(record.nmse, noise && Number((noise / signal).toPrecision(6)));
    assertEquals(record.method === null, noise === 0, name);
  }
});

Deno.test("compress() to a dense folder writes the weights that the compressed one restores", async () => {
  const [small, dense] = [memoryOutput(), memoryOutput()];
  await compress(jobOf({ dtype: "f32", steps: [RTN] }), small);
  await compress(jobOf({ dtype: "f32", steps: [RTN] }, { format: "hf" }), dense);
  const model = await reopen(small);
  const bytes = dense.files.get("model.safetensors");
  assert(bytes && !dense.files.has("pare.json"));
  const tensors = await openSafetensors(bytesSource(bytes, "dense"));
  const name = "model.layers.2.mlp.down_proj";
  assertEquals(await tensors.read(`${name}.weight`), toDense(await model.linear(name)));
});

Deno.test("compress() in shards keeps every tensor", async () => {
  const [one, many] = [memoryOutput(), memoryOutput()];
  await compress(jobOf({ steps: [RTN] }), one);
  await compress(jobOf({ steps: [RTN] }, { maxShardBytes: 700 }), many);
  assert(many.files.has("model.safetensors.index.json") && many.files.size > 4);
  const [a, b] = [await reopen(one), await reopen(many)];
  for (const name of ["model.embed_tokens", "model.layers.1.mlp.up_proj"]) {
    assertEquals(await a.linear(name), await b.linear(name));
  }
});

Deno.test("compress() refuses a method that does not do what it planned", async () => {
  const { rtn } = METHODS;
  const lying: typeof rtn = {
    ...rtn,
    plan: (shape, options) =>
      ({ ...rtn.plan(shape, options), zeroPointDtype: "f16" }) as OperatorNode,
  };
  const job = jobOf({ steps: [RTN] }, { registry: { rtn: lying, asvd: METHODS.asvd } });
  await assertRejects(
    () => compress(job, memoryOutput()),
    RangeError,
    "q_proj: Cannot write the layer as it must be as planned",
  );
});

Deno.test("compress() refuses numbers that the dtype of the rest cannot hold", async () => {
  for (const name of ["model.embed_tokens.weight", "model.layers.1.input_layernorm.weight"]) {
    const checkpoint = tinyCheckpoint();
    const { tensors: { specs, read } } = checkpoint;
    const large = async (wanted: string) => {
      const found = await read(wanted);
      // 2^17 in bf16; half precision ends below 2^16.
      if (wanted === name && found.dtype === "bf16") found.data[3] = 0x4800;
      return found;
    };
    const model = openModel({ ...checkpoint, tensors: { specs, read: large } });
    await assertRejects(
      () =>
        compress(
          jobOf({ dtype: "f16", steps: [RTN] }, { model, calibration: null }),
          memoryOutput(),
        ),
      RangeError,
      "as every number must be finite in f16: current value is 131072",
    );
  }
});

Deno.test("planJob() refuses recipes that cannot work, before any work", () => {
  const at = (recipe: Record<string, unknown>, message: string, changes = {}) =>
    assertThrows(() => planJob(jobOf(recipe, changes)), RangeError, message);
  at(
    { steps: [{ method: "rtn", options: { groupSize: 7 } }] },
    "model.layers.0.self_attn.q_proj: Cannot quantize",
  );
  at({ steps: [{ ...RTN, layers: "layers.*" }] }, "step 1 (rtn) matches none");
  at({ steps: [ASVD, RTN] }, "step 1 (asvd) matches none");
  at(
    { steps: [{ ...ASVD, layers: "model.embed_tokens" }] },
    "must have a method without calibration",
  );
  at({ steps: [RTN, ASVD] }, "calibration text must be given for asvd:", { calibration: null });
  at({ steps: [BOTH] }, "calibration text must be given for both, which", { calibration: null });
  at(
    { steps: [RTN, BOTH], calibration: { sequential: true } },
    "calibration must not be sequential for both, which",
  );
  at({ steps: [{ method: "asvd", options: { rank: 16 } }] }, "must be at most 8");
});
