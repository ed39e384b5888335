import { folderOf, openShardedSafetensors } from "@pare/formats";
import { createReferenceDevice, type Device } from "@pare/linalg";
import { type Model, openModel } from "@pare/model";
import { openCompressed } from "../compressed_model.ts";
import type { CompressionJob } from "../job.ts";
import { parseManifest } from "../manifest.ts";
import { parseRecipe } from "../recipe.ts";
import type { MemoryOutput } from "./memory_output.ts";
import { METHODS } from "./methods.ts";
import { TINY_CONFIG, tinyCheckpoint } from "./tiny_model.ts";

/** The calibration text of the tiny model. */
export const WINDOWS: readonly Uint32Array[] = Array.from(
  { length: 5 },
  (_, w) => Uint32Array.from({ length: 16 }, (_, i) => (7 * i + 5 * w) % 24),
);

/** Where tests compute. */
export const device: Device = createReferenceDevice();

/** A job with the tiny model. */
export function jobOf(
  recipe: Record<string, unknown>,
  changes: Partial<CompressionJob> = {},
): CompressionJob {
  return {
    creator: "test",
    model: openModel(tinyCheckpoint()),
    source: { name: "tiny", sha256: "0".repeat(64) },
    recipe: parseRecipe({ version: 1, ...recipe }, METHODS),
    registry: METHODS,
    device,
    calibration: { text: { name: "text", sha256: "1".repeat(64) }, windows: WINDOWS },
    files: new Map([["config.json", JSON.stringify(TINY_CONFIG)]]),
    format: "pare",
    ...changes,
  };
}

/** The files of an output folder, to compare. */
export function contentOf({ files }: MemoryOutput): Record<string, string> {
  const text = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16)).join(" ");
  return Object.fromEntries([...files].sort().map(([name, bytes]) => [name, text(bytes)]));
}

/** The model in an output folder. */
export async function reopen({ files }: MemoryOutput): Promise<Model> {
  const manifest = parseManifest(new TextDecoder().decode(files.get("pare.json")));
  const tensors = await openShardedSafetensors(folderOf(Object.fromEntries(files), "out"));
  return openCompressed(manifest, { name: "out", config: TINY_CONFIG, tensors });
}
