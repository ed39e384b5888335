// CALDERA of layers that read one input, from a recipe to the file and back, on the demo model.

import { calderaTogether } from "@pare/decomposers";
import { folderOf, openShardedSafetensors } from "@pare/formats";
import { createWasmDevice } from "@pare/linalg";
import { calibrate } from "@pare/model";
import { byteLengthOf, toDense } from "@pare/operators";
import { compress, openCompressed, parseManifest, parseRecipe, planJob } from "@pare/pipeline";
import type { Tensor } from "@pare/tensor";
import { assert, assertEquals } from "@std/assert";
import { openDemo } from "../packages/cli/open_source.ts";
import { REGISTRY } from "../packages/cli/registry.ts";
import { memoryOutput } from "../packages/pipeline/testing/memory_output.ts";

const SOURCE = await openDemo();
const { model: MODEL, config: CONFIG } = SOURCE;
const device = await createWasmDevice({ threads: 1 });
const WINDOWS = Array.from(
  { length: 6 },
  (_, w) => Uint32Array.from({ length: 64 }, (_, i) => (31 * i * i + 7 * i + 101 * w) % 1024),
);
const OPTIONS = { rank: 8, iterations: 2, bitsPerWeight: 8 };
const [Q, K, V, GATE, UP] = ["self_attn.q", "self_attn.k", "self_attn.v", "mlp.gate", "mlp.up"]
  .map((name) => `model.layers.0.${name}_proj`);

function jobOf(options: Record<string, unknown>) {
  const layers = "model.layers.0.**";
  const digest = { sha256: "0".repeat(64) };
  return {
    creator: "test",
    model: MODEL,
    source: { name: "demo", ...digest },
    recipe: parseRecipe({ version: 1, steps: [{ method: "caldera", layers, options }] }, REGISTRY),
    registry: REGISTRY,
    device,
    calibration: { text: { name: "text", ...digest }, windows: WINDOWS },
    files: new Map([["config.json", JSON.stringify(CONFIG)]]),
    format: "pare" as const,
  };
}

Deno.test("caldera with sharedRight writes what it plans, and is read as it was computed", async () => {
  const output = memoryOutput();
  const job = jobOf({ ...OPTIONS, sharedRight: true });
  const planned = planJob(job);
  await compress(job, output);
  const sizes = new Map([...output.files].map(([file, bytes]) => [file, bytes.length]));
  assertEquals(sizes, new Map(planned.files));
  const manifest = parseManifest(new TextDecoder().decode(output.files.get("pare.json")));
  const tensors = await openShardedSafetensors(folderOf(Object.fromEntries(output.files), "out"));
  const model = openCompressed(manifest, { name: "out", config: CONFIG, tensors });
  const parts = ["right", "inner.terms.1.right"];
  assertEquals(model.sharedParts(V), { layer: Q, parts });
  assertEquals(model.sharedParts(UP), { layer: GATE, parts });
  for await (const { statistics: { attention } } of calibrate(MODEL, WINDOWS, { device })) {
    const weights: Tensor[] = [];
    for (const name of [Q, K, V]) weights.push(toDense(await MODEL.linear(name)));
    const wanted = await calderaTogether(weights, attention, { ...OPTIONS, device });
    for (const [i, name] of [Q, K, V].entries()) {
      assertEquals(toDense(await model.linear(name)), toDense(wanted.operators[i]), name);
    }
    const { losses, chosen } = wanted.convergence;
    const told = manifest.layers[Q].convergence;
    assertEquals([told?.losses.length, told?.chosen], [losses.length, chosen]);
    break;
  }
});

Deno.test("caldera with sharedRight pays for the columns of a rank once", () => {
  const bytesAt = (rank: number, sharedRight: boolean) => {
    const { plan } = planJob(jobOf({ rank, factorDtype: "f16", sharedRight }));
    const { layers } = plan.parts[1];
    const bytes = new Map(
      layers.map(({ name, node, shared }) => [name, byteLengthOf(node, shared)]),
    );
    return [Q, K, V].reduce((sum, name) => sum + (bytes.get(name) ?? NaN), 0);
  };
  const [rows, cols] = [128 + 64 + 64, 128];
  assertEquals(bytesAt(9, true) - bytesAt(8, true), 2 * (rows + cols));
  assertEquals(bytesAt(9, false) - bytesAt(8, false), 2 * (rows + 3 * cols));
  assert(bytesAt(13, true) <= bytesAt(8, false));
});
