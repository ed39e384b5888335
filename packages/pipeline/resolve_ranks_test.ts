import { allocateSensitivity, SENSITIVITY_KEEPS, whitenedSpectrum } from "@pare/decomposers";
import { evaluate } from "@pare/evaluators";
import { calibrate, linearsOfBlock, openModel } from "@pare/model";
import { byteLengthOf, type OperatorNode, toDense } from "@pare/operators";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLessOrEqual,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { compress } from "./compress.ts";
import { type CompressionJob, planJob } from "./job.ts";
import type { LayerRecord } from "./layer_record.ts";
import { parseRecipe } from "./recipe.ts";
import { resolveRanks } from "./resolve_ranks.ts";
import { memoryOutput } from "./testing/memory_output.ts";
import { METHODS } from "./testing/methods.ts";
import { device, jobOf, reopen, WINDOWS } from "./testing/tiny_job.ts";
import { tinyCheckpoint } from "./testing/tiny_model.ts";

/**
 * The rules, and the bytes of two blocks that each may leave: less than one rank of every layer, of
 * the widest layer, or what lies between the shares that were measured.
 */
const RULES: readonly [rule: string, left: number][] = [
  ["uniform", 2 * 464],
  ["greedy", 80],
  ["inverse-log", 80],
  ["sensitivity", 2000],
];

/** One step for all layers of the blocks. */
function stepOf(
  rule: string,
  budget: Record<string, number>,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  return { method: "asvd", allocation: { rule, ...budget }, ...changes };
}

function rankOf(node: OperatorNode): number | null {
  return node.form === "product" && node.left.form === "dense" ? node.left.shape[1] : null;
}

const ORIGINAL = openModel(tinyCheckpoint());

/** The bytes of layers as they are. */
function bytesBefore(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + byteLengthOf(ORIGINAL.node(name)), 0);
}

for (const [rule, left] of RULES) {
  Deno.test(`compress() with ranks by ${rule} keeps to the budget and to what it predicts`, async () => {
    const step = stepOf(rule, { keep: 0.6 }, { layers: "model.layers.{0,2}.**" });
    const { layers } = await compress(jobOf({ steps: [step] }), memoryOutput());
    const touched = Object.entries(layers).filter(([, layer]) => layer.predictedLoss !== undefined);
    assertEquals(touched.length, 14);
    assert(touched.every(([name]) => /^model\.layers\.[02]\./.test(name)));
    const bytes = touched.reduce((sum, [, { byteLength }]) => sum + byteLength, 0);
    const budget = 0.6 * bytesBefore(touched.map(([name]) => name));
    assertLessOrEqual(bytes, budget);
    assert(bytes > budget - left, `${bytes} of ${budget}`);
    for (const [name, { node, method, byteLength, predictedLoss }] of touched) {
      assertEquals(byteLength, byteLengthOf(node));
      assertEquals(method, rankOf(node) === null ? null : "asvd", name);
      assertEquals(predictedLoss === 0, rankOf(node) === null, name);
    }
  });
}

/** What rounding two factors may change of ‖(A - L R) X‖ / ‖A X‖, layer by layer. */
async function roundingBounds(unit: number): Promise<ReadonlyMap<string, number>> {
  const bounds = new Map<string, number>();
  for await (const { index, statistics } of calibrate(ORIGINAL, WINDOWS, { device })) {
    for (const { name, input, shape } of linearsOfBlock(ORIGINAL.config, index)) {
      const weight = toDense(await ORIGINAL.linear(name));
      const energies = await whitenedSpectrum(weight, statistics[input], { device });
      const outputs = Math.sqrt(energies.reduce((sum, value) => sum + value, 0));
      const inputs = Math.sqrt(statistics[input].squareSum.data.reduce((sum, x) => sum + x, 0));
      // ‖δL R X‖ <= u √k ‖A X‖ as L is orthonormal, ‖L δR X‖ <= u ‖R‖ ‖X‖; twice that, for δL δR X
      // and for numbers so small that their dtype has fewer digits for them.
      const factors = Math.sqrt(Math.min(...shape)) + Math.hypot(...weight.data) * inputs / outputs;
      bounds.set(name, 2 * unit * factors);
    }
  }
  return bounds;
}

