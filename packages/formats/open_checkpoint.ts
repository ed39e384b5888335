import { FormatError } from "@pare/tensor";
import { detectFormat } from "./detect_format.ts";
import { openHuggingFace } from "./hugging_face/open_hugging_face.ts";
import { openLlama2c } from "./llama2c/open_llama2c.ts";
import type { ByteSource, CheckpointSource, FolderSource } from "./source.ts";

/** What to do about a format that is known, but is no checkpoint of dense weights to read here. */
const REFUSALS = {
  "pare": "a checkpoint that is compressed already",
  "safetensors": "weights without their config.json; open their folder",
  "gguf": "GGUF",
  "pytorch": "a pickle of PyTorch; save it as safetensors",
  "hugging-face": "a Hugging Face folder, not a file",
  "llama2c": "a llama2.c file, not a folder",
} as const;

/**
 * Opens a model's weights and configuration: a Hugging Face folder or a llama2.c file.
 *
 * @example A folder
 * ```ts
 * import { folderOf, openCheckpoint, writeSafetensors } from "@pare/formats";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = folderOf({
 *   "config.json": new TextEncoder().encode(`{"model_type": "llama"}`),
 *   "model.safetensors": writeSafetensors(new Map()),
 * }, "tiny");
 * assertEquals((await openCheckpoint(folder)).config, { model_type: "llama" });
 * ```
 *
 * @param source The folder or the file.
 * @returns The weights under their Hugging Face names, and the configuration.
 * @throws {FormatError} If it is of another format or cannot be read.
 */
export async function openCheckpoint(
  source: FolderSource | ByteSource,
): Promise<CheckpointSource> {
  const format = await detectFormat(source);
  if ("fileNames" in source) {
    if (format === "hugging-face") return openHuggingFace(source);
  } else if (format === "llama2c") return openLlama2c(source);
  throw new FormatError(
    `Cannot open "${source.name}"`,
    "format",
    `must be a Hugging Face folder or a llama2.c file: current format is ${REFUSALS[format]}`,
  );
}
