import { FormatError } from "@pare/tensor";
import { LLAMA2C_LEGACY_BYTES, LLAMA2C_MAGIC } from "./llama2c/header.ts";
import { listed } from "./names.ts";
import type { ByteSource, FolderSource } from "./source.ts";

/**
 * The formats of checkpoints that are told apart: folders of Hugging Face and of pare, files of
 * llama2.c, safetensors, GGUF and PyTorch.
 */
export type CheckpointFormat =
  | "hugging-face"
  | "pare"
  | "llama2c"
  | "safetensors"
  | "gguf"
  | "pytorch";

/**
 * Tells which format a folder or a file has, by the names of its files or by its first bytes.
 *
 * @example The first bytes of a file
 * ```ts
 * import { bytesSource, detectFormat } from "@pare/formats";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new TextEncoder().encode("GGUF and more");
 * assertEquals(await detectFormat(bytesSource(bytes, "model.gguf")), "gguf");
 * ```
 *
 * @param source The folder or the file.
 * @returns The format; that the rest can be read is not said.
 * @throws {FormatError} If it is none of them.
 */
export async function detectFormat(source: FolderSource | ByteSource): Promise<CheckpointFormat> {
  return "fileNames" in source ? formatOfFolder(source) : await formatOfFile(source);
}

function formatOfFolder({ name, fileNames }: FolderSource): CheckpointFormat {
  if (fileNames.includes("pare.json")) return "pare";
  if (fileNames.includes("config.json")) return "hugging-face";
  throw new FormatError(
    `Cannot read "${name}"`,
    "format",
    `must be that of a folder with config.json or pare.json: current files are ${
      listed(fileNames)
    }`,
  );
}

async function formatOfFile(source: ByteSource): Promise<CheckpointFormat> {
  const length = Math.min(source.byteLength, LLAMA2C_LEGACY_BYTES);
  const bytes = await source.read(0, length);
  const head = new DataView(bytes.buffer, bytes.byteOffset, length);
  const begins = String.fromCharCode(...bytes.subarray(0, 4));
  if (begins === "GGUF") return "gguf";
  if (begins === "PK\x03\x04") return "pytorch";
  if (length >= 4 && head.getUint32(0, true) === LLAMA2C_MAGIC) return "llama2c";
  if (length > 8 && head.getUint8(8) === 0x7b && head.getUint32(4, true) === 0) {
    return "safetensors";
  }
  if (isLegacyLlama2c(head)) return "llama2c";
  const found = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0"));
  throw new FormatError(
    `Cannot read "${source.name}"`,
    "format",
    "must be llama2.c, safetensors, GGUF or PyTorch: current first bytes are " +
      (found.join(" ") || "none"),
  );
}

/** Seven sizes that fit each other are all that marks a file of version 0. */
function isLegacyLlama2c(head: DataView): boolean {
  if (head.byteLength < LLAMA2C_LEGACY_BYTES) return false;
  const sizes = Array.from({ length: 7 }, (_, i) => Math.abs(head.getInt32(4 * i, true)));
  const [dim, , , heads, kvHeads] = sizes;
  return sizes.every((size) => size >= 1 && size <= 2 ** 24) && dim % heads === 0 &&
    heads % kvHeads === 0;
}
