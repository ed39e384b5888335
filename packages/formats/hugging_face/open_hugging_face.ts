import { FormatError } from "@pare/tensor";
import { expectEnd, type JsonCursor, readText, readValue } from "../json.ts";
import { listed, quoted } from "../names.ts";
import { openShardedSafetensors } from "../safetensors/open_sharded_safetensors.ts";
import type { CheckpointSource, FolderSource } from "../source.ts";

const CONFIG = "config.json";

// The longest ones, with a label for each of a thousand classes, take some 0.1 MB.
const MAX_CONFIG_BYTES = 10_000_000;

/**
 * Opens a Hugging Face checkpoint: `config.json`, and the weights in safetensors, sharded or not.
 *
 * @example A folder in memory
 * ```ts
 * import { folderOf, openHuggingFace, writeSafetensors } from "@pare/formats";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const norm = tensor(Float32Array.of(1, 1), [2]);
 * const folder = folderOf({
 *   "config.json": new TextEncoder().encode(`{"model_type": "llama", "hidden_size": 2}`),
 *   "model.safetensors": writeSafetensors(new Map([["model.norm.weight", norm]])),
 * }, "tiny");
 * const { config, tensors } = await openHuggingFace(folder);
 * assertEquals(config.hidden_size, 2);
 * assertEquals(await tensors.read("model.norm.weight"), norm);
 * ```
 *
 * @param folder The folder.
 * @returns The configuration as it stands there, and the weights.
 * @throws {FormatError} If a file is missing or cannot be read, or the weights are in another format.
 */
export async function openHuggingFace(folder: FolderSource): Promise<CheckpointSource> {
  if (!folder.fileNames.includes(CONFIG)) {
    throw new FormatError(
      `Cannot read "${folder.name}"`,
      CONFIG,
      `must be in the folder: current files are ${listed(folder.fileNames)}`,
    );
  }
  const cursor = await readText(await folder.open(CONFIG), "configuration", MAX_CONFIG_BYTES);
  const config = readConfig(cursor);
  return { name: folder.name, config, tensors: await openShardedSafetensors(folder) };
}

function readConfig(cursor: JsonCursor): Readonly<Record<string, unknown>> {
  const value = readValue(cursor, "configuration");
  expectEnd(cursor, "configuration");
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FormatError(
      cursor.action,
      "configuration",
      `must be an object: current value is ${quoted(value)}`,
    );
  }
  const config: Readonly<Record<string, unknown>> = { ...value };
  const type = Object.hasOwn(config, "model_type") ? config.model_type : undefined;
  if (typeof type !== "string" || type === "") {
    throw new FormatError(
      cursor.action,
      "model_type",
      `must name the architecture: current value is ${quoted(type)}`,
    );
  }
  return config;
}