for (const [factorDtype, unit] of [["f32", 2 ** -24], ["f16", 2 ** -11]] as const) {
  Deno.test(`compress() by ASVD-I in ${factorDtype} loses what its allocation predicts, to rounding`, async () => {
    const bytes = Math.floor(0.6 * bytesBefore(Object.keys(await layersOf({ steps: [] }))));
    const step = stepOf("greedy", { bytes }, { options: { factorDtype } });
    const bounds = await roundingBounds(unit);
    let compared = 0;
    for (const [name, layer] of Object.entries(await layersOf({ steps: [step] }))) {
      if (rankOf(layer.node) === null) continue;
      const { predictedLoss = NaN, activationNmse } = layer;
      const predicted = Math.sqrt(predictedLoss);
      // Of both losses the manifest has six digits: each is off by 5e-6 of itself, its root by half.
      const bound = (bounds.get(name) ?? 0) + 5e-6 * predicted;
      assertAlmostEquals(Math.sqrt(activationNmse ?? NaN), predicted, bound, name);
      // Both sides: a rank more or less is far from it.
      assert(predictedLoss > 1e-4);
      compared++;
    }
    assert(compared > 6, `${compared}`);
  });
}

/** The records of the layers of the blocks. */
async function layersOf(
  recipe: Record<string, unknown>,
  changes: Partial<CompressionJob> = {},
): Promise<Record<string, LayerRecord>> {
  const { layers } = await compress(jobOf(recipe, changes), memoryOutput());
  return Object.fromEntries(Object.entries(layers).filter(([name]) => name.startsWith("model.l")));
}

Deno.test("compress() with ranks by uniform writes the weights that the same keep writes", async () => {
  const [allocated, plain] = [memoryOutput(), memoryOutput()];
  await compress(jobOf({ steps: [stepOf("uniform", { keep: 0.7 })] }), allocated);
  await compress(jobOf({ steps: [{ method: "asvd", options: { keep: 0.7 } }] }), plain);
  assertEquals(allocated.files.get("model.safetensors"), plain.files.get("model.safetensors"));
});

const RTN4 = { method: "rtn", options: { bits: 4, groupSize: 8 } };
const FORMS: readonly [name: string, options: Record<string, unknown>, keep: number][] = [
  ["junctions", { storage: "junction" }, 0.6],
  ["quantized factors", { factorQuantizer: RTN4 }, 0.3],
  ["quantized junctions", { factorQuantizer: RTN4, storage: "junction" }, 0.3],
];

for (const [name, options, keep] of FORMS) {
  Deno.test(`compress() with ranks by greedy counts what ${name} take, less than factors for the same loss`, async () => {
    const lossOf = async (options: Record<string, unknown>) => {
      const found = await layersOf({ steps: [stepOf("greedy", { keep }, { options })] });
      const layers = Object.values(found);
      const bytes = layers.reduce((sum, { byteLength }) => sum + byteLength, 0);
      const budget = keep * bytesBefore(Object.keys(found));
      // The most that a rank takes: half bytes are filled up, and so are groups.
      assert(bytes <= budget && bytes > budget - 100, `${bytes} of ${budget}`);
      return layers.reduce((sum, { predictedLoss }) => sum + (predictedLoss ?? NaN), 0);
    };
    const [factors, other] = [await lossOf({}), await lossOf(options)];
    assert(other < 0.9 * factors, `${other}, ${factors}`);
  });
}

