import { folderOf, openShardedSafetensors } from "@pare/formats";
import type { Device } from "@pare/linalg";
import type { Model } from "@pare/model";
import { compress, type Manifest, openCompressed, parseRecipe, type Step } from "@pare/pipeline";
import type { OpenedSource } from "../../packages/cli/open_source.ts";
import { REGISTRY } from "../../packages/cli/registry.ts";
import { memoryOutput } from "../../packages/pipeline/testing/memory_output.ts";

/** A step of a recipe as it is written. */
export type WrittenStep = Partial<Step> & Pick<Step, "method">;

/** A compressed model and what its manifest says. */
export interface Compressed {
  /** The model, read back from what was written. */
  readonly model: Model;
  /** Its manifest. */
  readonly manifest: Manifest;
}

/** Compresses a model by one step into memory and opens what was written; the rest is kept in f16. */
export async function compressInMemory(
  source: OpenedSource,
  step: WrittenStep,
  windows: readonly Uint32Array[],
  device: Device,
): Promise<Compressed> {
  const name = step.method;
  const output = memoryOutput();
  const manifest = await compress({
    creator: "bench",
    model: source.model,
    source: { name: source.name, sha256: "0".repeat(64) },
    recipe: parseRecipe({ version: 1, dtype: "f16", steps: [step] }, REGISTRY),
    registry: REGISTRY,
    device,
    calibration: { text: { name: "calibration", sha256: "0".repeat(64) }, windows },
    files: new Map([["config.json", JSON.stringify(source.config)]]),
    format: "pare",
  }, output);
  const tensors = await openShardedSafetensors(folderOf(Object.fromEntries(output.files), name));
  return { manifest, model: openCompressed(manifest, { name, config: source.config, tensors }) };
}
