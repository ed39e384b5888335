/**
 * Checkpoint formats: safetensors, llama2.c and Hugging Face folders, bytes and streams in, bytes
 * and streams out.
 *
 * Nothing here touches a file system: a {@linkcode ByteSource} or {@linkcode FolderSource} brings
 * the bytes, and whoever writes takes them. Files are taken for untrusted: what a header says is
 * checked against the length of the file before memory is taken for it, and whatever is wrong is a
 * `FormatError` that names the file, the field, what was wanted and what was found.
 *
 * @example Write a tensor and read it back
 * ```ts
 * import { bytesSource, openSafetensors, writeSafetensors } from "@pare/formats";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const gain = tensor(Float32Array.of(1, 2, 3), [3]);
 * const bytes = writeSafetensors(new Map([["norm.weight", gain]]));
 * const { read } = await openSafetensors(bytesSource(bytes, "norm.safetensors"));
 * assertEquals(await read("norm.weight"), gain);
 * ```
 *
 * @module
 */

export * from "./bytes_source.ts";
export * from "./detect_format.ts";
export * from "./hugging_face/hugging_face_files.ts";
export * from "./hugging_face/open_hugging_face.ts";
export * from "./llama2c/open_llama2c.ts";
export * from "./open_checkpoint.ts";
export { openSafetensors, type SafetensorsSource } from "./safetensors/open_safetensors.ts";
export * from "./safetensors/open_sharded_safetensors.ts";
export * from "./safetensors/plan_safetensors.ts";
export * from "./safetensors/write_safetensors.ts";
export * from "./source.ts";