Deno.test("compress() with ranks by greedy loses less in all than by uniform", async () => {
  const lossOf = async (rule: string) =>
    Object.values(await layersOf({ steps: [stepOf(rule, { keep: 0.6 })] }))
      .reduce((sum, { activationNmse }) => sum + (activationNmse ?? NaN), 0);
  const [greedy, uniform] = [await lossOf("greedy"), await lossOf("uniform")];
  assert(greedy < 0.95 * uniform, `${greedy}, ${uniform}`);
});

Deno.test("compress() copies layers that stay dense as they are", async () => {
  const output = memoryOutput();
  const { layers } = await compress(
    jobOf({ steps: [stepOf("greedy", { keep: 0.95 })] }),
    output,
  );
  const model = await reopen(output);
  const dense = Object.entries(layers).filter(([, layer]) =>
    layer.predictedLoss !== undefined && rankOf(layer.node) === null
  );
  assert(dense.length > 0 && dense.length < 21, `${dense.length}`);
  for (const [name, { nmse, activationNmse, predictedLoss }] of dense) {
    assertEquals([nmse, activationNmse, predictedLoss], [0, 0, 0]);
    assertEquals(await model.linear(name), await ORIGINAL.linear(name));
  }
});

Deno.test("resolveRanks() gives each step a budget of its own", async () => {
  const mlp = stepOf("greedy", { keep: 0.5 }, { layers: "**.mlp.*" });
  const attention = stepOf("greedy", { keep: 0.9 }, { layers: "**.self_attn.*" });
  const layers = Object.entries(await layersOf({ steps: [mlp, attention] }));
  for (const [part, keep] of [["mlp", 0.5], ["self_attn", 0.9]] as const) {
    const own = layers.filter(([name]) => name.includes(part));
    const bytes = own.reduce((sum, [, { byteLength }]) => sum + byteLength, 0);
    const share = bytes / bytesBefore(own.map(([name]) => name));
    assert(share <= keep && share > keep - 0.1, `${part}: ${share}`);
  }
});

Deno.test("resolveRanks() takes layers outside the blocks, and a method without calibration", async () => {
  const plain: typeof METHODS.asvd = {
    ...METHODS.asvd,
    needs: "nothing",
    plan: (shape, { rank }) => METHODS.asvd.plan(shape, { rank, variant: "II" }),
    spectrum: (weight, statistics, _options, device) => {
      assertEquals(statistics, null);
      return whitenedSpectrum(weight, null, { device });
    },
  };
  const registry = { ...METHODS, plain };
  const steps = [stepOf("greedy", { keep: 0.5 }, { method: "plain", layers: "**" })];
  const recipe = parseRecipe({ version: 1, steps }, registry);
  const job = await resolveRanks(jobOf({}, { recipe, registry, calibration: null }));
  assertEquals(job.ranks?.size, 22);
  const { plan } = planJob(job);
  assertNotEquals(plan.parts[0].layers[0].predictedLoss, null);
});

for (const method of ["asvd", "both"]) {
  Deno.test(`resolveRanks() by sensitivity measures the whole model with one layer of ${method} at a time`, async () => {
    const layers = "model.layers.{0,2}.mlp.down_proj";
    const names = [0, 2].map((block) => `model.layers.${block}.mlp.down_proj`);
    const table = [];
    for (const name of names) {
      for (const keep of SENSITIVITY_KEEPS) {
        const output = memoryOutput();
        const options = { keep };
        await compress(jobOf({ steps: [{ method: "asvd", layers: name, options }] }), output);
        const { perplexity } = await evaluate(await reopen(output), WINDOWS, { device });
        table.push({ name, keep, perplexity: perplexity.mean });
      }
    }
    const costs = Array.from({ length: 9 }, (_, i) => 2 * (i + 1) * 40);
    const wanted = allocateSensitivity(
      names.map((name) => ({
        name,
        role: "down",
        energies: costs.map(() => 0),
        costs,
        denseBytes: 768,
      })),
      0.7 * 1536,
      table,
    );
    const step = stepOf("sensitivity", { keep: 0.7 }, { layers, method });
    const { ranks } = await resolveRanks(jobOf({ steps: [step] }));
    assertEquals(
      [...ranks?.values() ?? []].map(({ name, rank }) => [name, rank]),
      wanted.layers.map(({ name, rank }) => [name, rank]),
    );
  });
}

Deno.test("resolveRanks() tells how far it is, and stops at a signal", async () => {
  const step = stepOf("sensitivity", { keep: 0.7 }, { layers: "model.layers.1.mlp.down_proj" });
  const job = jobOf({ steps: [step] });
  const shown: string[] = [];
  await resolveRanks(job, {
    onProgress: ({ stage, done, total, item }) => shown.push(`${stage} ${done}/${total} ${item}`),
  });
  // 0.4 … 0.9 of 768 bytes at 80 a rank: 3, 4, 5, 6, 7 and 8.
  const name = "model.layers.1.mlp.down_proj";
  const trials = SENSITIVITY_KEEPS.map((keep, i) => `Allocating ${i + 1}/7 ${name} at ${keep}`);
  assertEquals(shown, [`Allocating 0/7 ${name}`, ...trials]);
  const signal = AbortSignal.abort();
  await assertRejects(() => resolveRanks(job, { signal }), DOMException);
});

Deno.test("resolveRanks() leaves a job alone that needs no ranks or has them", async () => {
  const plain = jobOf({ steps: [{ method: "asvd" }] });
  assert(await resolveRanks(plain) === plain);
  const resolved = await resolveRanks(jobOf({ steps: [stepOf("uniform", { keep: 0.7 })] }));
  assert(await resolveRanks(resolved) === resolved);
});

Deno.test("resolveRanks() refuses what cannot work before it reads a weight", async () => {
  const model = {
    ...ORIGINAL,
    linear: () => Promise.reject(new Error("A weight was read")),
  };
  const at = (step: Record<string, unknown>, message: string, changes = {}) =>
    assertRejects(
      () => resolveRanks(jobOf({ steps: [step] }, { model, ...changes })),
      RangeError,
      message,
    );
  await at(
    stepOf("greedy", { keep: 0.05 }),
    "Step 1 (asvd): Cannot allocate ranks as the budget of 21 layers must be from ",
  );
  await at(stepOf("greedy", { bytes: 1e6 }), "all dense: current budget is 1000000");
  await at(stepOf("sensitivity", { keep: 0.3 }), "the smallest shares that were measured take");
  await at(stepOf("greedy", {}, { layers: "layers.*" }), "step 1 (asvd) matches none");
  await at(
    stepOf("greedy", {}, { layers: "model.embed_tokens" }),
    "must have a method without calibration",
  );
  await at(stepOf("greedy", {}), "calibration text must be given for asvd", { calibration: null });
  const plain = { ...METHODS.asvd, needs: "nothing" as const };
  const steps = [stepOf("sensitivity", {}, { method: "plain" })];
  const registry = { ...METHODS, plain };
  const recipe = parseRecipe({ version: 1, steps }, registry);
  await at(stepOf("greedy", {}), "by sensitivity as calibration text must be given", {
    calibration: null,
    recipe,
    registry,
  });
});

Deno.test("planJob() refuses a job whose ranks are not resolved", () => {
  assertThrows(
    () => planJob(jobOf({ steps: [stepOf("greedy", {})] })),
    RangeError,
    "the rank of model.layers.0.self_attn.q_proj must be resolved first",
  );
});

Deno.test("resolveRanks() names the layer that cannot be measured", async () => {
  const asvd: typeof METHODS.asvd = {
    ...METHODS.asvd,
    spectrum: () => Promise.reject(new RangeError("Cannot do it")),
  };
  const job = jobOf({ steps: [stepOf("greedy", {})] }, { registry: { ...METHODS, asvd } });
  await assertRejects(
    () => resolveRanks(job),
    RangeError,
    "model.layers.0.self_attn.q_proj: Cannot do it",
  );
});
